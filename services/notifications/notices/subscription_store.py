"""Queries on subscriptions, and the addresses of their mails."""

from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.http.problems import language_of
from contracts.values import Caller, Language
from services.notifications.notices.model import Subscription, subscription_id_of


async def subscription(tx: Tx, subscription_id: UUID, *, lock: bool = False) -> Subscription | None:
    """Return the subscription with this id, which is derived from its appointment; None if there is none."""
    query = (
        """
        SELECT * FROM subscription WHERE subscription_id = $1 FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM subscription WHERE subscription_id = $1
        """
    )
    row = await tx.fetchrow(query, subscription_id)
    return msgspec.convert(dict(row), Subscription) if row else None


async def subscriptions_of(tx: Tx, person_id: UUID) -> list[Subscription]:
    """Return all subscriptions of a person, in every appointment, locked."""
    rows = await tx.fetch("SELECT * FROM subscription WHERE person_id = $1 FOR UPDATE", person_id)
    return [msgspec.convert(dict(row), Subscription) for row in rows]


async def save_subscription(tx: Tx, one: Subscription) -> None:
    await tx.execute(
        """
        INSERT INTO subscription (subscription_id, person_id, organization, role, language, channels, address_hash,
            paused, paused_until, registered_at, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (subscription_id) DO UPDATE SET language = excluded.language, channels = excluded.channels,
            address_hash = excluded.address_hash, paused = excluded.paused, paused_until = excluded.paused_until,
            registered_at = excluded.registered_at,
            revision = excluded.revision
        """,
        one.subscription_id,
        one.person_id,
        one.organization,
        one.role,
        one.language,
        list(one.channels),
        one.address_hash,
        one.paused,
        one.paused_until,
        one.registered_at,
        one.revision,
    )


async def language(tx: Tx, caller: Caller, accept_language: str | None) -> Language:
    """Return the language that a header prefers, or else that of the caller's subscription, or else English."""
    if accept_language:
        return language_of(accept_language)
    found = await subscription(tx, subscription_id_of(caller))
    return found.language if found else Language.EN


async def address(tx: Tx, subscription_id: UUID) -> str | None:
    found: str | None = await tx.fetchval("SELECT email FROM address WHERE subscription_id = $1", subscription_id)
    return found


async def save_address(tx: Tx, subscription_id: UUID, email: str, salt: bytes) -> None:
    await tx.execute(
        """
        INSERT INTO address (subscription_id, salt, email) VALUES ($1, $2, $3)
        ON CONFLICT (subscription_id) DO UPDATE SET salt = excluded.salt, email = excluded.email
        """,
        subscription_id,
        salt,
        email,
    )


async def forget_address(tx: Tx, subscription_id: UUID) -> None:
    await tx.execute("DELETE FROM address WHERE subscription_id = $1", subscription_id)


async def forget_subscription(tx: Tx, subscription_id: UUID) -> None:
    """Delete the subscription and its address."""
    await tx.execute("DELETE FROM address WHERE subscription_id = $1", subscription_id)
    await tx.execute("DELETE FROM subscription WHERE subscription_id = $1", subscription_id)
