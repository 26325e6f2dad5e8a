"""Queries on work: the clocks that have not stopped, with their requests, as far as the caller sees the requests."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
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
from services.requests.work.model import Order, WaitingFor, WorkFilter
from services.requests.work.query import Search, states_of

LIST_MAX = 100
COUNT_MAX = 10_000
"""Maximum number of items that are counted."""

STATEMENTS_MAX = 256
"""Number of statements kept as text; a connection keeps fewer of them prepared."""

SEARCH_MAX = 200
"""Maximum number of requests that a search finds, the newest first."""


class WorkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request of an item: its revision, for `If-Match`, and the moves that the caller may make now."""

    revision: int
    moves: tuple[str, ...]


class WorkItem(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that has not stopped: its step, who has to act, since when and until when, and the request or match.

    Parts of the request that the caller may not see are absent: all of it for a unit of UNODC whose match is presented
    without a consent. `kinds` are those of the request's lines. `request` is present with `expand=request`, if it may
    be seen.
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
    """Counts of the work with these filters: of the first 10,000 items, by step and by status of the request."""

    total: int
    overdue: int
    unassigned: int
    by_step: dict[Step, int]
    by_status: dict[Status, int]
    complete: bool


OVERDUE = "(clock.due_at <= $4 OR clock.overdue_at IS NOT NULL)"
_PARAMETERS = """
    WITH typed AS (SELECT $3::text, $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::text[], $14::uuid, $15::uuid[], $16::text[], $17::text[])
"""
"""The types of all parameters; a statement uses those of its conditions. PostgreSQL does not execute this part."""

_CLOCKS = """
    FROM clock LEFT JOIN request AS r USING (request_id)
        LEFT JOIN LATERAL seen(r.request_id, r.state, r.status, r.circulation, r.submitted_at, r.channel, $1, $2) AS s
            ON r.request_id IS NOT NULL
    WHERE clock.stopped_at IS NULL
"""
_CONDITIONS = {
    WaitingFor.ME: "AND clock.organization = $1 AND clock.role = $3",
    WaitingFor.OTHERS: "AND (clock.organization <> $1 OR clock.role <> $3)",
    WaitingFor.ANYONE: "",
    "not paused": "AND clock.paused_at IS NULL",
    "steps": "AND clock.step = ANY ($5)",
    "statuses": "AND r.status = ANY ($6)",
    "state": "AND clock.state = ($7)[1]",
    "states": "AND clock.state = ANY ($7)",
    "kinds": "AND r.kinds && $8",
    "lines": """
        AND EXISTS (SELECT FROM request_line AS l WHERE l.request_id = clock.request_id
            AND (cardinality($9) = 0 OR l.topics && $9) AND (cardinality($10) = 0 OR l.articles && $10)
            AND (cardinality($11) = 0 OR l.paragraphs && $11))
    """,
    "priorities": "AND clock.priority = ANY ($12)",
    "languages": "AND r.language = ANY ($13)",
    "assignee": "AND r.assignee = $14",
    "unassigned": "AND r.assignee IS NULL",
    "overdue": f"AND {OVERDUE}",
    "not overdue": f"AND NOT {OVERDUE}",
    "found": "AND clock.request_id = ANY ($15)",
    "states of remit": "AND clock.state = ANY ($16)",
    "topics of remit": """
        AND EXISTS (SELECT FROM request_line AS l WHERE l.request_id = clock.request_id AND l.topics && $17)
    """,
    **{f"step {one}": f"AND clock.step = '{one}'" for one in Step},
    **{f"status {one}": f"AND r.status = '{one}'" for one in Status},
    **{f"priority {one}": f"AND clock.priority = '{one}'" for one in Priority},
}
"""Conditions of a statement, by name.

A single step, status or priority is written into the statement, so that a plan for all values knows how many rows have
it.
"""

_OF_REGION = "of region "

_ITEMS = f"""
    SELECT clock_id, clock.step, organization, clock.role, since, due_at, {OVERDUE} AS overdue,
        paused_at IS NOT NULL AS paused, clock.request_id, match_id, line_id, clock.state, r.reference, r.status,
        r.language, r.kinds, r.priority, r.assignee, s.words, r.request_id IS NOT NULL AS seen,
        CASE WHEN s.words THEN (SELECT title FROM request_text t WHERE t.request_id = clock.request_id) END AS title
"""
_AFTER = {
    Order.DUE: "AND (due_at, clock_id) > (SELECT due_at, clock_id FROM clock WHERE clock_id = $19)",
    Order.SINCE: "AND (since, clock_id) > (SELECT since, clock_id FROM clock WHERE clock_id = $19)",
    Order.PRIORITY: """
        AND (rank(clock.priority), due_at, clock_id)
            > (SELECT rank(c.priority), c.due_at, c.clock_id FROM clock AS c WHERE clock_id = $19)
    """,
}
_ORDERED = {
    Order.DUE: "ORDER BY due_at, clock_id",
    Order.SINCE: "ORDER BY since, clock_id",
    Order.PRIORITY: "ORDER BY rank(clock.priority), due_at, clock_id",
}
_FOUND = f", found AS (SELECT clock.step, r.status, r.assignee, {OVERDUE} AS overdue"
_COUNTED = """
        LIMIT $18 + 1
    ), counted AS (SELECT * FROM found LIMIT $18)
    SELECT count(*) AS total, count(*) FILTER (WHERE overdue) AS overdue,
        count(*) FILTER (WHERE assignee IS NULL) AS unassigned,
        (SELECT count(*) FROM found) <= $18 AS complete,
        (SELECT coalesce(json_object_agg(step, n), '{}')
         FROM (SELECT step, count(*) AS n FROM counted GROUP BY step) AS k) AS by_step,
        (SELECT coalesce(json_object_agg(status, n), '{}') FROM (SELECT status, count(*) AS n FROM counted
            WHERE status IS NOT NULL GROUP BY status) AS t) AS by_status
    FROM counted
"""
_BEGIN = "SELECT * FROM ("
_END = f"LIMIT {LIST_MAX + 1}) AS page LIMIT $18"
"""The end of a page's statement.

The limit of the API is in the statement, so that a plan for all values reads in the order of an index.
"""


PLANNED_BY_VALUES = frozenset({"steps", "statuses", "states", "priorities", "languages", "assignee"})
"""Conditions whose values may leave few rows, or most: each value needs a plan of its own."""


def is_planned_once(asked: Search, order: Order) -> bool:
    """Check whether one plan is good for all values of the filters."""
    if asked.words is not None or asked.in_remit:
        return False
    conditions = conditions_of(asked.filter)
    # The clocks of one State have an index in the order of the times at which they are due.
    return PLANNED_BY_VALUES.isdisjoint(conditions) and ("state" not in conditions or order is Order.DUE)


@lru_cache(STATEMENTS_MAX)
def page_statement(conditions: Sequence[str], order: Order, *, onwards: bool) -> str:
    """Return the statement of a page; each set of conditions has its own, so that an index answers it."""
    after = _AFTER[order] if onwards else ""
    return " ".join([_PARAMETERS, _BEGIN, _ITEMS, _clocks(conditions), after, _ORDERED[order], _END])


@lru_cache(STATEMENTS_MAX)
def _table(conditions: Sequence[str], order: Order) -> str:
    return " ".join([_PARAMETERS, _ITEMS, _clocks(conditions), _ORDERED[order], "LIMIT $18"])


@lru_cache(STATEMENTS_MAX)
def _counts(conditions: Sequence[str]) -> str:
    return " ".join([_PARAMETERS, _FOUND, _clocks(conditions), _COUNTED])


def _clocks(conditions: Sequence[str]) -> str:
    return " ".join([_CLOCKS, *(_condition(name) for name in conditions)])


def _condition(name: str) -> str:
    if not name.startswith(_OF_REGION):
        return _CONDITIONS[name]
    # Written into the statement like a single step: the States of a regional group are few, and known.
    states = ", ".join(f"'{code}'" for code in states_of((name.removeprefix(_OF_REGION),)))
    return f"AND clock.state IN ({states})"


def conditions_of(one: WorkFilter) -> tuple[str, ...]:
    """Return the names of the conditions of a filter."""
    given: dict[str, object] = {
        one.waiting_for: True,
        "not paused": not one.paused,
        **_one_or_several("step", "steps", one.steps),
        **_one_or_several("status", "statuses", one.statuses),
        "state": one.states is not None and len(one.states) == 1,
        "states": one.states is not None and len(one.states) != 1,
        f"{_OF_REGION}{one.region}": one.region,
        "kinds": one.kinds,
        "lines": one.topics or one.articles or one.paragraphs,
        **_one_or_several("priority", "priorities", one.priorities),
        "languages": one.languages,
        "assignee": one.assignee,
        "unassigned": one.unassigned,
        "overdue": one.overdue is True,
        "not overdue": one.overdue is False,
        "found": one.requests is not None,
        "states of remit": one.remit_states is not None,
        "topics of remit": one.remit_topics,
    }
    return tuple(name for name, is_given in given.items() if is_given)


def _one_or_several(singular: str, plural: str, codes: Sequence[str]) -> dict[str, object]:
    return {f"{singular} {codes[0]}": True} if len(codes) == 1 else {plural: codes}


def _values(caller: Caller, one: WorkFilter, now: datetime) -> list[Any]:
    return [
        caller.organization,
        caller.role,
        Role.FOCAL_POINT if caller.role is Role.OFFICIAL else caller.role,
        now,
        list(one.steps),
        list(one.statuses),
        list(one.states or ()),
        list(one.kinds),
        list(one.topics),
        list(one.articles),
        list(one.paragraphs),
        list(one.priorities),
        list(one.languages),
        one.assignee,
        list(one.requests or ()),
        list(one.remit_states or ()),
        list(one.remit_topics),
    ]


async def with_requests(tx: Tx, caller: Caller, items: Sequence[WorkItem]) -> list[WorkItem]:
    """Return the items with the revisions and moves of their requests, as far as the caller may see the requests."""
    found: dict[UUID, WorkRequest] = {}
    for request_id in dict.fromkeys(one.request_id for one in items if one.status is not UNSET):
        request = await request_store.get(tx, request_id, caller)
        found[request_id] = WorkRequest(revision=request.revision, moves=policy.moves_open_to(caller, request))
    return [replace(one, request=found.get(one.request_id, UNSET)) for one in items]


async def filter_of(tx: Tx, caller: Caller, asked: Search) -> WorkFilter:
    """Return the filter of a query, with the caller's remit and the requests that its words find."""
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
    """Return the work in this order, starting after a clock; `limit` is at most one above LIST_MAX."""
    statement = page_statement(conditions_of(asked), order, onwards=after is not None)
    rows = await tx.fetch(statement, *_values(caller, asked, now), limit, *([after] if after else []))
    return [_item(dict(row), caller) for row in rows]


async def table(
    tx: Tx, caller: Caller, asked: WorkFilter, order: Order, *, limit: int, now: datetime
) -> list[WorkItem]:
    """Return the work in this order, which may be more than a page."""
    rows = await tx.fetch(_table(conditions_of(asked), order), *_values(caller, asked, now), limit)
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
    row = await tx.fetchrow(_counts(conditions_of(asked)), *_values(caller, asked, now), COUNT_MAX)
    assert row is not None, "an aggregate has one row"
    decoded = {name: msgspec.json.decode(row[name]) for name in ("by_step", "by_status")}
    return msgspec.convert({**dict(row), **decoded}, WorkCounts)


async def search(tx: Tx, caller: Caller, words: str) -> tuple[UUID, ...]:
    """Return the newest requests with this reference, or these words in the title, whose words the caller sees."""
    rows = await tx.fetch(
        """
        SELECT t.request_id FROM request_text AS t JOIN request AS r USING (request_id)
            CROSS JOIN LATERAL seen(r.request_id, r.state, r.status, r.circulation, r.submitted_at, r.channel,
                $1, $2) AS s
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
    """Return the regions and topics of the caller's appointments in this role; empty if they are unlimited."""
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
    """Return the requests in progress that a coordinator is in charge of."""
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
    """Check whether a person is appointed as a coordinator today."""
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
