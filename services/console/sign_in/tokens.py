"""The access token of a session, renewed before it ends."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

import msgspec

from chassis.auth.openid import Tokens
from chassis.auth.tokens import LIFETIME_SECONDS_MAX, Issuer
from contracts.refusals import Refusal, Unavailable
from services.console.client import ApiUnavailable
from services.console.sessions.model import HeldTokens, Session

RENEW_BEFORE = timedelta(seconds=60)
MADE_EVERY = 300
"""Seconds for which the embedded issuer's token of a person is used again, because the API then knows it already."""

KEPT_MAX = 1000


def held_tokens(tokens: Tokens) -> HeldTokens:
    return HeldTokens(
        subject=tokens.subject,
        access_token=tokens.access_token,
        id_token=tokens.id_token,
        refresh_token=tokens.refresh_token,
        expires_at=tokens.expires_at,
    )


async def access_token(console: Any, session: Session, *, now: datetime) -> tuple[Session | None, str | None]:
    """Return the session and its token; neither if the person has to sign in again. Raises ApiUnavailable.

    With the embedded issuer a token is made as needed; another issuer renews the old one near its end.
    """
    held = session.held.tokens
    if console.issuer is not None:
        return session, _made(console.issuer, held.subject, int(now.timestamp()) // MADE_EVERY)
    ends = held.expires_at
    if ends is None or now < ends - RENEW_BEFORE:
        return session, held.access_token
    try:
        renewed = await console.openid.refresh(
            Tokens(
                subject=held.subject,
                access_token=cast(str, held.access_token),
                id_token=held.id_token,
                expires_at=ends,
                refresh_token=held.refresh_token,
            )
        )
    except Unavailable as error:
        if now < ends:
            return session, held.access_token
        raise ApiUnavailable("issuer") from error
    except Refusal:
        if now < ends:
            return session, held.access_token
        # Another request of this browser may have renewed it.
        current = await console.sessions.find(session.cookie, now=now, seen=False)
        if current is not None and current.revision != session.revision:
            return current, current.held.tokens.access_token
        await console.sessions.end(session.cookie)
        return None, None
    changed = msgspec.structs.replace(session.held, tokens=held_tokens(renewed))
    return await console.sessions.change(session, changed), renewed.access_token


@lru_cache(maxsize=KEPT_MAX)
def _made(issuer: Issuer, subject: str, period: int) -> str:
    """Return a token of the embedded issuer, one for each person and `period`."""
    return issuer.token(subject, lifetime_seconds=LIFETIME_SECONDS_MAX)
