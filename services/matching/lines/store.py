"""Requests and their lines, from facts. Only matching itself reads them; callers see a line through its matches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.consents import Terms, recipients_by_visibility
from contracts.reference import kinds
from contracts.requests import RequestSubmitted
from contracts.values import Caller, Period
from services.matching.cohorts.similar import Submitted
from services.matching.lines import consent_store
from services.matching.lines.model import CIRCULATION_BY_RULE, PROPOSABLE, SEEKING, RequestStatus, WantedLine
from services.matching.offerings.model import Offering, ResourceStatus
from services.matching.treaties.model import TreatyStatus, statuses_of

LINES_PER_OFFERING_MAX = 2000
"""Maximum number of lines that are compared with an offering that becomes available, soonest wanted first."""
COMPARED_MAX = 500
"""Maximum number of lines that are compared with another, newest first."""

LINES_PER_STATE_MAX = 1000
"""Maximum number of lines of a State that are matched again when its treaty status changes, newest first."""

CONTENT = (
    "kind", "topics", "articles", "paragraphs", "pillars", "group_size", "languages", "modality", "window",
    "cannot_wait",
)  # fmt: skip
"""The attributes of a line as filed that a match is scored on."""


class Coverage(NamedTuple):
    """How many persons a group has, no confirmed match covers, and matches that wait for an agreement cover."""

    group_size: int
    residue: int
    presented: int


_PUT = Write(
    parts={
        "wanted": """
            INSERT INTO wanted_request (request_id, state, status, addressee, addressed_states, visibility, circulation,
                restricted, excluded_providers, texts_hash, submitted_at, waiting_since)
            VALUES ($1, $2, 'submitted', $3, $4, $5, $6, $7, $10, $11, $12, $12)
            ON CONFLICT (request_id) DO UPDATE SET status = 'submitted', held_from = NULL,
                addressee = excluded.addressee, addressed_states = excluded.addressed_states,
                visibility = excluded.visibility, circulation = excluded.circulation, restricted = excluded.restricted,
                excluded_providers = excluded.excluded_providers, texts_hash = excluded.texts_hash,
                submitted_at = excluded.submitted_at
        """,
        "gone": "DELETE FROM wanted_line WHERE request_id = $1 AND line_id <> ALL ($9::uuid[])",
        "lined": """
            INSERT INTO wanted_line (line_id, request_id, kind, topics, articles, paragraphs, pillars, group_size,
                languages, modality, starts, ends, cannot_wait, gender_marker)
            SELECT line_id, request_id, kind, topics, articles, paragraphs, pillars, group_size,
                languages, modality, starts, ends, cannot_wait, gender_marker
            FROM json_populate_recordset(NULL::wanted_line, $8::text::json)
            ON CONFLICT (line_id) DO UPDATE SET kind = excluded.kind, topics = excluded.topics,
                articles = excluded.articles, paragraphs = excluded.paragraphs, pillars = excluded.pillars,
                group_size = excluded.group_size, languages = excluded.languages, modality = excluded.modality,
                starts = excluded.starts, ends = excluded.ends, cannot_wait = excluded.cannot_wait,
                gender_marker = excluded.gender_marker
        """,
    }
)


async def save(tx: Tx, submitted: RequestSubmitted) -> None:
    """Store a request as submitted, replacing its earlier version."""
    rows = [
        {
            **msgspec.structs.asdict(line),
            "request_id": submitted.request_id,
            "starts": line.window.starts,
            "ends": line.window.ends,
        }
        for line in submitted.lines
    ]
    await tx.queue(
        _PUT,
        submitted.request_id,
        submitted.state,
        submitted.addressee,
        submitted.addressed_states,
        submitted.visibility,
        CIRCULATION_BY_RULE[submitted.circulation_rule],
        any(kinds()[line.kind].restricted for line in submitted.lines if line.kind in kinds()),
        msgspec.json.encode(rows).decode(),
        [line.line_id for line in submitted.lines],
        submitted.excluded_providers,
        submitted.texts_hash,
        submitted.submitted_at,
    )


async def changed_lines(tx: Tx, submitted: RequestSubmitted) -> frozenset[UUID]:
    """Return the ids of the stored lines of a request whose content this submission changes."""
    before = {line.line_id: line for line in await lines_of(tx, submitted.request_id)}
    return frozenset(
        line.line_id
        for line in submitted.lines
        if (stored := before.get(line.line_id)) and any(getattr(stored, n) != getattr(line, n) for n in CONTENT)
    )


async def set_status(tx: Tx, request_id: UUID, status: RequestStatus) -> None:
    """Set a request's status; does nothing if the request was never submitted."""
    await tx.execute(
        """
        UPDATE wanted_request SET status = $2, held_from = CASE WHEN $2 = 'on_hold' THEN status END
        WHERE request_id = $1
        """,
        request_id,
        status,
    )


