"""Rows of the ledger: entries with their postings, and balances of funds."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.pledges import Rate
from contracts.refusals import Conflict, Missing
from contracts.values import Caller
from services.pledges.ledger.postings import BOOKS, REVERSES, Account, Book, Entry, EntryType, Posting
from services.pledges.pledge.model import LowestAmounts, Pledge


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A posting of an entry: a debit is positive, a credit negative.

    `rate` gives its worth in US dollars, with source and day; it is null for dollars. The rate is of `rate_currency`,
    which is the posting's own currency, unless the posting has the worth of cash received in another currency.
    """

    book: Book
    account: Account
    currency: str
    minor: int
    usd_minor: int
    rate: str | None
    rate_currency: str | None
    rate_source: str | None
    rate_date: date | None


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger with its postings; `reverses` is the entry it reverses."""

    entry_id: UUID
    type: EntryType
    fund: str
    pledge_id: UUID | None
    allocation_id: UUID | None
    donor: str | None
    effective_on: date
    recorded_at: datetime
    rate: str | None
    rate_source: str | None
    rate_date: date | None
    reverses: UUID | None
    postings: tuple[Row, ...]


async def lock_balance(tx: Tx, fund: str) -> int:
    """Lock the fund's balance until the transaction ends and return it. Raises Missing for an unknown fund.

    Actions that take from a fund lock its balance before they announce the fact. The fact then follows, in the journal,
    all facts it depends on, and a rebuild never makes the balance negative. Fails at once with LockNotAvailableError if
    another transaction holds the row (`Database.run_in_transaction`).
    """
    available = await tx.fetchval("SELECT available_usd_minor FROM balance WHERE fund = $1 FOR UPDATE NOWAIT", fund)
    if available is None:
        raise Missing("not-found")
    return int(available)


async def lowest_available(tx: Tx, fund: str, *, since: date) -> int:
    """Return the fund's lowest available balance by value date, from that day on.

    Requires the lock of the balance, so that no other entry is written before the caller's.
    """
    return int(
        await tx.fetchval(
            """
            SELECT available_usd_minor - greatest(0, (
                SELECT max(came_after) FROM (
                    SELECT sum(came) OVER (ORDER BY effective_on DESC) AS came_after FROM (
                        SELECT effective_on, -sum(p.usd_minor) AS came FROM entry CROSS JOIN unnest(postings) AS p
                        WHERE entry.fund = $1 AND effective_on > $2 AND p.account = 'available' GROUP BY effective_on
                    ) AS of_day
                ) AS later))
            FROM balance WHERE fund = $1
            """,
            fund,
            since,
        )
    )


async def lowest_unspent(tx: Tx, allocation_id: UUID) -> int:
    """Return the lowest unspent amount of an allocation by value date.

    Requires the lock of the allocation, so that no other entry is written before the caller's.
    """
    return int(
        await tx.fetchval(
            """
            SELECT min(left_over) FROM (
                SELECT sum(-sum(p.usd_minor)) OVER (ORDER BY effective_on) AS left_over
                FROM entry CROSS JOIN unnest(postings) AS p
                WHERE allocation_id = $1 AND p.account = 'allocated' GROUP BY effective_on
            ) AS of_day
            """,
            allocation_id,
        )
    )


async def lowest_of_pledge(tx: Tx, pledge: Pledge, *, since: date) -> LowestAmounts:
    """Return the lowest amounts of a pledge's money by value date, from that day on.

    Requires the lock of the pledge, so that no other entry is written before the caller's.
    """
    row = await tx.fetchrow(
        """
        SELECT min(minor)::bigint AS minor, min(usd_minor)::bigint AS usd_minor,
            min(net_usd_minor)::bigint AS net_usd_minor
        FROM (
            SELECT day, sum(minor) OVER by_day AS minor, sum(usd_minor) OVER by_day AS usd_minor,
                sum(net_usd_minor) OVER by_day AS net_usd_minor
            FROM (
                SELECT effective_on AS day,
                    CASE WHEN p.account IN ('discharged', 'refunded') AND p.currency = $3 THEN p.minor ELSE 0 END
                        AS minor,
                    CASE WHEN p.account IN ('cash', 'refunded', 'transferred') THEN p.usd_minor ELSE 0 END AS usd_minor,
                    CASE WHEN p.account = 'available' THEN -p.usd_minor ELSE 0 END AS net_usd_minor
                FROM entry CROSS JOIN unnest(postings) AS p
                -- What was brought forward stands in the other fund.
                WHERE pledge_id = $1 AND entry.fund = $2
                UNION ALL
                SELECT $4, 0, 0, 0
            ) AS moved
            WINDOW by_day AS (ORDER BY day)
        ) AS held
        WHERE day >= $4
        """,
        pledge.pledge_id,
        pledge.fund,
        pledge.currency,
        since,
    )
    return msgspec.convert(dict(row or {}), LowestAmounts)


async def last_value_date(tx: Tx, allocation_id: UUID) -> date:
    """Return the last value date of an allocation's entries, on which all of its unspent money can be returned."""
    found: date = await tx.fetchval("SELECT max(effective_on) FROM entry WHERE allocation_id = $1", allocation_id)
    return found


