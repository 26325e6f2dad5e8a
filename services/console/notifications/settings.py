"""Settings of notifications: channels, language and address; pausing of mails; alerts and webhooks."""

from typing import Any

from litestar import Response, get, post

from services.console.client import Answer, Problem
from services.console.fields import Field
from services.console.moves.forms import NOTHING, Sent, command, send
from services.console.notifications.alerts import SUBJECT_OF_ROLE
from services.console.page import CurrentPage, Page
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
    answer = await _subscription(page)
    subject = SUBJECT_OF_ROLE.get(session.role)
    return page.render(
        "notifications/settings.html",
        fields=FIELDS,
        every=(*FIELDS, UNTIL),
        until=UNTIL,
        subscription=answer.body if answer else None,
        revision=answer.revision if answer else None,
        typed=page.typed or _as_typed(answer),
        subject=subject,
        alerts=(await page.api.get("/v1/alerts"))["alerts"] if subject else [],
        webhooks=(await page.api.get("/v1/webhooks"))["webhooks"],
        **sent.shown,
    )


async def _subscription(page: Page) -> Answer | None:
    """Return the subscription, or None before it is saved for the first time."""
    try:
        return await page.api.read("/v1/subscriptions")
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


def _as_typed(answer: Answer | None) -> dict[str, list[str]] | None:
    if answer is None:
        return None
    held = answer.body
    channels = [one for one in held["channels"] if one in ("inbox", "mail")]
    return {"channels": channels, "email": [held["email"] or ""], "language": [held["language"]]}


ROUTES = (show_settings, change_settings, pause, resume)
