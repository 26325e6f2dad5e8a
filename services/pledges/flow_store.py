"""The rows of flows: postings with their entries and pledges. Every read says for whom."""

from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db import Tx
from contracts.values import Caller
from services.pledges.flows import ACCOUNTS, Flow, FlowRow, FlowStatus, flow_of

PAGE_ROWS = 5_000
"""How many rows a table is read by: each time the loop is held for some milliseconds, and no longer."""

_FLOWS = """
    SELECT e.entry_id, p.position, e.pledge_id, e.type, p.account, e.fund, e.donor, e.effective_on, e.recorded_at,
        p.currency, p.minor, p.usd_minor, trim_scale(e.rate)::text AS rate, e.rate_source, e.rate_date,
        pledge.earmarking, e.reverses,
        coalesce((SELECT note FROM pledge_text t WHERE t.pledge_id = e.pledge_id), '') AS note
    FROM entry e
    CROSS JOIN unnest(e.postings) WITH ORDINALITY AS p(account, currency, minor, usd_minor, position)
    JOIN pledge ON pledge.pledge_id = e.pledge_id
    WHERE may_see(e, $1, $2) AND p.account = ANY ($3::text[]) AND ($4::text IS NULL OR e.fund = $4)
      AND ($5::text IS NULL OR e.donor = $5)
      AND ($6::int IS NULL OR e.effective_on BETWEEN make_date($6, 1, 1) AND make_date($6, 12, 31))
      AND ($7::uuid IS NULL OR (e.entry_id, p.position) < ($7, $8::int))
    ORDER BY e.entry_id DESC, p.position DESC LIMIT $9
"""
_COUNT = """
    SELECT count(*) FROM (
        SELECT FROM entry e CROSS JOIN unnest(e.postings) AS p
        WHERE may_see(e, $1, $2) AND p.account = ANY ($3::text[]) AND ($4::text IS NULL OR e.fund = $4)
          AND ($5::text IS NULL OR e.donor = $5)
          AND ($6::int IS NULL OR e.effective_on BETWEEN make_date($6, 1, 1) AND make_date($6, 12, 31))
        LIMIT $7) AS found
"""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which flows; all of them where nothing is said."""

    fund: str | None = None
    year: int | None = None
    donor: str | None = None
    status: FlowStatus | None = None

    def asked_by(self, caller: Caller) -> tuple[object, ...]:
        accounts = list(ACCOUNTS.values()) if self.status is None else [ACCOUNTS[self.status]]
        return caller.organization, caller.role, accounts, self.fund, self.donor, self.year


async def rows(
    tx: Tx, caller: Caller, filters: Filters, *, before: tuple[UUID, int] | None, limit: int
) -> list[Record]:
    """The rows that `flow` makes flows of, newest entry first, from the one after `before`."""
    entry_id, position = before or (None, None)
    return await tx.fetch(_FLOWS, *filters.asked_by(caller), entry_id, position, limit)


def flow(row: Record) -> Flow:
    return flow_of(msgspec.convert(dict(row), FlowRow))


async def count(tx: Tx, caller: Caller, filters: Filters, *, up_to: int) -> int:
    """How many there are; counted no further than `up_to`."""
    return int(await tx.fetchval(_COUNT, *filters.asked_by(caller), up_to))


async def all_rows(tx: Tx, caller: Caller, filters: Filters, *, up_to: int) -> list[Record]:
    """All of them, as far as `up_to`, read some thousand at a time."""
    found: list[Record] = []
    before: tuple[UUID, int] | None = None
    while len(found) < up_to:
        limit = min(PAGE_ROWS, up_to - len(found))
        page = await rows(tx, caller, filters, before=before, limit=limit)
        found += page
        if len(page) < limit:
            break
        before = page[-1]["entry_id"], page[-1]["position"]
    return found
