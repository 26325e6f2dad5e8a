"""Verification of the ledger: add up all postings, rebuild all records from the journal, and compare.

It reads in one snapshot, page by page, while others write, and changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from chassis.db.database import Tx
from contracts.facts import decode_event
from contracts.pledges import Rate
from contracts.registry import decode_fact
from services.pledges.allocations import model as allocations
from services.pledges.allocations import store as allocation_store
from services.pledges.ledger import history_store
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import REVERSES, Account, Entry, entry_of
from services.pledges.ledger.store import EntryRow
from services.pledges.pledge import store
from services.pledges.pledge.evolve import evolve

PAGE = 1000
NIL = UUID(int=0)

Say = Callable[[str, int, int], None]
"""Called with the table being verified, the number of rows verified, and their total."""

_Held = dict[tuple[Any, ...], tuple[int, int, int]]
"""Minor units, US cents and the number of postings.

The key is account, currency, work package or none (''), whether the postings are for activities, and year of the value
date.
"""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A mismatch in a table; for an entry, also its id and the position of its first wrong posting."""

    table: str
    what: str
    entry_id: UUID | None = None
    position: int | None = None


class Report(msgspec.Struct, kw_only=True):
    """The numbers of verified records, and the first mismatch of each table."""

    entries: int = 0
    postings: int = 0
    funds: int = 0
    closings: int = 0
    pledges: int = 0
    allocations: int = 0
    requirements: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)

    def add(self, table: str, what: str, *, entry_id: UUID | None = None, position: int | None = None) -> None:
        """Add a mismatch unless the table already has one."""
        if all(finding.table != table for finding in self.findings):
            self.findings.append(Finding(table=table, what=what, entry_id=entry_id, position=position))


async def verify(tx: Tx, say: Say = lambda _what, _done, _of: None) -> Report:
    """Verify the ledger and return a report. Requires a new transaction, as the service."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    report = Report()
    available = await _verify_entries(tx, report, say)
    await _find_missing_entries(tx, report)
    await _verify_balances(tx, report, available)
    await _verify_snapshots(tx, report, say)
    await _verify_pledges(tx, report, say)
    await _verify_allocations(tx, report, say)
    await _verify_requirements(tx, report, say)
    await _find_missing_rows(tx, report)
    return report


# -- entries ----------------------------------------------------------------------------------------------------------


async def _verify_entries(tx: Tx, report: Report, say: Say) -> Mapping[str, int]:
    """Verify each entry against its fact; return the available money of each fund by its entries."""
    of = await tx.fetchval("SELECT count(*) FROM entry")
    available: Counter[str] = Counter()
    reversed_ids: set[UUID] = set()
    after = NIL
    while page := await ledger.page(tx, after=after, limit=PAGE):
        expected = await _expected_entries(tx, [row.entry_id for row in page])
        for row in page:
            _verify_entry(report, row, expected.get(row.entry_id))
            if row.reverses is not None:
                if row.reverses in reversed_ids:
                    report.add("entry", f"{row.reverses} is reversed twice", entry_id=row.entry_id)
                reversed_ids.add(row.reverses)
            report.postings += len(row.postings)
            for posting in row.postings:
                if posting.account is Account.AVAILABLE:
                    available[row.fund] -= posting.usd_minor
        report.entries += len(page)
        after = page[-1].entry_id
        say("entries", report.entries, of)
    return available


async def _expected_entries(tx: Tx, entry_ids: Sequence[UUID]) -> Mapping[UUID, Entry]:
    """Return the entries of these events, made from the journal's facts."""
    rows = await tx.fetch("SELECT event FROM journal WHERE event_id = ANY ($1::uuid[])", entry_ids)
    events = [decode_event(row["event"]) for row in rows]
    made = [entry_of(event.id, event.time, fact) for event in events if (fact := decode_fact(event)) is not None]
    return {entry.entry_id: entry for entry in made if entry is not None}


def _verify_entry(report: Report, row: EntryRow, expected: Entry | None) -> None:
    minors: Counter[tuple[str, str]] = Counter()
    worths: Counter[str] = Counter()
    for posting in row.postings:
        minors[posting.book, posting.currency] += posting.minor
        worths[posting.book] += posting.usd_minor
    wrong = {book for (book, _), minor in minors.items() if minor} | {book for book, worth in worths.items() if worth}
    place = first_difference(row, expected) if expected else None
    if wrong or not row.postings:
        what = f"it does not balance: {', '.join(sorted(wrong)) or 'no postings'}"
        at = place or next((n for n, one in enumerate(row.postings, 1) if one.book in wrong), None)
        report.add("entry", what, entry_id=row.entry_id, position=at)
    elif expected is None:
        report.add("entry", "the journal has no fact for it", entry_id=row.entry_id)
    elif place is not None:
        report.add("entry", "differs from its fact", entry_id=row.entry_id, position=place)
    elif differing := _differing(row, expected):
        report.add("entry", f"differs from its fact: {', '.join(differing)}", entry_id=row.entry_id)


