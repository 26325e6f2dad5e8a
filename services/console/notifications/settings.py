"""Settings of notifications: channels, language and address; pausing of mails; alerts and webhooks."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post

from services.console.fields import Field
from services.console.moves.forms import NOTHING, Sent, command, send
from services.console.notifications.alerts import SUBJECT_OF_ROLE
from services.console.page import ABSENT, CurrentPage, Page
from services.console.translations import N_

PATH = "/notifications/settings"
FIELDS = (
    Field(
        name="channels",
        label=N_("Where you are notified"),
        kind="choices",
        required=False,
        options=(("inbox", N_("On this site")), ("mail", N_("By e-mail"))),
        value=["inbox"],
        empty=[],
    ),
    Field(
        name="email",
        label=N_("E-mail address"),
        kind="email",
        required=False,
        empty=None,
        hint=N_("Mails say what has happened and lead to the page; they contain no text of a request."),
    ),
    Field(
        name="language",
        label=N_("Language of mails"),
        kind="choice",
        options="languages",
    ),
)
UNTIL = Field(
    name="until",
    label=N_("Pause mails until"),
    kind="date",
    required=False,
    hint=N_("Leave it empty to pause them until you resume them. Mails of that time are not sent later."),
)


@get("/{language:str}/notifications/settings")
async def show_settings(page: CurrentPage) -> Response[bytes]:
    return await _settings(page)


@post("/{language:str}/notifications/settings", status_code=303)
async def change_settings(page: CurrentPage) -> Response[bytes]:
    return await _saved(page, await send(page, "PUT", "/v1/subscriptions", FIELDS))


@post("/{language:str}/notifications/settings/pause", status_code=303)
async def pause(page: CurrentPage) -> Response[bytes]:
    """Pause mails until the beginning of a day, UTC, or until they are resumed."""

    def body_of(typed: dict[str, Any]) -> dict[str, Any]:
        return {name: f"{day}T00:00:00Z" for name, day in typed.items()}

    return await _saved(page, await send(page, "POST", "/v1/subscriptions/pause", (UNTIL,), body_of=body_of))


@post("/{language:str}/notifications/settings/resume", status_code=303)
async def resume(page: CurrentPage) -> Response[bytes]:
    return await _saved(page, await command(page, "POST", "/v1/subscriptions/resume"))


async def _saved(page: Page, sent: Sent) -> Response[bytes]:
    return await _settings(page, sent) if sent.errors else page.redirect(PATH, done="saved")


async def _settings(page: Page, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    # There is none before it is saved for the first time.
    held = await page.optional("/v1/subscriptions", unseen=ABSENT)
    subject = SUBJECT_OF_ROLE.get(session.role)
    return page.render(
        "notifications/settings.html",
        fields=FIELDS,
        every=(*FIELDS, UNTIL),
        until=UNTIL,
        subscription=held,
        revision=held["revision"] if held else None,
        typed=page.typed or _as_typed(held),
        subject=subject,
        alerts=(await page.api.get("/v1/alerts"))["alerts"] if subject else [],
        webhooks=(await page.api.get("/v1/webhooks"))["webhooks"],
        **sent.shown,
    )


def _as_typed(held: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    if held is None:
        return None
    channels = [one for one in held["channels"] if one in ("inbox", "mail")]
    return {"channels": channels, "email": [held["email"] or ""], "language": [held["language"]]}


ROUTES = (show_settings, change_settings, pause, resume)