# The balance is updated last, so that its row is locked as briefly as possible.
_WRITE = """
    WITH written AS (
        INSERT INTO entry (entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate,
            rate_source, rate_date, postings, reverses)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10, $11, $12::text::posting[], $13) RETURNING fund
    )
    SELECT CASE WHEN $14::bigint = 0 THEN true ELSE move_balance(fund, $14::bigint) END FROM written
"""

_WRITE_MANY = """
    WITH written AS (
        INSERT INTO entry (entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate,
            rate_source, rate_date, postings, reverses)
        SELECT entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate::numeric,
            rate_source, rate_date, postings::posting[], reverses
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::date[],
            $8::timestamptz[], $9::text[], $10::text[], $11::date[], $12::text[], $13::uuid[])
            AS w(entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate, rate_source,
                rate_date, postings, reverses)
        RETURNING 1
    )
    SELECT count(*) FROM unnest($14::text[], $15::bigint[]) AS moves(fund, by_usd_minor)
    WHERE (SELECT count(*) FROM written) > 0 AND move_balance(fund, by_usd_minor)
"""


async def write(tx: Tx, entry: Entry) -> None:
    """Insert an entry and update the fund's balance, in one statement.

    Raises Conflict if the balance would become negative, LockNotAvailableError if another transaction has locked its
    row.
    """
    reversed_entry = (await _reversed_entries(tx, [entry])).get(entry.entry_id)
    if not await tx.fetchval(_WRITE, *_row(entry), reversed_entry, entry.available_usd_minor):
        raise Conflict("balance-exceeded")


async def write_many(tx: Tx, entries: Sequence[Entry]) -> None:
    """Insert entries and update each fund's balance once by their sum, in one statement.

    Raises Conflict if a balance would become negative by all of them together; then none is written.
    """
    if len(entries) == 1:
        # The statement for one entry is planned once; the statement for many is planned again for each number of
        # entries.
        await write(tx, entries[0])
        return
    moves = _balance_changes(entries)
    if await tx.fetchval(_WRITE_MANY, *_columns(entries, moves, await _reversed_entries(tx, entries))) < len(moves):
        raise Conflict("balance-exceeded")


def _balance_changes(entries: Sequence[Entry]) -> Mapping[str, int]:
    """Return the nonzero changes of funds' balances, ordered by code, which is the order in which funds are locked."""
    moves: dict[str, int] = {}
    for entry in entries:
        moves[entry.fund] = moves.get(entry.fund, 0) + entry.available_usd_minor
    return {fund: by for fund, by in sorted(moves.items()) if by}


def _row(entry: Entry) -> Sequence[object]:
    valuation = entry.valuation
    return (
        entry.entry_id,
        entry.type,
        entry.fund,
        entry.pledge_id,
        entry.allocation_id,
        entry.donor,
        entry.effective_on,
        entry.recorded_at,
        valuation.rate if valuation else None,
        valuation.rate_source if valuation else None,
        valuation.rate_date if valuation else None,
        _array(entry.postings),
    )


def _array(postings: Sequence[Posting]) -> str:
    """Return an array of rows as a PostgreSQL literal. Codes and numbers need no quoting."""
    rows = (f'"({one.account},{one.currency},{one.minor},{one.usd_minor},{_rate(one.rate)})"' for one in postings)
    return f"{{{','.join(rows)}}}"


def _rate(rate: Rate | None) -> str:
    return f"{rate.usd_per_unit},{rate.currency},{rate.source},{rate.valid_from}" if rate else ",,,"


def _columns(
    entries: Sequence[Entry], moves: Mapping[str, int], reversed_entries: Mapping[UUID, UUID]
) -> Sequence[object]:
    """Return the parameters of `_WRITE_MANY`."""
    rows = [(*_row(entry), reversed_entries.get(entry.entry_id)) for entry in entries]
    return (*zip(*rows, strict=True), list(moves), list(moves.values()))


