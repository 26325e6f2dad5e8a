"""Queries on work: the clocks that have not stopped, with their requests, as far as the caller sees these."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chassis.db.database import Tx
from contracts import reference
from contracts.values import Caller, Role
from services.requests import policy
from services.requests.clock.model import Step
from services.requests.request import store as request_store
from services.requests.request.values import Priority, Status
from services.requests.work.model import Order, WorkFilter
from services.requests.work.query import Search, states_of

LIST_MAX = 100
COUNT_MAX = 10_000
"""Up to so many are counted."""

SEARCH_MAX = 200
"""Requests that a search finds at most, the newest first."""


class WorkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request of an item: its revision, for `If-Match`, and the moves that the caller may make now."""

    revision: int
    moves: tuple[str, ...]


class WorkItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is waited for: by which clock, from whom, since when, until when; and the request or match it is about.

    What of the request the caller may not see is absent: all of it for a unit of UNODC whose match is presented without
    a consent. `kinds` are those of the request's lines. `request` is there with `expand=request`, where it may be seen.
    """

    clock_id: UUID
    step: Step
    organization: str
    role: Role
    since: datetime
    due_at: datetime
    overdue: bool
    paused: bool
    request_id: UUID
    match_id: UUID | None
    line_id: UUID | None
    state: str
    reference: str | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    title: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    kinds: tuple[str, ...] | UnsetType = UNSET
    priority: Priority | UnsetType | None = UNSET
    assignee: UUID | UnsetType | None = UNSET
    request: WorkRequest | UnsetType = UNSET


class WorkCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How much work there is with these filters: of the first 10,000, by step and by status of the request."""

    total: int
    overdue: int
    unassigned: int
    by_step: dict[Step, int]
    by_status: dict[Status, int]
    complete: bool


OVERDUE = "(clock.due_at <= $17 OR clock.overdue_at IS NOT NULL)"
_FILTERED = f"""
    FROM clock LEFT JOIN request AS r USING (request_id)
        LEFT JOIN LATERAL seen(r.request_id, r, $1, $2) AS s ON r.request_id IS NOT NULL
    WHERE clock.stopped_at IS NULL AND (clock.paused_at IS NULL OR $15)
        AND CASE $3 WHEN 'me' THEN clock.organization = $1 AND clock.role = $4
                    WHEN 'others' THEN clock.organization <> $1 OR clock.role <> $4 ELSE true END
        AND (cardinality($5::text[]) = 0 OR clock.step = ANY ($5))
        AND (cardinality($6::text[]) = 0 OR r.status = ANY ($6))
        AND ($7::text[] IS NULL OR clock.state = ANY ($7))
        AND (cardinality($8::text[]) = 0 OR r.kinds && $8)
        AND (cardinality($9::text[] || $10::text[] || $11::text[]) = 0 OR EXISTS (
            SELECT FROM request_line AS l WHERE l.request_id = clock.request_id
                AND (cardinality($9) = 0 OR l.topics && $9) AND (cardinality($10) = 0 OR l.articles && $10)
                AND (cardinality($11) = 0 OR l.paragraphs && $11)))
        AND (cardinality($12::text[]) = 0 OR clock.priority = ANY ($12))
        AND ($13::uuid IS NULL OR r.assignee = $13) AND (NOT $14 OR r.assignee IS NULL)
        AND ($16::boolean IS NULL OR {OVERDUE} = $16)
        AND ($18::uuid[] IS NULL OR clock.request_id = ANY ($18))
        AND ($19::text[] IS NULL OR clock.state = ANY ($19))
        AND (cardinality($20::text[]) = 0 OR EXISTS (
            SELECT FROM request_line AS l WHERE l.request_id = clock.request_id AND l.topics && $20))
        AND (cardinality($21::text[]) = 0 OR r.language = ANY ($21))
"""
_PAGE = f"""
    SELECT clock_id, clock.step, organization, clock.role, since, due_at, {OVERDUE} AS overdue,
        paused_at IS NOT NULL AS paused, clock.request_id, match_id, line_id, clock.state, r.reference, r.status,
        r.language, r.kinds, r.priority, r.assignee, s.words, r.request_id IS NOT NULL AS seen,
        CASE WHEN s.words THEN (SELECT title FROM request_text t WHERE t.request_id = clock.request_id) END AS title
    {_FILTERED}
"""
PAGES = {
    Order.DUE: f"""
        {_PAGE} AND ($22::uuid IS NULL
            OR (due_at, clock_id) > (SELECT due_at, clock_id FROM clock WHERE clock_id = $22))
        ORDER BY due_at, clock_id LIMIT $23
    """,
    Order.SINCE: f"""
        {_PAGE} AND ($22::uuid IS NULL
            OR (since, clock_id) > (SELECT since, clock_id FROM clock WHERE clock_id = $22))
        ORDER BY since, clock_id LIMIT $23
    """,
    Order.PRIORITY: f"""
        {_PAGE} AND ($22::uuid IS NULL OR (rank(clock.priority), due_at, clock_id)
            > (SELECT rank(c.priority), c.due_at, c.clock_id FROM clock AS c WHERE clock_id = $22))
        ORDER BY rank(clock.priority), due_at, clock_id LIMIT $23
    """,
}
"""Each order is a statement of its own, so that an index answers it."""


def _filters(caller: Caller, one: WorkFilter, now: datetime) -> list[Any]:
    return [
        caller.organization,
        caller.role,
        one.waiting_for,
        Role.FOCAL_POINT if caller.role is Role.OFFICIAL else caller.role,
        list(one.steps),
        list(one.statuses),
        None if one.states is None else list(one.states),
        list(one.kinds),
        list(one.topics),
        list(one.articles),
        list(one.paragraphs),
        list(one.priorities),
        one.assignee,
        one.unassigned,
        one.paused,
        one.overdue,
        now,
        None if one.requests is None else list(one.requests),
        None if one.remit_states is None else list(one.remit_states),
        list(one.remit_topics),
        list(one.languages),
    ]