def first_difference(row: EntryRow, expected: Entry) -> int | None:
    """Return the position of the first posting that differs from the fact's; None if there is none."""
    is_there = [
        (
            one.account,
            one.currency,
            one.minor,
            one.usd_minor,
            one.rate and Fraction(one.rate),
            one.rate_currency,
            one.rate_source,
            one.rate_date,
        )
        for one in row.postings
    ]
    should_be = [(one.account, one.currency, one.minor, one.usd_minor, *_rated(one.rate)) for one in expected.postings]
    if is_there == should_be:
        return None
    pairs = zip(is_there, should_be, strict=False)
    return next((n for n, (one, other) in enumerate(pairs, 1) if one != other), min(len(is_there), len(should_be)) + 1)


def _rated(rate: Rate | None) -> tuple[Fraction | None, str | None, str | None, date | None]:
    if rate is None:
        return None, None, None, None
    return Fraction(rate.usd_per_unit), rate.currency, rate.source, rate.valid_from


def _differing(row: EntryRow, expected: Entry) -> list[str]:
    names = ("type", "fund", "pledge_id", "allocation_id", "donor", "effective_on", "recorded_at")
    differing = [name for name in names if getattr(row, name) != getattr(expected, name)]
    valued = expected.valuation
    if (row.rate is None) != (valued is None) or (
        valued is not None
        and (Fraction(row.rate or 0), row.rate_source, row.rate_date)
        != (Fraction(valued.rate), valued.rate_source, valued.rate_date)
    ):
        differing.append("rate")
    named = expected.reverses
    if row.reverses != named if named is not None else (row.reverses is not None) != (expected.type in REVERSES):
        differing.append("reverses")
    return differing


async def _find_missing_entries(tx: Tx, report: Report) -> None:
    """Report facts that move money and have no entry."""
    start = -(2**63)
    while True:
        rows = await tx.fetch(
            """
            SELECT position, event FROM journal
            WHERE position >= $1 AND NOT EXISTS (SELECT FROM entry WHERE entry.entry_id = journal.event_id)
            ORDER BY position LIMIT $2
            """,
            start,
            PAGE,
        )
        for row in rows:
            event = decode_event(row["event"])
            fact = decode_fact(event)
            if fact is not None and entry_of(event.id, event.time, fact) is not None:
                report.add("entry", f"no entry follows from {event.type}", entry_id=event.id)
        if len(rows) < PAGE:
            return
        start = rows[-1]["position"] + 1


# -- records derived from facts and entries ---------------------------------------------------------------------------


async def _verify_balances(tx: Tx, report: Report, available: Mapping[str, int]) -> None:
    """Compare each fund's balance with the sum of its entries; a missing balance is a mismatch."""
    for row in await tx.fetch(
        "SELECT fund, available_usd_minor FROM fund LEFT JOIN balance USING (fund) ORDER BY fund"
    ):
        report.funds += 1
        counted, added_up = row["available_usd_minor"], available.get(row["fund"], 0)
        if counted != added_up:
            report.add("balance", f"{row['fund']} has a balance of {counted}, but its entries add up to {added_up}")


_CLOSING = """
    SELECT account, currency, work_package, of_activities, year, minor, usd_minor, postings FROM closing
    WHERE as_of = $1 AND fund = $2
"""
_RECORDED = """
    SELECT account, currency, coalesce(work_package, ''), activity_id IS NOT NULL,
        extract(year FROM effective_on)::smallint, sum(minor), sum(p.usd_minor), count(*)
    FROM entry LEFT JOIN allocation USING (allocation_id) CROSS JOIN unnest(postings) AS p
    WHERE recorded_at > coalesce($1, '-infinity'::timestamptz) AND recorded_at <= $2 AND entry.fund = $3
    GROUP BY 1, 2, 3, 4, 5
"""


async def _verify_snapshots(tx: Tx, report: Report, say: Say) -> None:
    """Check that each snapshot is the previous one plus the entries recorded in between; the first starts from 0."""
    rows = await tx.fetch("SELECT DISTINCT fund, as_of FROM closing ORDER BY fund, as_of")
    held: _Held = {}
    before: tuple[str, datetime | None] = ("", None)
    for fund, as_of in rows:
        if fund != before[0]:
            held, before = {}, (fund, None)
        for *of, minor, usd_minor, postings in await tx.fetch(_RECORDED, before[1], as_of, fund):
            was = held.get(tuple(of), (0, 0, 0))
            held[tuple(of)] = (was[0] + int(minor), was[1] + int(usd_minor), was[2] + postings)
        closing = await tx.fetch(_CLOSING, as_of, fund)
        found = {tuple(row)[:-3]: tuple(row)[-3:] for row in closing}
        for key in sorted(found.keys() | held.keys()):
            if found.get(key) != held.get(key):
                account, currency, work_package, of_activities, year = key
                purpose = work_package or ("activities" if of_activities else "")
                what = f"{fund} as of {as_of.isoformat()}, {account} in {currency}"
                what += (f" for {purpose}" if purpose else "") + f" of {year}: differs from its postings"
                report.add("closing", what)
        before = (fund, as_of)
        report.closings += 1
        say("closings", report.closings, len(rows))


