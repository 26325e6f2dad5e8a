"""Rows of flows: postings with their entries and related records. Every read names its caller."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.values import Caller
from services.pledges.ledger.postings import Account
from services.pledges.open_data.flows.model import (
    KINDS,
    PARENTS,
    Boundary,
    Flow,
    FlowRow,
    FlowStatus,
    FlowType,
    flow_of,
)

PAGE_ROWS = 5_000
"""Rows read per statement, so that the event loop is blocked for some milliseconds at most."""

FORCE_CUSTOM_PLAN = "SET LOCAL plan_cache_mode = force_custom_plan"
"""Statement that avoids a generic plan.

For statements with a limit and optional filters, a generic plan for all filters sorts the whole ledger for a page.
"""

_NOTHING = UUID(int=0)
PostingRef = tuple[UUID, int]
"""The id of an entry and the position of a posting in it, from 1; a flow's id consists of them."""

# $8, $9 and $10 are PARENTS. The halves of a carry-over are successive facts of its pledge, the outgoing one first. The
# related entries of an entry never change: they were recorded before it or together with it.
_FOUND = """
    FROM entry e
    CROSS JOIN unnest(e.postings) WITH ORDINALITY AS p(account, currency, minor, usd_minor,
        rate, rate_currency, rate_source, rate_date, position)
    CROSS JOIN LATERAL (SELECT
        CASE
            WHEN p.account = 'cash' AND (SELECT requirement_id FROM pledge WHERE pledge.pledge_id = e.pledge_id) IS NULL
                THEN 'parked'
            WHEN p.account = 'spent' AND 'disbursed' IN (
                e.type, (SELECT o.type FROM entry o WHERE o.entry_id = e.reverses)) THEN 'pass_through'
            ELSE 'standard'
        END AS flow_type,
        (
            SELECT o.entry_id || '.' || q.position FROM (
                SELECT entry_id, postings FROM entry WHERE entry_id = e.reverses
                UNION ALL
                SELECT entry_id, postings FROM entry
                WHERE pledge_id = e.pledge_id AND type = ($9::text[])[array_position($8::text[], e.type)]
                  AND (e.type <> 'brought_forward' OR entry_id = (
                    SELECT half.event_id FROM journal JOIN journal AS half USING (aggregate_id)
                    WHERE journal.event_id = e.entry_id AND half.version = journal.version - 1))
                UNION ALL
                SELECT entry_id, postings FROM entry
                WHERE allocation_id = e.allocation_id AND type = ($9::text[])[array_position($8::text[], e.type)]
                UNION ALL
                -- What was spent of an allocation and goes back to the fund at once.
                SELECT entry_id, postings FROM entry
                WHERE allocation_id = e.allocation_id AND type = 'allocated' AND e.type = 'reversed'
                  AND p.account = 'available' AND entry_id <> e.reverses
            ) AS o CROSS JOIN unnest(o.postings) WITH ORDINALITY AS q(account, currency, minor,
                usd_minor, rate, rate_currency, rate_source, rate_date, position)
            WHERE q.account = coalesce(($10::text[])[array_position($8::text[], e.type)], p.account)
        ) AS parent_flow_id
    ) AS f
    WHERE reads_of_donor(e.donor, $1, $2) AND p.account = ANY ($3::text[])
      AND (p.account <> 'available' OR e.allocation_id IS NOT NULL)
      AND ($4::text IS NULL OR e.fund = $4) AND ($5::text IS NULL OR e.donor = $5)
      AND ($6::int IS NULL OR e.effective_on BETWEEN make_date($6, 1, 1) AND make_date($6, 12, 31))
      AND ($7::text IS NULL OR flow_type = $7)
      AND ($11::text IS NULL OR parent_flow_id = $11)
      AND ($12::uuid IS NULL OR e.pledge_id = $12) AND ($13::uuid IS NULL OR e.allocation_id = $13)
      AND ($14::timestamptz IS NULL OR e.recorded_at <= $14)
"""
OTHER_FUND = """
        (
            SELECT coalesce(event -> 'data' ->> 'to_fund', event -> 'data' ->> 'from_fund') FROM journal
            WHERE event_id = e.entry_id AND e.type IN ('carried_over', 'brought_forward', 'reversed')
        ) AS other_fund
"""
"""The fund of the other half, from the fact of an entry `e` that is half of a carry-over or reverses one."""