async def set_priority(tx: Tx, request_id: UUID, priority: str) -> None:
    """Set the priority from triage."""
    await tx.execute("UPDATE wanted_request SET priority = $2 WHERE request_id = $1", request_id, priority)


async def resume(tx: Tx, request_id: UUID) -> None:
    """Restore the status before the request was put on hold."""
    await tx.execute(
        "UPDATE wanted_request SET status = coalesce(held_from, status), held_from = NULL WHERE request_id = $1",
        request_id,
    )


async def set_circulation(tx: Tx, request_id: UUID, circulation: str) -> None:
    await tx.execute("UPDATE wanted_request SET circulation = $2 WHERE request_id = $1", request_id, circulation)


async def is_disclosed_to(tx: Tx, request_id: UUID, organization: str) -> bool:
    """Like `WantedLine.may_be_disclosed_to`, for a whole request."""
    return bool(
        await tx.fetchval(
            "SELECT circulation = 'granted' AND disclosed(request_id, $2) FROM wanted_request WHERE request_id = $1",
            request_id,
            organization,
        )
    )


async def terms_by_visibility(tx: Tx, request_id: UUID) -> Terms | None:
    """Return the terms of a consent whose recipients follow from the visibility; None for an unknown request."""
    row = await tx.fetchrow(
        "SELECT visibility, addressee, addressed_states FROM wanted_request WHERE request_id = $1", request_id
    )
    return Terms(recipients=recipients_by_visibility(**dict(row))) if row else None


async def line(tx: Tx, line_id: UUID, *, lock: bool = False) -> WantedLine | None:
    """Return a line with its consents.

    `lock` prevents new matches for it until the transaction ends.
    """
    if lock:
        await lock_lines(tx, [line_id])
    row = await tx.fetchrow(
        """
        SELECT *, recorded_treaties(state) AS recorded, residue(line_id, group_size) AS residue
        FROM wanted_line JOIN wanted_request USING (request_id) WHERE line_id = $1
        """,
        line_id,
    )
    # Also queried for an unknown line, so that timing does not reveal whether the line exists.
    consents = await consent_store.in_force(tx, row["request_id"] if row else line_id)
    return msgspec.structs.replace(_line(row), consents=consents) if row else None


async def lines_of(tx: Tx, request_id: UUID) -> list[WantedLine]:
    """List the lines of a request, locked until the transaction ends."""
    # Locked first: the residue is that after a confirmation which this waits for.
    await tx.execute("SELECT FROM wanted_line WHERE request_id = $1 ORDER BY line_id FOR UPDATE", request_id)
    rows = await tx.fetch(
        """
        SELECT *, recorded_treaties(state) AS recorded, residue(line_id, group_size) AS residue
        FROM wanted_line JOIN wanted_request USING (request_id) WHERE request_id = $1 ORDER BY line_id
        """,
        request_id,
    )
    return [_line(row) for row in rows]


async def lines_for(tx: Tx, offering: Offering) -> list[WantedLine]:
    """List the lines that an offering may serve by the constraints cheap to query, soonest wanted first."""
    rows = await tx.fetch(
        """
        SELECT *, recorded_treaties(state) AS recorded, residue(line_id, group_size) AS residue
        FROM wanted_line JOIN wanted_request USING (request_id)
        WHERE kind = ANY ($1::text[]) AND residue(line_id, group_size) > 0 AND status = ANY ($2::text[])
          AND modality = ANY ($3::text[]) AND starts <= $5 AND ends >= $4
          AND $7 <> ALL (excluded_providers) AND ($8 OR NOT cannot_wait)
        ORDER BY starts, line_id LIMIT $6
        """,
        offering.terms.kinds,
        list(SEEKING),
        offering.terms.modalities,
        offering.terms.valid.starts,
        offering.terms.valid.ends,
        LINES_PER_OFFERING_MAX,
        offering.provider,
        offering.terms.resource_status == ResourceStatus.FUNDED,
    )
    return [_line(row) for row in rows]