async def _verify_pledges(tx: Tx, report: Report, say: Say) -> None:
    """Compare each pledge with its facts."""
    of = await tx.fetchval("SELECT count(*) FROM pledge")
    after = NIL
    while page := await store.page_of_pledges(tx, after=after, limit=PAGE):
        expected = await history_store.rebuild(tx, [pledge.pledge_id for pledge in page], evolve)
        for pledge in page:
            if differing := _differing_fields(pledge, expected.get(pledge.pledge_id)):
                report.add("pledge", f"{pledge.pledge_id}: {differing}")
        report.pledges += len(page)
        after = page[-1].pledge_id
        say("pledges", report.pledges, of)


async def _verify_allocations(tx: Tx, report: Report, say: Say) -> None:
    """Compare each allocation with its facts; report entries of allocations that do not exist."""
    of = await tx.fetchval("SELECT count(*) FROM allocation")
    after = NIL
    while page := await allocation_store.page_of_allocations(tx, after=after, limit=PAGE):
        expected = await history_store.rebuild(tx, [one.allocation_id for one in page], allocations.evolve)
        for one in page:
            if differing := _differing_fields(one, expected.get(one.allocation_id)):
                report.add("allocation", f"{one.allocation_id}: {differing}")
        report.allocations += len(page)
        after = page[-1].allocation_id
        say("allocations", report.allocations, of)
    for row in await tx.fetch(
        """
        SELECT DISTINCT allocation_id FROM entry
        WHERE allocation_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM allocation WHERE allocation.allocation_id = entry.allocation_id)
        ORDER BY allocation_id
        """
    ):
        report.add("allocation", f"{row['allocation_id']}: has entries but no row")


async def _verify_requirements(tx: Tx, report: Report, say: Say) -> None:
    """Compare each requirement with its facts, and its covered amount with its allocations."""
    of = await tx.fetchval("SELECT count(*) FROM requirement")
    after = NIL
    while page := await allocation_store.page_of_requirements(tx, after=after, limit=PAGE):
        ids = [one.requirement_id for one in page]
        expected, covered = (
            await history_store.rebuild(tx, ids, allocations.evolve_requirement),
            await _covered(tx, ids),
        )
        for one in page:
            follows = expected.get(one.requirement_id)
            should_be = follows and replace(follows, covered_usd_minor=covered.get(one.requirement_id, 0))
            if differing := _differing_fields(one, should_be):
                report.add("requirement", f"{one.requirement_id}: {differing}")
        report.requirements += len(page)
        after = page[-1].requirement_id
        say("requirements", report.requirements, of)


_MISSING_ROWS = {
    "pledge": """
        SELECT DISTINCT aggregate_id FROM journal WHERE aggregate = 'pledge'
          AND NOT EXISTS (SELECT FROM pledge WHERE pledge_id = aggregate_id) ORDER BY aggregate_id
    """,
    "allocation": """
        SELECT DISTINCT aggregate_id FROM journal WHERE aggregate = 'allocation'
          AND NOT EXISTS (SELECT FROM allocation WHERE allocation_id = aggregate_id) ORDER BY aggregate_id
    """,
    "requirement": """
        SELECT DISTINCT aggregate_id FROM journal WHERE aggregate = 'requirement'
          AND NOT EXISTS (SELECT FROM requirement WHERE requirement_id = aggregate_id) ORDER BY aggregate_id
    """,
}


_NIL_ROWS = {
    "entry": "SELECT FROM entry WHERE entry_id = $1",
    "pledge": "SELECT FROM pledge WHERE pledge_id = $1",
    "allocation": "SELECT FROM allocation WHERE allocation_id = $1",
    "requirement": "SELECT FROM requirement WHERE requirement_id = $1",
}
"""Queries for rows whose id is the nil UUID, which the service never assigns, because pages begin after it."""


async def _find_missing_rows(tx: Tx, report: Report) -> None:
    """Report facts without a row, and rows whose id is the nil UUID."""
    for table, query in _NIL_ROWS.items():
        if await tx.fetch(query, NIL):
            report.add(table, f"{NIL}: this id is never assigned")
    for table, query in _MISSING_ROWS.items():
        for row in await tx.fetch(query):
            report.add(table, f"{row['aggregate_id']}: has facts but no row")


async def _covered(tx: Tx, requirement_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return the allocated money of each requirement; a returned allocation counts with its spent amount."""
    rows = await tx.fetch(
        """
        SELECT requirement_id, sum(CASE status WHEN 'made' THEN usd_minor WHEN 'returned' THEN spent_usd_minor ELSE 0
            END)::bigint AS usd_minor
        FROM allocation WHERE requirement_id = ANY ($1::uuid[]) GROUP BY requirement_id
        """,
        requirement_ids,
    )
    return {row["requirement_id"]: row["usd_minor"] for row in rows}


def _differing_fields(found: msgspec.Struct, follows: msgspec.Struct | None) -> str:
    """Return the names of the fields that differ from the rebuilt record; empty if there are none."""
    if follows is None:
        return "has no fact"
    names = found.__struct_fields__
    return ", ".join(name for name in names if getattr(follows, name) != getattr(found, name))
