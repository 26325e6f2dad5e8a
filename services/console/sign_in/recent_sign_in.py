"""A recent sign-in, for moves that cannot be undone or take the consent of a second person."""

from datetime import datetime, timedelta

from litestar import Response, get, post

from chassis import clock
from services.console.page import CurrentPage, Page, SignInNeeded, local_path
from services.console.sessions.kept_forms import keep
from services.console.sign_in.session_start import begin_session


class SignInAgain(Exception):
    """The person signed in too long ago for what they are about to do."""


async def require_recent_sign_in(page: Page) -> None:
    """Raise SignInAgain unless the person signed in a short time ago; a form that they posted is kept."""
    now = clock.now()
    if is_recent(page, now):
        return
    if page.request.method == "POST":
        await keep(page, now=now)
    raise SignInAgain


def is_recent(page: Page, now: datetime) -> bool:
    at = page.signed_in.held.signed_in_at
    return at is not None and now - at <= timedelta(seconds=page.console.settings.sign_in_again_seconds)


@get("/{language:str}/sign-in/again")
async def show_sign_in_again(page: CurrentPage) -> Response[bytes]:
    """Show why to sign in again. With the embedded issuer one confirms on this page, with another at the issuer."""
    return page.render("sign_in/again.html", after=local_path(page.asked("after", "/")))


@post("/{language:str}/sign-in/again", status_code=303)
async def confirm(page: CurrentPage) -> Response[bytes]:
    """Confirm with the embedded issuer, which has no credentials to enter. Raises SignInNeeded with another issuer."""
    session, issuer = page.signed_in, page.console.issuer
    if issuer is None:
        raise SignInNeeded
    tokens = session.held.tokens
    after = local_path(page.value("after") or "/")
    return await begin_session(
        page, tokens, issuer.token(tokens.subject), issuer.issuer, after, signed_in_at=clock.now()
    )


ROUTES = (show_sign_in_again, confirm)
