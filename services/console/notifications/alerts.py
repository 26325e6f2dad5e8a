"""Alerts: saved filters by which a person is notified; created, changed, paused, resumed and removed here."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Sent, send
from services.console.page import CurrentPage, Page
from services.console.rendering import code_label
from services.console.translations import N_

SETTINGS = "/notifications/settings"
SUBJECT_OF_ROLE: Mapping[str, str] = {
    "provider_officer": "requests",
    "donor_officer": "funding",
    "focal_point": "offerings",
    "official": "offerings",
}
"""Maps each role to the subject of its alerts."""

MOVES = {"pause": "POST", "resume": "POST", "remove": "DELETE"}
REGIONS = ("african", "asia_pacific", "eastern_european", "grulac", "weog")
FREQUENCY = Field(
    name="frequency",
    label=N_("When you are notified"),
    kind="choice",
    options=(
        ("at_once", N_("Immediately")),
        ("daily", N_("Once a day, of all together")),
        ("weekly", N_("Once a week")),
    ),
    value="at_once",
)
CRITERIA = (
    Field(name="kinds", label=N_("Kinds of assistance"), kind="choices", options="kinds", required=False, empty=[]),
    Field(name="topics", label=N_("Topics"), kind="choices", options="topics", required=False, empty=[]),
    Field(name="regions", label=N_("Regional groups"), kind="choices", options="regions", required=False, empty=[]),
    Field(name="states", label=N_("States"), kind="choices", options="countries", required=False, empty=[]),
)
AMOUNTS = (
    Field(name="usd_minor_min", label=N_("At least, in US dollars"), kind="number", required=False, empty=None),
    Field(name="usd_minor_max", label=N_("At most, in US dollars"), kind="number", required=False, empty=None),
)
CENTS = 100


def fields_of(subject: str) -> tuple[Field, ...]:
    return (FREQUENCY, *CRITERIA, *(AMOUNTS if subject == "funding" else ()))


@get("/{language:str}/notifications/alerts/new")
async def new_alert(page: CurrentPage) -> Response[bytes]:
    return _form(page, _subject(page))


@post("/{language:str}/notifications/alerts/new", status_code=303)
async def create_alert(page: CurrentPage) -> Response[bytes]:
    subject = _subject(page)
    named = {"subject": subject}
    sent = await send(page, "POST", "/v1/alerts", fields_of(subject), body_of=lambda typed: named | in_cents(typed))
    return _form(page, subject, sent) if sent.errors else page.redirect(SETTINGS, done="saved")


@get("/{language:str}/notifications/alerts/{alert_id:uuid}")
async def show_alert(page: CurrentPage, alert_id: FromPath[UUID]) -> Response[bytes]:
    answer = await page.api.read(f"/v1/alerts/{alert_id}")
    return _form(page, answer.body["subject"], alert=answer.body, revision=answer.revision)


@post("/{language:str}/notifications/alerts/{alert_id:uuid}", status_code=303)
async def change_alert(page: CurrentPage, alert_id: FromPath[UUID]) -> Response[bytes]:
    path = f"/v1/alerts/{alert_id}"
    alert = await page.api.read(path)
    subject = alert.body["subject"]
    sent = await send(page, "PATCH", path, fields_of(subject), body_of=in_cents)
    if sent.errors:
        return _form(page, subject, sent, alert=alert.body, revision=alert.revision)
    return page.redirect(SETTINGS, done="saved")


@post("/{language:str}/notifications/alerts/{alert_id:uuid}/{move:str}", status_code=303)
async def move_alert(page: CurrentPage, alert_id: FromPath[UUID], move: FromPath[str]) -> Response[bytes]:
    """Pause, resume or remove an alert."""
    if move not in MOVES:
        raise NotFoundException
    path, method = f"/v1/alerts/{alert_id}", MOVES[move]
    await page.api.send(
        method,
        path if move == "remove" else f"{path}/{move}",
        {} if move == "pause" else None,
        key=page.key,
        revision=page.revision,
    )
    return page.redirect(SETTINGS, done="saved")


def in_cents(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with the amounts that were typed in dollars in cents."""
    return {
        name: value * CENTS if name.startswith("usd_minor_") and value is not None else value
        for name, value in body.items()
    }


def as_typed(alert: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return an alert as values of its form."""
    typed: dict[str, Sequence[str]] = {name: alert[name] for name in ("kinds", "topics", "regions", "states")}
    typed["frequency"] = [alert["frequency"]]
    for field in AMOUNTS:
        if alert[field.name] is not None:
            typed[field.name] = [str(alert[field.name] // CENTS)]
    return typed


def _subject(page: Page) -> str:
    found = SUBJECT_OF_ROLE.get(page.signed_in.role)
    if found is None:
        raise NotFoundException
    return found


def _form(
    page: Page,
    subject: str,
    sent: Sent = NOTHING,
    *,
    alert: Mapping[str, Any] | None = None,
    revision: int | None = None,
) -> Response[bytes]:
    regions = [Option(one, code_label(page.language, f"eligible.regions:{one}", "choices")) for one in REGIONS]
    return page.render(
        "notifications/alert.html",
        subject=subject,
        alert=alert,
        revision=revision,
        fields=fields_of(subject),
        frequency=FREQUENCY,
        criteria=CRITERIA,
        amounts=AMOUNTS if subject == "funding" else (),
        typed=page.typed or (as_typed(alert) if alert else None),
        given={"regions": regions},
        **sent.shown,
    )


ROUTES = (new_alert, create_alert, show_alert, change_alert, move_alert)
