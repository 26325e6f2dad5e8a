"""Queries on hits, and the search for alerts that a record fits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts import reference
from contracts.alerts import HitRecorded
from services.notifications.hits.model import KnownOffering, KnownRequest, Watcher


async def officers_with_a_fitting_offering(tx: Tx, request_id: UUID, *, now: datetime) -> Sequence[Watcher]:
    """Return the officers of providers with an offering that fits the request, except those who chose no channel.

    Officers who had a hit of the request before are left out.
    """
    rows = await tx.fetch(
        """
        WITH officer AS (
            SELECT person_id, organization, role FROM subscription WHERE channels <> '{}'
            UNION
            SELECT person_id, organization, role FROM caller
            WHERE NOT ended AND scopes IS NULL AND $2 BETWEEN starts AND coalesce(ends, $2) AND NOT EXISTS (
                SELECT FROM subscription AS s WHERE s.person_id = caller.person_id
                    AND s.organization = caller.organization AND s.role = caller.role)
        )
        SELECT person_id, organization, role
        FROM fitting_provider JOIN officer ON organization = provider AND role = 'provider_officer'
        WHERE request_id = $1 AND NOT EXISTS (
            SELECT FROM hit WHERE hit.request_id = $1 AND hit.subject = 'requests'
              AND hit.person_id = officer.person_id AND hit.organization = provider AND hit.role = officer.role)
        ORDER BY person_id, organization
        """,
        request_id,
        now.date(),
    )
    return [msgspec.convert(dict(row), Watcher) for row in rows]


async def alerts_on_request(tx: Tx, request: KnownRequest, *, now: datetime) -> Sequence[Watcher]:
    """Return the owners of alerts that a line of the request fits, each once, without those who had an earlier hit."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (person_id, organization, role) person_id, organization, role, alert_id, frequency
        FROM alert JOIN known_line AS line ON line.request_id = $1
        WHERE subject = 'requests' AND (NOT paused OR paused_until <= $4)
          AND fits(regions, ARRAY[$2]) AND fits(states, ARRAY[$3]) AND fits(kinds, ARRAY[line.kind])
          AND fits(alert.topics, line.topics) AND fits(alert.articles, line.articles)
          AND fits(alert.paragraphs, line.paragraphs)
          AND NOT EXISTS (
            SELECT FROM hit WHERE hit.request_id = $1 AND hit.subject = 'requests' AND hit.person_id = alert.person_id
              AND hit.organization = alert.organization AND hit.role = alert.role)
        ORDER BY person_id, organization, role, frequency, alert_id
        """,
        request.request_id,
        request.region,
        request.state,
        now,
    )
    return [msgspec.convert(dict(row), Watcher) for row in rows]


async def alerts_on_funding(tx: Tx, request: KnownRequest, *, now: datetime) -> Sequence[tuple[Watcher, UUID]]:
    """Like `alerts_on_request`, for the money that matches of the request lack; with the id of the requirement."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (person_id, organization, role, requirement_id)
            person_id, organization, role, alert_id, frequency, requirement_id
        FROM known_requirement AS need JOIN known_line AS line USING (line_id) JOIN alert ON subject = 'funding'
        WHERE need.request_id = $1 AND NOT cancelled AND lacking_usd_minor > 0 AND (NOT paused OR paused_until <= $4)
          AND (usd_minor_min IS NULL OR usd_minor_min <= lacking_usd_minor)
          AND (usd_minor_max IS NULL OR lacking_usd_minor <= usd_minor_max)
          AND fits(regions, ARRAY[$2]) AND fits(states, ARRAY[$3]) AND fits(kinds, ARRAY[line.kind])
          AND fits(alert.topics, line.topics) AND fits(alert.articles, line.articles)
          AND fits(alert.paragraphs, line.paragraphs)
          AND NOT EXISTS (
            SELECT FROM hit WHERE hit.requirement_id = need.requirement_id AND hit.person_id = alert.person_id
              AND hit.organization = alert.organization AND hit.role = alert.role)
        ORDER BY person_id, organization, role, requirement_id, frequency, alert_id
        """,
        request.request_id,
        request.region,
        request.state,
        now,
    )
    return [(msgspec.convert(dict(row), Watcher), row["requirement_id"]) for row in rows]


async def alerts_on_offering(tx: Tx, offering: KnownOffering, *, now: datetime) -> Sequence[Watcher]:
    """Like `alerts_on_request`, for an offering."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (person_id, organization, role) person_id, organization, role, alert_id, frequency
        FROM alert JOIN known_offering AS offering ON offering_id = $1
        WHERE subject = 'offerings' AND (NOT paused OR paused_until <= $3)
          AND fits(regions, ARRAY[$2]) AND fits(states, ARRAY[provider]) AND fits(alert.kinds, offering.kinds)
          AND fits(alert.topics, offering.topics) AND fits(alert.articles, offering.articles)
          AND fits(alert.paragraphs, offering.paragraphs)
          AND NOT EXISTS (
            SELECT FROM hit WHERE hit.offering_id = $1 AND hit.person_id = alert.person_id
              AND hit.organization = alert.organization AND hit.role = alert.role)
        ORDER BY person_id, organization, role, frequency, alert_id
        """,
        offering.offering_id,
        reference.region_of(offering.provider),
        now,
    )
    return [msgspec.convert(dict(row), Watcher) for row in rows]


async def save(tx: Tx, hit: HitRecorded) -> bool:
    """Save a hit; False if the appointment had a hit of this record before."""
    added = await tx.fetchval(
        """
        INSERT INTO hit (hit_id, person_id, organization, role, subject, alert_id, request_id, requirement_id,
            offering_id, digest_id, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING true
        """,
        hit.hit_id,
        hit.person_id,
        hit.organization,
        hit.role,
        hit.subject,
        hit.alert_id,
        hit.request_id,
        hit.requirement_id,
        hit.offering_id,
        hit.digest_id,
        hit.recorded_at,
    )
    return bool(added)