async def with_requests(tx: Tx, caller: Caller, items: Sequence[WorkItem]) -> list[WorkItem]:
    """The items with the revisions and moves of their requests, as far as the caller may see these."""
    found: dict[UUID, WorkRequest] = {}
    for request_id in dict.fromkeys(one.request_id for one in items if one.status is not UNSET):
        request = await request_store.get(tx, request_id, caller)
        found[request_id] = WorkRequest(revision=request.revision, moves=policy.moves_open_to(caller, request))
    return [replace(one, request=found.get(one.request_id, UNSET)) for one in items]


async def filter_of(tx: Tx, caller: Caller, asked: Search) -> WorkFilter:
    """The filter of a query, with the caller's remit and the requests that its words find."""
    found = asked.filter
    if asked.in_remit:
        regions, topics = await remit(tx, caller)
        found = replace(
            found, remit_states=states_of(regions) if regions else None, remit_topics=reference.with_narrower(topics)
        )
    if asked.words is not None:
        found = replace(found, requests=await search(tx, caller, asked.words))
    return found


async def page(
    tx: Tx, caller: Caller, asked: WorkFilter, order: Order, *, after: UUID | None, limit: int, now: datetime
) -> list[WorkItem]:
    """The work in this order, starting after a clock."""
    rows = await tx.fetch(PAGES[order], *_filters(caller, asked, now), after, limit)
    return [_item(dict(row), caller) for row in rows]


def _item(row: dict[str, Any], caller: Caller) -> WorkItem:
    words, seen = row.pop("words"), row.pop("seen")
    if not seen:
        for name in ("reference", "status", "language", "kinds", "priority"):
            del row[name]
    if not (seen and words):
        del row["title"]
    elif row["title"] is None:
        row["title"] = ""
    if caller.role in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}:
        row.pop("assignee")
    return msgspec.convert(row, WorkItem)


async def counts(tx: Tx, caller: Caller, asked: WorkFilter, *, now: datetime) -> WorkCounts:
    row = await tx.fetchrow(
        f"""
        WITH found AS (
            SELECT clock.step, r.status, r.assignee, {OVERDUE} AS overdue {_FILTERED} LIMIT $22 + 1
        ), counted AS (SELECT * FROM found LIMIT $22)
        SELECT count(*) AS total, count(*) FILTER (WHERE overdue) AS overdue,
            count(*) FILTER (WHERE assignee IS NULL) AS unassigned,
            (SELECT count(*) FROM found) <= $22 AS complete,
            (SELECT coalesce(json_object_agg(step, n), '{{}}')
             FROM (SELECT step, count(*) AS n FROM counted GROUP BY step) AS k) AS by_step,
            (SELECT coalesce(json_object_agg(status, n), '{{}}') FROM (SELECT status, count(*) AS n FROM counted
                WHERE status IS NOT NULL GROUP BY status) AS t) AS by_status
        FROM counted
        """,
        *_filters(caller, asked, now),
        COUNT_MAX,
    )
    assert row is not None, "an aggregate has one row"
    decoded = {name: msgspec.json.decode(row[name]) for name in ("by_step", "by_status")}
    return msgspec.convert({**dict(row), **decoded}, WorkCounts)


async def search(tx: Tx, caller: Caller, words: str) -> tuple[UUID, ...]:
    """The newest requests whose reference is, or whose title has, these words, of those whose words the caller sees."""
    rows = await tx.fetch(
        """
        SELECT t.request_id FROM request_text AS t JOIN request AS r USING (request_id)
            CROSS JOIN LATERAL seen(r.request_id, r, $1, $2) AS s
        WHERE s.words AND (r.reference = upper($3)
            OR to_tsvector('simple', t.title) @@ websearch_to_tsquery('simple', $3))
        ORDER BY t.request_id DESC LIMIT $4
        """,
        caller.organization,
        caller.role,
        words,
        SEARCH_MAX,
    )
    return tuple(row["request_id"] for row in rows)


async def remit(tx: Tx, caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The regions and topics of the caller's appointments in this role; empty where they are unlimited."""
    rows = await tx.fetch(
        """
        SELECT regions, topics FROM caller
        WHERE person_id = $1 AND organization = $2 AND role = $3 AND NOT ended
        """,
        caller.person_id,
        caller.organization,
        caller.role,
    )
    regions, topics = [set(row["regions"]) for row in rows], [set(row["topics"]) for row in rows]
    return (
        tuple(sorted(set().union(*regions))) if all(regions) else (),
        tuple(sorted(set().union(*topics))) if all(topics) else (),
    )


async def assigned_to(tx: Tx, person_id: UUID, limit: int) -> Sequence[UUID]:
    """The requests in progress that a coordinator is in charge of."""
    rows = await tx.fetch(
        """
        SELECT request_id FROM request
        WHERE assignee = $1 AND status NOT IN ('closed', 'not_accepted', 'lapsed', 'withdrawn')
        ORDER BY request_id LIMIT $2
        """,
        person_id,
        limit,
    )
    return [row["request_id"] for row in rows]


async def is_coordinator(tx: Tx, person_id: UUID, now: datetime) -> bool:
    """Whether a person is appointed as a coordinator today."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM caller WHERE person_id = $1 AND role = 'coordinator' AND NOT ended
                AND scopes IS NULL AND $2 BETWEEN starts AND coalesce(ends, $2))
            """,
            person_id,
            now.date(),
        )
    )
