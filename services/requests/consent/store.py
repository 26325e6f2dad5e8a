"""Queries on consents: their notes verbales, ended periods, and changes after a watermark."""

from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.consents import (
    Consent,
    ConsentPage,
    RequestConsents,
    VisibilityQuery,
    VisibleRequest,
    WithdrawalQuery,
    given_to,
)
from services.requests.request.model import Request

PAGE_MAX = 500

CHANGED = """
    SELECT written_by::text AS written_by, position, aggregate_id,
        written_by < pg_snapshot_xmin(pg_current_snapshot()) AS safe
    FROM journal
    WHERE (written_by, position) > ($1::text::xid8, $2)
      AND type IN ('requests.request.submitted.v1', 'requests.request.revised.v1',
        'requests.request.circulation-decided.v1', 'requests.request.consent-given.v1',
        'requests.request.consent-recorded.v1', 'requests.request.consent-withdrawn.v1',
        'requests.request.consent-ended.v1')
    ORDER BY journal.written_by, journal.position LIMIT $3
"""
"""The index `journal_consents` answers this query; its condition lists the same kinds of fact."""

_NOTE = Write(
    parts={
        "verbale": """
            INSERT INTO consent_text (consent_id, request_id, state, note_verbale) VALUES ($1, $2, $3, $4)
        """
    }
)


async def save_note(tx: Tx, request: Request, consent_id: UUID, note_verbale: str) -> None:
    await tx.queue(_NOTE, consent_id, request.request_id, request.state, note_verbale)


async def notes(tx: Tx, request_id: UUID) -> dict[UUID, str]:
    """Return the notes verbales of the recorded consents of a request, which the caller was allowed to read."""
    rows = await tx.fetch("SELECT consent_id, note_verbale FROM consent_text WHERE request_id = $1", request_id)
    return {row["consent_id"]: row["note_verbale"] for row in rows}


async def ended_windows(tx: Tx, now: datetime, limit: int = 100) -> list[UUID]:
    """Return the requests whose objection window has ended."""
    rows = await tx.fetch(
        """
        SELECT request_id FROM request WHERE circulation = 'window_running' AND window_ends_at <= $1
        ORDER BY window_ends_at LIMIT $2
        """,
        now,
        limit,
    )
    return [row["request_id"] for row in rows]


async def window_ends_in_seconds(tx: Tx, now: datetime) -> float | None:
    """Return the seconds until the next objection window ends; None if none runs."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM min(window_ends_at) - $1::timestamptz)::float8 FROM request
        WHERE circulation = 'window_running' AND window_ends_at > $1
        """,
        now,
    )
    return found


async def periods_over(tx: Tx, now: datetime, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return the requests and consents whose period has ended but is not recorded as ended."""
    rows = await tx.fetch(
        """
        SELECT request_id, consent_id FROM consent
        WHERE ends_at <= $1 AND ends_at IS NOT NULL AND withdrawn_at IS NULL AND ended_at IS NULL
        ORDER BY ends_at LIMIT $2
        """,
        now,
        limit,
    )
    return [(row["request_id"], row["consent_id"]) for row in rows]


async def period_ends_in_seconds(tx: Tx, now: datetime) -> float | None:
    """Return the seconds until the next consent period ends; None if no period will end."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM min(ends_at) - $1::timestamptz)::float8 FROM consent
        WHERE ends_at > $1 AND ends_at IS NOT NULL AND withdrawn_at IS NULL AND ended_at IS NULL
        """,
        now,
    )
    return found


async def changed_after(tx: Tx, after: str, limit: int = PAGE_MAX) -> ConsentPage:
    """Return the current state of each request whose consents changed after a watermark (`<written_by>.<position>`).

    Unlike reads of the journal, it does not wait for running transactions, so a withdrawal is visible as soon as it is
    committed. Changes that those transactions commit later are found by continuing from `safe`.
    """
    written_by, position = after.split(".")
    rows = await tx.fetch(
        CHANGED,
        written_by,
        int(position),
        limit + 1,
    )
    page = rows[:limit]
    places = [f"{row['written_by']}.{row['position']}" for row in page]
    return ConsentPage(
        requests=await _current_consents(tx, [row["aggregate_id"] for row in page]),
        after=places[-1] if places else after,
        safe=next((place for place, row in zip(places[::-1], page[::-1], strict=True) if row["safe"]), after),
        more=len(rows) > limit,
    )


async def shown_to(tx: Tx, asked: VisibilityQuery) -> list[VisibleRequest]:
    """Return those of these requests that consents in force show to the organization, sorted by id."""
    requests = await _current_consents(tx, list(asked.request_ids))
    now: datetime = await tx.fetchval("SELECT now()")
    given = {one.request_id: given_to(one.consents, asked.organization, now) for one in requests}
    return [
        VisibleRequest(request_id=one, fields=tuple(sorted(fields))) for one, fields in sorted(given.items()) if fields
    ]


async def is_withdrawn(tx: Tx, asked: WithdrawalQuery) -> bool:
    """Check whether the State has withdrawn its words from the provider; False if the request is unknown."""
    return bool(
        await tx.fetchval("SELECT is_withdrawn_from($1, $2, $3)", asked.request_id, asked.provider, asked.agreed_at)
    )


async def _current_consents(tx: Tx, request_ids: list[UUID]) -> list[RequestConsents]:
    """Return the requests' consents, except those that wait for the end of an objection window."""
    rows = await tx.fetch(
        """
        SELECT request_id, state, revision, coalesce(
            (SELECT json_agg(c) FROM consent AS c WHERE c.request_id = request.request_id
                AND (request.circulation = 'granted' OR c.withdrawn_at IS NOT NULL OR c.ended_at IS NOT NULL)),
            '[]'::json) AS consents
        FROM request WHERE request_id = ANY ($1::uuid[])
        """,
        request_ids,
    )
    return [
        RequestConsents(
            request_id=row["request_id"],
            state=row["state"],
            revision=row["revision"],
            consents=msgspec.json.decode(row["consents"], type=tuple[Consent, ...]),
        )
        for row in rows
    ]
