"""Queries on the recipients of notifications: subscribed people, by appointment, remit or name."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts import reference
from contracts.callers import Remit
from contracts.facts import Fact
from contracts.requests import RequestSubmitted
from contracts.values import Role
from services.notifications.notices.model import Channel
from services.notifications.notices.notice import Appointment, Holder, Subject


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """A subscribed person in one of their appointments; with `webhook_id`, one of their webhooks."""

    person_id: UUID
    organization: str
    role: Role
    channels: tuple[Channel, ...]
    webhook_id: UUID | None = None

    @property
    def key(self) -> UUID:
        """The id under which a cause is notified once."""
        return self.webhook_id or self.person_id


async def recipients(tx: Tx, appointments: Sequence[Appointment], *, notified_of_match: UUID | None) -> list[Recipient]:
    """Return the subscribed holders of these appointments; with a match, only those notified of it before.

    They are ordered by person, so that concurrent transactions lock the same recipients in the same order.
    """
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (person_id) person_id, organization, role, channels FROM subscription
        JOIN unnest($1::text[], $2::text[]) AS wanted(organization, role) USING (organization, role)
        WHERE channels <> '{}' AND ($3::uuid IS NULL OR EXISTS (
            SELECT FROM notification
            WHERE notification.match_id = $3 AND notification.person_id = subscription.person_id))
        ORDER BY person_id, organization, role
        """,
        [one.organization for one in appointments],
        [one.role for one in appointments],
        notified_of_match,
    )
    return [msgspec.convert(dict(row), Recipient) for row in rows]


async def recipients_of_person(tx: Tx, person_id: UUID, now: datetime) -> list[Recipient]:
    """Return one person in one of their appointments, at least by inbox; empty if they hold none now."""
    rows = await tx.fetch(
        """
        SELECT caller.person_id, caller.organization, caller.role,
            coalesce(nullif(channels, '{}'), '{inbox}') AS channels
        FROM caller LEFT JOIN subscription USING (person_id, organization, role)
        WHERE caller.person_id = $1 AND NOT ended AND scopes IS NULL AND $2 BETWEEN starts AND coalesce(ends, $2)
        ORDER BY channels IS NULL, organization, role LIMIT 1
        """,
        person_id,
        now.date(),
    )
    return [msgspec.convert(dict(row), Recipient) for row in rows]


async def recipients_among(
    tx: Tx, people: Sequence[UUID], appointments: Sequence[Appointment], now: datetime
) -> list[Recipient]:
    """Return each of these people who holds one of these appointments now, at least by inbox."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (person_id) person_id, organization, role,
            coalesce(nullif(channels, '{}'), '{inbox}') AS channels
        FROM caller JOIN unnest($2::text[], $3::text[]) AS wanted(organization, role) USING (organization, role)
            LEFT JOIN subscription USING (person_id, organization, role)
        WHERE person_id = ANY ($1::uuid[]) AND NOT ended AND scopes IS NULL AND $4 BETWEEN starts AND coalesce(ends, $4)
        ORDER BY person_id, channels IS NULL, organization, role
        """,
        people,
        [one.organization for one in appointments],
        [one.role for one in appointments],
        now.date(),
    )
    return [msgspec.convert(dict(row), Recipient) for row in rows]


async def remits(tx: Tx, now: datetime) -> dict[UUID, list[Remit]]:
    """Return the remits of the coordinators who hold an appointment now, by person."""
    rows = await tx.fetch(
        """
        SELECT person_id, regions, topics, head FROM caller
        WHERE organization = 'UNODC' AND role = 'coordinator' AND NOT ended AND scopes IS NULL
            AND $1 BETWEEN starts AND coalesce(ends, $1)
        """,
        now.date(),
    )
    found: dict[UUID, list[Remit]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(msgspec.convert(dict(row), Remit))
    return found


async def without_subscription(tx: Tx, appointments: Sequence[Appointment], now: datetime) -> list[Recipient]:
    """Return those who hold one of these appointments now and have no subscription, by inbox."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (person_id) person_id, organization, role, '{inbox}'::text[] AS channels
        FROM caller JOIN unnest($1::text[], $2::text[]) AS wanted(organization, role) USING (organization, role)
            LEFT JOIN subscription USING (person_id, organization, role)
        WHERE NOT ended AND scopes IS NULL AND $3 BETWEEN starts AND coalesce(ends, $3) AND subscription_id IS NULL
        ORDER BY person_id, organization, role
        """,
        [one.organization for one in appointments],
        [one.role for one in appointments],
        now.date(),
    )
    return [msgspec.convert(dict(row), Recipient) for row in rows]


async def subject_of(tx: Tx, fact: Fact) -> Subject | None:
    """Return the region and topics of the request that the fact submits or names; None if the request is not known."""
    if isinstance(fact, RequestSubmitted):
        topics = [code for line in fact.lines for code in line.topics]
        return Subject(region=reference.region_of(fact.state), topics=reference.with_broader(topics))
    row = await tx.fetchrow(
        """
        SELECT region, array(SELECT DISTINCT unnest(topics) FROM known_line AS l WHERE l.request_id = r.request_id)
            AS topics
        FROM known_request AS r WHERE request_id = $1
        """,
        getattr(fact, "request_id", None),
    )
    return msgspec.convert(dict(row), Subject) if row else None


async def recipient(tx: Tx, person_id: UUID, organization: str, role: Role) -> Recipient:
    """Return one person; by inbox if they have chosen no channel."""
    return (await holders(tx, [Holder(person_id, organization, role)]))[0]


async def holders(tx: Tx, those: Sequence[Holder]) -> list[Recipient]:
    """Return these persons, in this order; by inbox those who have chosen no channel."""
    rows = await tx.fetch(
        """
        SELECT person_id, organization, role, coalesce(nullif(channels, '{}'), '{inbox}') AS channels
        FROM unnest($1::uuid[], $2::text[], $3::text[])
            WITH ORDINALITY AS wanted(person_id, organization, role, place)
            LEFT JOIN subscription USING (person_id, organization, role)
        ORDER BY place
        """,
        [one.person_id for one in those],
        [one.organization for one in those],
        [one.role for one in those],
    )
    return [msgspec.convert(dict(row), Recipient) for row in rows]
