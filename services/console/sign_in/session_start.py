"""Start of a session of a person whom the API knows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response

from chassis import clock
from services.console.client import ApiClient, Problem
from services.console.page import Console, Page, see_other
from services.console.sessions.model import Held, HeldTokens, appointments_of


async def begin_session(
    page: Page,
    tokens: HeldTokens,
    access_token: str,
    issuer: str,
    after: str,
    *,
    signed_in_at: datetime | None,
    acting: str | None = None,
) -> Response[bytes]:
    """Begin a session of a person whom the API knows, end the one before, and redirect to the page they wanted.

    A person who signs in again acts in the same appointment as before.
    """
    console, before = page.console, page.session
    try:
        me = await who_is(console, page, access_token, acting)
    except Problem as error:
        if error.status == 403:
            return page.render("sign_in/unknown.html", status=403, problem=error)
        raise
    appointments = tuple(appointments_of(me))
    if acting is None and before is not None and before.held.tokens.subject == tokens.subject:
        acting = next((one.name for one in appointments if one.name == before.held.acting), None)
    own = [one.name for one in appointments if not one.elsewhere]
    chosen = acting or (own[0] if len(own) == 1 else None)
    held = Held(
        tokens=tokens,
        name=me["name"] or "",
        acting=chosen,
        appointments=appointments,
        signed_in_at=signed_in_at,
    )
    if before is not None:
        await console.sessions.end(before.cookie)
    session = await console.sessions.create(issuer, UUID(me["person_id"]), held, now=clock.now())
    page.cookies.append(console.cookie(console.session_cookie, session.cookie))
    if chosen is None:
        return page.redirect("/appointment", after=after)
    return page.redirect("") if after == "/" else see_other(after, cookies=page.cookies)


async def who_is(console: Console, page: Page, access_token: str, acting: str | None) -> dict[str, Any]:
    """Return the answer of `/v1/me`, for a person with several appointments in the first of those that it names."""
    client = ApiClient(console.http, token=access_token, acting=acting, language=page.language)
    try:
        return dict(await client.get("/v1/me"))
    except Problem as error:
        held = error.details.get("held")
        if error.slug != "appointment-not-named" or not held:
            raise
        client = ApiClient(console.http, token=access_token, acting=str(held[0]), language=page.language)
        return dict(await client.get("/v1/me"))
