"""The person who follows the link in a mail and answers without signing in, in the appointment that is asked."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar.params import QueryParameter

from chassis.auth.callers import Callers
from contracts.answer_links import Purpose, read_token
from contracts.refusals import Missing, Unavailable
from contracts.values import Caller, Role

LinkToken = Annotated[str, QueryParameter(max_length=200)]
"""The signed token of a link in a mail, as a query parameter."""
Asked: TypeAlias = Callable[[UUID], Awaitable[tuple[str, Role] | None]]
"""The organization and role that a record asks; None once it asks nobody."""


async def linked(
    key: bytes | None, callers: Callers, purpose: Purpose, token: str, asked: Asked, *, now: datetime
) -> tuple[UUID, Caller]:
    """Return the record and the person of a token.

    Raises Missing if the token is forged, the record no longer asks anybody, or the person no longer holds the
    appointment; Unavailable if appointments are stale.
    """
    link = read_token(key, purpose, token) if key is not None else None
    if link is None:
        raise Missing("not-found")
    await callers.refresh()
    if callers.stale():
        raise Unavailable("identity-unavailable")
    appointment = await asked(link.about)
    for one in callers.in_force(link.person_id, now):
        if appointment is not None and (one.organization, one.role) == appointment:
            return link.about, one.caller
    raise Missing("not-found")