async def seeking_of(tx: Tx, state: str) -> list[UUID]:
    """List the State's requests in status `SEEKING`, their lines locked until the transaction ends."""
    rows = await tx.fetch(
        """
        SELECT request_id, line_id FROM wanted_request JOIN wanted_line USING (request_id)
        WHERE state = $1 AND status = ANY ($2::text[]) ORDER BY line_id DESC LIMIT $3
        """,
        state,
        list(SEEKING),
        LINES_PER_STATE_MAX,
    )
    await lock_lines(tx, [row["line_id"] for row in rows])
    return list(dict.fromkeys(row["request_id"] for row in rows))


async def open_lines(tx: Tx, *, limit: int, line_ids: Sequence[UUID] | None = None) -> list[WantedLine]:
    """List the lines open to proposals and not wholly covered, with their consents, longest waiting first."""
    rows = await tx.fetch(
        """
        SELECT *, recorded_treaties(state) AS recorded, residue(line_id, group_size) AS residue
        FROM wanted_line JOIN wanted_request USING (request_id)
        WHERE status = ANY ($1::text[]) AND ($2::uuid[] IS NULL OR line_id = ANY ($2))
          AND residue(line_id, group_size) > 0
        ORDER BY waiting_since, line_id LIMIT $3
        """,
        list(PROPOSABLE),
        line_ids,
        limit,
    )
    consents = await consent_store.in_force_of(tx, sorted({row["request_id"] for row in rows}))
    return [msgspec.structs.replace(_line(row), consents=consents.get(row["request_id"], ())) for row in rows]


async def count_open(tx: Tx) -> int:
    """Return the number of lines that `open_lines` finds without a limit."""
    return int(
        await tx.fetchval(
            """
            SELECT count(*) FROM wanted_line JOIN wanted_request USING (request_id)
            WHERE status = ANY ($1::text[]) AND residue(line_id, group_size) > 0
            """,
            list(PROPOSABLE),
        )
    )


async def coverage(tx: Tx, line_ids: Sequence[UUID], shown: Sequence[str]) -> dict[UUID, Coverage]:
    """Return how the groups of these lines are covered; `shown` are the statuses of matches that wait for agreement."""
    rows = await tx.fetch(
        """
        SELECT line_id, group_size, residue(line_id, group_size) AS residue,
            (SELECT coalesce(sum(coalesce(m.covers, group_size)), 0)::integer FROM match AS m
             WHERE m.line_id = l.line_id AND m.status = ANY ($2::text[])) AS presented
        FROM wanted_line AS l WHERE line_id = ANY ($1::uuid[])
        """,
        line_ids,
        shown,
    )
    return {row["line_id"]: Coverage(row["group_size"], row["residue"], row["presented"]) for row in rows}


async def similar_to(tx: Tx, line: WantedLine, caller: Caller) -> list[Submitted]:
    """List lines of other requests with a kind, a topic or an article in common, newest first, without readings.

    Only lines for which `policy.may_compare` is true are listed.
    """
    rows = await tx.fetch(
        """
        SELECT *, recorded_treaties(state) AS recorded, residue(line_id, group_size) AS residue
        FROM wanted_line JOIN wanted_request USING (request_id)
        WHERE request_id <> $1 AND (kind = $2 OR topics && $3::text[] OR articles && $4::text[])
          AND ($6 IN ('coordinator', 'auditor', 'service') OR ($6 IN ('focal_point', 'official') AND state = $5))
        ORDER BY request_id DESC, line_id LIMIT $7
        """,
        line.request_id,
        line.kind,
        line.topics,
        line.articles,
        caller.organization,
        caller.role,
        COMPARED_MAX,
    )
    return [Submitted(line=_line(row), submitted_at=row["submitted_at"]) for row in rows]


async def submitted_at(tx: Tx, request_id: UUID) -> datetime:
    """Return the time of the request's last submission."""
    at: datetime = await tx.fetchval("SELECT submitted_at FROM wanted_request WHERE request_id = $1", request_id)
    return at


async def lock_lines(tx: Tx, line_ids: Sequence[UUID]) -> set[UUID]:
    """Prevent new matches for these lines until the transaction ends; return the lines that still exist."""
    rows = await tx.fetch(
        "SELECT line_id FROM wanted_line WHERE line_id = ANY ($1::uuid[]) ORDER BY line_id FOR UPDATE", line_ids
    )
    return {row["line_id"] for row in rows}


def _line(row: Record) -> WantedLine:
    values: dict[str, Any] = dict(row)
    values["window"] = Period(starts=values.pop("starts"), ends=values.pop("ends"))
    recorded = msgspec.json.decode(values.pop("recorded"), type=tuple[TreatyStatus, ...])
    values["treaties"] = statuses_of(values["state"], recorded)
    return msgspec.convert(values, WantedLine)