async def _reversed_entries(tx: Tx, entries: Sequence[Entry]) -> Mapping[UUID, UUID]:
    """Return the entry that each of these entries reverses, from the ledger or from among them."""
    named = {entry.entry_id: entry.reverses for entry in entries if entry.reverses is not None}
    wanted = {entry.entry_id: (REVERSES[entry.type], _about(entry)) for entry in entries if entry.type in REVERSES}
    if not wanted:
        return named
    rows = await tx.fetch(
        """
        SELECT type, coalesce(pledge_id, allocation_id) AS about, entry_id FROM entry
        WHERE type = ANY ($1::text[]) AND (pledge_id = ANY ($2::uuid[]) OR allocation_id = ANY ($2::uuid[]))
        """,
        list({kind for kind, _ in wanted.values()}),
        [about for _, about in wanted.values()],
    )
    existing = {(entry.type, _about(entry)): entry.entry_id for entry in entries}
    existing |= {(EntryType(row["type"]), row["about"]): row["entry_id"] for row in rows}
    return named | {entry_id: existing[key] for entry_id, key in wanted.items() if key in existing}


def _about(entry: Entry) -> UUID | None:
    return entry.pledge_id or entry.allocation_id


async def is_reversed(tx: Tx, entry_id: UUID) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM entry WHERE reverses = $1)", entry_id))


_ENTRY = """
    SELECT entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at,
        trim_scale(rate)::text AS rate, rate_source, rate_date, reverses,
        (SELECT coalesce(json_agg(json_build_object('account', account, 'currency', currency, 'minor', minor,
            'usd_minor', usd_minor, 'rate', trim_scale(p.rate)::text, 'rate_currency', rate_currency,
            'rate_source', p.rate_source, 'rate_date', p.rate_date) ORDER BY place), '[]')
         FROM unnest(postings) WITH ORDINALITY AS p(account, currency, minor, usd_minor, rate, rate_currency,
            rate_source, rate_date, place))::text AS postings
    FROM entry"""


async def entries(
    tx: Tx,
    caller: Caller,
    *,
    fund: str | None,
    donor: str | None = None,
    pledge_id: UUID | None,
    allocation_id: UUID | None,
    effective_from: date | None = None,
    effective_until: date | None = None,
    as_of: datetime | None,
    before: UUID | None,
    limit: int,
) -> list[EntryRow]:
    """List the entries this caller may see, as recorded by `as_of`, newest first, after `before`.

    `effective_from` and `effective_until` limit the value dates; both days are included.
    """
    # As for flows, a generic plan for all filters would sort the whole ledger for a page.
    await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    rows = await tx.fetch(
        _ENTRY
        + """
        WHERE reads_of_donor(entry.donor, $1, $2) AND ($3::text IS NULL OR fund = $3)
          AND ($4::uuid IS NULL OR pledge_id = $4)
          AND ($5::uuid IS NULL OR allocation_id = $5) AND ($6::uuid IS NULL OR entry_id < $6)
          AND ($7::timestamptz IS NULL OR recorded_at <= $7)
          AND ($8::date IS NULL OR effective_on >= $8) AND ($9::date IS NULL OR effective_on <= $9)
          AND ($10::text IS NULL OR donor = $10)
        ORDER BY entry_id DESC LIMIT $11
        """,
        caller.organization,
        caller.role,
        fund,
        pledge_id,
        allocation_id,
        before,
        as_of,
        effective_from,
        effective_until,
        donor,
        limit,
    )
    return [_entry_row(row) for row in rows]


async def entries_by_id(tx: Tx, entry_ids: Sequence[UUID]) -> dict[UUID, EntryRow]:
    """Return entries that the caller was allowed to read."""
    rows = await tx.fetch(_ENTRY + " WHERE entry_id = ANY ($1::uuid[])", list(entry_ids)) if entry_ids else []
    return {row["entry_id"]: _entry_row(row) for row in rows}


async def page(tx: Tx, *, after: UUID, limit: int) -> list[EntryRow]:
    """List entries in the order of their ids, as the service."""
    rows = await tx.fetch(_ENTRY + " WHERE entry_id > $1 ORDER BY entry_id LIMIT $2", after, limit)
    return [_entry_row(row) for row in rows]


def _entry_row(row: Record) -> EntryRow:
    postings = [{"book": BOOKS[Account(one["account"])], **one} for one in msgspec.json.decode(row["postings"])]
    return msgspec.convert({**dict(row), "postings": postings}, EntryRow)
