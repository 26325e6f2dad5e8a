"""Queries on the requests with which alerts are compared: rows made from the facts of the requests service."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts import reference
from contracts.consents import Consent, Terms, recipients_by_visibility
from contracts.requests import RequestSubmitted
from services.notifications.hits.model import KnownRequest


async def one_at_a_time(tx: Tx, request_id: UUID) -> None:
    """Serialize searches for a request until the transaction ends, because facts of several aggregates concern it."""
    await tx.fetchval("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"hits of {request_id}")


async def save_request(tx: Tx, submitted: RequestSubmitted) -> None:
    """Store a request as submitted, replacing its earlier version; it does not circulate before triage."""
    await tx.execute(
        """
        INSERT INTO known_request (request_id, state, region, circulates, held, excluded_providers, silent_recipients)
        VALUES ($1, $2, $3, false, false, $4, $5)
        ON CONFLICT (request_id) DO UPDATE SET circulates = false, held = false,
            excluded_providers = excluded.excluded_providers, silent_recipients = excluded.silent_recipients
        """,
        submitted.request_id,
        submitted.state,
        reference.region_of(submitted.state),
        submitted.excluded_providers,
        recipients_by_visibility(submitted.visibility, submitted.addressee, submitted.addressed_states),
    )
    await tx.execute("DELETE FROM known_line WHERE request_id = $1", submitted.request_id)
    await tx.executemany(
        """
        INSERT INTO known_line (line_id, request_id, kind, topics, articles, paragraphs) VALUES ($1, $2, $3, $4, $5, $6)
        """,
        [
            (
                line.line_id,
                submitted.request_id,
                line.kind,
                reference.with_broader(line.topics),
                line.articles,
                line.paragraphs,
            )
            for line in submitted.lines
        ],
    )


async def set_circulates(tx: Tx, request_id: UUID, *, circulates: bool) -> None:
    """Set whether a request is between triage and the end of delivery; it is no longer held."""
    await tx.execute(
        "UPDATE known_request SET circulates = $2, held = false WHERE request_id = $1", request_id, circulates
    )


async def set_held(tx: Tx, request_id: UUID, *, held: bool) -> None:
    await tx.execute("UPDATE known_request SET held = $2 WHERE request_id = $1", request_id, held)


async def save_consent(
    tx: Tx, request_id: UUID, consent_id: UUID, terms: Terms, given_at: datetime, *, now: datetime
) -> None:
    await tx.execute(
        """
        INSERT INTO known_consent (consent_id, request_id, recipients, given_at, starts_at, ends_at, begun)
        VALUES ($1, $2, $3, $4, $5, $6, coalesce($5::timestamptz <= $7::timestamptz, true))
        ON CONFLICT (consent_id) DO UPDATE SET recipients = excluded.recipients, given_at = excluded.given_at,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, begun = excluded.begun
        """,
        consent_id,
        request_id,
        terms.recipients,
        given_at,
        terms.starts_at,
        terms.ends_at,
        now,
    )


async def delete_consents(tx: Tx, request_id: UUID, *, consent_id: UUID | None = None) -> None:
    """Delete one consent of a request, or all of them, after they ended or were withdrawn."""
    await tx.execute(
        "DELETE FROM known_consent WHERE request_id = $1 AND ($2::uuid IS NULL OR consent_id = $2)",
        request_id,
        consent_id,
    )


async def silent_terms(tx: Tx, request_id: UUID) -> Terms | None:
    """Return the terms of a consent by silence; None for an unknown request."""
    recipients = await tx.fetchval("SELECT silent_recipients FROM known_request WHERE request_id = $1", request_id)
    return None if recipients is None else Terms(recipients=tuple(recipients))


async def request(tx: Tx, request_id: UUID) -> KnownRequest | None:
    return (await requests(tx, [request_id])).get(request_id)


async def requests(tx: Tx, request_ids: Collection[UUID]) -> dict[UUID, KnownRequest]:
    if not request_ids:
        return {}
    rows = await tx.fetch(
        """
        SELECT * FROM known_request LEFT JOIN known_circulation USING (request_id) WHERE request_id = ANY ($1::uuid[])
        """,
        request_ids,
    )
    consents: dict[UUID, list[Consent]] = {row["request_id"]: [] for row in rows}
    for row in await tx.fetch(
        "SELECT * FROM known_consent WHERE request_id = ANY ($1::uuid[]) ORDER BY consent_id", list(consents)
    ):
        consents[row["request_id"]].append(msgspec.convert(dict(row), Consent))
    return {
        row["request_id"]: msgspec.convert({**dict(row), "consents": tuple(consents[row["request_id"]])}, KnownRequest)
        for row in rows
    }


async def save_fitting(tx: Tx, request_id: UUID, providers: Iterable[str]) -> None:
    """Store providers with an offering that fits a line of the request."""
    await tx.execute(
        """
        INSERT INTO fitting_provider (request_id, provider) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
        """,
        request_id,
        sorted(set(providers)),
    )


async def consents_to_begin(tx: Tx, *, now: datetime) -> list[UUID]:
    """Return the requests with a consent whose period has begun since it was given."""
    rows = await tx.fetch(
        "SELECT DISTINCT request_id FROM known_consent WHERE NOT begun AND starts_at <= $1 ORDER BY request_id", now
    )
    return [row["request_id"] for row in rows]


async def begin_consents(tx: Tx, request_id: UUID, *, now: datetime) -> bool:
    """Record that due consents of the request began; True if there were any, for one of several processes only."""
    return bool(
        await tx.fetch(
            "UPDATE known_consent SET begun = true WHERE request_id = $1 AND NOT begun AND starts_at <= $2 RETURNING 1",
            request_id,
            now,
        )
    )


async def consent_begins_in_seconds(tx: Tx, *, now: datetime) -> float | None:
    found: float | None = await tx.fetchval(
        "SELECT extract(epoch FROM min(starts_at) - $1::timestamptz)::float8 FROM known_consent WHERE NOT begun", now
    )
    return found