_COLUMNS = """
    SELECT e.entry_id, p.position, e.pledge_id, e.allocation_id, e.type, p.account, e.fund, e.donor, e.effective_on,
        e.recorded_at, p.currency, p.minor, p.usd_minor, trim_scale(e.rate)::text AS rate, e.rate_source, e.rate_date,
        e.reverses, flow_type, parent_flow_id,
        (SELECT earmarking FROM pledge WHERE pledge.pledge_id = e.pledge_id) AS earmarking,
        coalesce((SELECT note FROM pledge_text t WHERE t.pledge_id = e.pledge_id), '') AS note,
        (SELECT work_package FROM allocation a WHERE a.allocation_id = e.allocation_id) AS work_package,
        (SELECT requirement_id FROM allocation a WHERE a.allocation_id = e.allocation_id) AS requirement_id,
        (SELECT activity_id FROM allocation a WHERE a.allocation_id = e.allocation_id) AS activity_id,
        (SELECT provider FROM allocation a WHERE a.allocation_id = e.allocation_id) AS provider,
"""
FLOWS = (
    _COLUMNS
    + OTHER_FUND
    + _FOUND
    + """
      AND ($15::uuid IS NULL OR e.entry_id <= $15 AND (e.entry_id, p.position) < ($15, $16::int))
    ORDER BY e.entry_id DESC, p.position DESC LIMIT $17
    """
)
_COUNTED = "SELECT count(*) FROM (SELECT"
_COUNT = _COUNTED + _FOUND + "LIMIT $15) AS found"

_ONLY_ON: Mapping[FlowType | None, Account] = {
    FlowType.PARKED: Account.CASH,
    FlowType.PASS_THROUGH: Account.SPENT,
}
"""Maps a flow type to the only account that has flows of it; other accounts are not read for it."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of flows; by default none.

    With `parent`, only its children; with `as_of`, flows as recorded by that moment.
    """

    fund: str | None = None
    year: int | None = None
    donor: str | None = None
    status: FlowStatus | None = None
    boundary: Boundary | None = None
    flow_type: FlowType | None = None
    parent: PostingRef | None = None
    as_of: datetime | None = None

    @property
    def accounts(self) -> list[Account]:
        return [
            account
            for account, kind in KINDS.items()
            if self.status in {None, kind.status}
            and self.boundary in {None, kind.boundary}
            and _ONLY_ON.get(self.flow_type, account) is account
        ]


async def rows(tx: Tx, caller: Caller, filters: Filters, *, before: PostingRef | None, limit: int) -> list[Record]:
    """List rows for `flow`, newest entry first, after `before`."""
    await tx.execute(FORCE_CUSTOM_PLAN)
    return await tx.fetch(FLOWS, *await parameters_of(tx, caller, filters), *(before or (None, None)), limit)


def flow(row: Record) -> Flow:
    return flow_of(msgspec.convert(dict(row), FlowRow))


async def count(tx: Tx, caller: Caller, filters: Filters, *, up_to: int) -> int:
    """Return the number of flows, counted up to `up_to`."""
    await tx.execute(FORCE_CUSTOM_PLAN)
    return int(await tx.fetchval(_COUNT, *await parameters_of(tx, caller, filters), up_to))


async def all_rows(tx: Tx, caller: Caller, filters: Filters, *, up_to: int) -> list[Record]:
    """List all rows, up to `up_to`, read in pages of `PAGE_ROWS`."""
    found: list[Record] = []
    before: PostingRef | None = None
    while len(found) < up_to:
        limit = min(PAGE_ROWS, up_to - len(found))
        page = await rows(tx, caller, filters, before=before, limit=limit)
        found += page
        if len(page) < limit:
            break
        before = page[-1]["entry_id"], page[-1]["position"]
    return found


async def parameters_of(tx: Tx, caller: Caller, filters: Filters) -> tuple[object, ...]:
    """Return the parameters of both statements."""
    of_types, of_accounts = zip(*PARENTS.values(), strict=True)
    return (
        caller.organization,
        caller.role,
        filters.accounts,
        filters.fund,
        filters.donor,
        filters.year,
        filters.flow_type,
        list(PARENTS),
        of_types,
        of_accounts,
        *await _children_of(tx, caller, filters.parent),
        filters.as_of,
    )


async def _children_of(
    tx: Tx, caller: Caller, parent: PostingRef | None
) -> tuple[str | None, UUID | None, UUID | None]:
    """Return the parent's id, and its pledge or allocation, which its children share and which has an index."""
    if parent is None:
        return None, None, None
    row = await tx.fetchrow(
        "SELECT pledge_id, allocation_id FROM entry WHERE entry_id = $1 AND reads_of_donor(entry.donor, $2, $3)",
        parent[0],
        caller.organization,
        caller.role,
    )
    pledge_id, allocation_id = (row["pledge_id"], row["allocation_id"]) if row else (_NOTHING, None)
    return "{}.{}".format(*parent), pledge_id, allocation_id
