"""Settings of notifications: channels, language and address; pausing of mails; alerts and webhooks."""

from typing import Any

from litestar import Response, get, post

from services.console.client import Answer, Problem
from services.console.fields import Field, FormError, form_errors, read
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
    sent = read(FIELDS, page.typed)
    if sent.errors:
        return await _settings(page, errors=sent.errors, status=400)
    try:
        await page.api.send("PUT", "/v1/subscriptions", sent.body, key=page.key, revision=page.revision)
    except Problem as problem:
        return await _refused(page, problem)
    return page.redirect(PATH, done="saved")


@post("/{language:str}/notifications/settings/pause", status_code=303)
async def pause(page: CurrentPage) -> Response[bytes]:
    """Pause mails until the beginning of a day, UTC, or until they are resumed."""
    sent = read((UNTIL,), page.typed)
    if sent.errors:
        return await _settings(page, errors=sent.errors, status=400)
    until = sent.body.get("until")
    return await _send(page, "pause", {"until": f"{until}T00:00:00Z"} if until else {})


@post("/{language:str}/notifications/settings/resume", status_code=303)
async def resume(page: CurrentPage) -> Response[bytes]:
    return await _send(page, "resume", None)


async def _send(page: Page, move: str, body: Any) -> Response[bytes]:
    try:
        await page.api.send("POST", f"/v1/subscriptions/{move}", body, key=page.key, revision=page.revision)
    except Problem as problem:
        return await _refused(page, problem)
    return page.redirect(PATH, done="saved")


async def _refused(page: Page, problem: Problem) -> Response[bytes]:
    return await _settings(page, errors=form_errors(problem, (*FIELDS, UNTIL)), status=problem.status)


async def _settings(page: Page, *, errors: tuple[FormError, ...] = (), status: int = 200) -> Response[bytes]:
    session = page.signed_in
    answer = await _subscription(page)
    subject = SUBJECT_OF_ROLE.get(session.role)
    return page.render(
        "notifications/settings.html",
        status=status,
        fields=FIELDS,
        every=(*FIELDS, UNTIL),
        until=UNTIL,
        subscription=answer.body if answer else None,
        revision=answer.revision if answer else None,
        typed=page.typed or _as_typed(answer),
        errors=errors,
        subject=subject,
        alerts=(await page.api.get("/v1/alerts"))["alerts"] if subject else [],
        webhooks=(await page.api.get("/v1/webhooks"))["webhooks"],
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
