"""The ledger's rows: entries with their postings, and the balance that allocations draw on."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db import Tx
from contracts.refusals import Conflict, Missing
from contracts.values import Caller
from services.pledges.postings import REVERSES, Account, Book, Entry, EntryType


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A posting of an entry: a debit is positive, a credit negative."""

    book: Book
    account: Account
    currency: str
    minor: int
    usd_minor: int


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger with its postings; `reverses` is the entry that it takes back."""

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


async def hold_balance(tx: Tx, fund: str) -> int:
    """What can be allocated from the fund, held until the transaction ends. Raises Missing for a fund there is none of.

    To be taken before the fact is announced: facts of one fund's money then stand in the journal in the order in which
    they took effect, and the balance can be made again from them without ever being below zero.
    """
    available = await tx.fetchval("SELECT available_usd_minor FROM balance WHERE fund = $1 FOR UPDATE", fund)
    if available is None:
        raise Missing("not-found")
    return int(available)


_WRITE = """
    WITH locked AS MATERIALIZED (
        -- In one order, whoever writes: two that move the balances of several funds never wait for each other.
        SELECT fund FROM balance WHERE fund = ANY ($21::text[]) ORDER BY fund FOR UPDATE
    ), moved AS (
        UPDATE balance SET available_usd_minor = available_usd_minor + by_usd_minor
        FROM locked JOIN unnest($21::text[], $22::bigint[]) AS moves(fund, by_usd_minor) USING (fund)
        WHERE balance.fund = locked.fund AND available_usd_minor + by_usd_minor >= 0 RETURNING 1
    ), written AS (
        INSERT INTO entry (entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate,
            rate_source, rate_date, reverses)
        SELECT entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate::numeric,
            rate_source, rate_date, CASE WHEN reversed_type IS NOT NULL THEN coalesce(reverses, (
                SELECT e.entry_id FROM entry e
                WHERE e.type = reversed_type AND (e.pledge_id = w.pledge_id OR e.allocation_id = w.allocation_id)
            )) END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::date[],
            $8::timestamptz[], $9::text[], $10::text[], $11::date[], $12::text[], $13::uuid[])
            AS w(entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate, rate_source,
                rate_date, reversed_type, reverses)
    ), posted AS (
        INSERT INTO posting (entry_id, position, fund, account, currency, minor, usd_minor)
        SELECT entry_id, position, fund, account, currency, minor, usd_minor
        FROM unnest($14::uuid[], $15::smallint[], $16::text[], $17::text[], $18::text[], $19::bigint[], $20::bigint[])
            AS p(entry_id, position, fund, account, currency, minor, usd_minor)
    )
    SELECT count(*) FROM moved
"""


async def write(tx: Tx, entry: Entry) -> None:
    """Add an entry and move the fund's balance, in one statement. Raises Conflict where it would fall below zero."""
    await write_many(tx, [entry])


async def write_many(tx: Tx, entries: Sequence[Entry]) -> None:
    """Add entries and move each fund's balance once by what they come to, in one statement.

    Raises Conflict where a balance would fall below zero by all of them together; then none may stay.
    """
    moves = _moves(entries)
    if await tx.fetchval(_WRITE, *_columns(entries, moves)) < len(moves):
        raise Conflict("balance-exceeded")


def _moves(entries: Sequence[Entry]) -> Mapping[str, int]:
    """What each fund's balance moves by, of those whose does."""
    moves: dict[str, int] = {}
    for entry in entries:
        moves[entry.fund] = moves.get(entry.fund, 0) + entry.available_usd_minor
    return {fund: by for fund, by in moves.items() if by}


def _columns(entries: Sequence[Entry], moves: Mapping[str, int]) -> Sequence[object]:
    """The parameters of _WRITE. What an entry takes back stands in the ledger, or before it among these."""
    standing: dict[tuple[EntryType, UUID | None], UUID] = {}
    rows, postings = [], []
    for entry in entries:
        valuation, about = entry.valuation, entry.pledge_id or entry.allocation_id
        reverses = REVERSES.get(entry.type)
        rows.append(
            (
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
                reverses,
                standing.get((reverses, about)) if reverses else None,
            )
        )
        standing[entry.type, about] = entry.entry_id
        postings += [
            (entry.entry_id, position, entry.fund, one.account, one.currency, one.minor, one.usd_minor)
            for position, one in enumerate(entry.postings, 1)
        ]
    return (*zip(*rows, strict=True), *zip(*postings, strict=True), list(moves), list(moves.values()))


_ENTRY = """
    SELECT entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at,
        trim_scale(rate)::text AS rate, rate_source, rate_date, reverses
    FROM entry"""


async def entries(
    tx: Tx,
    caller: Caller,
    *,
    fund: str | None,
    pledge_id: UUID | None,
    allocation_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> list[EntryRow]:
    """The entries this caller may see, newest first, from the one after `before`."""
    rows = await tx.fetch(
        _ENTRY
        + """
        WHERE may_see(entry, $1, $2) AND ($3::text IS NULL OR fund = $3) AND ($4::uuid IS NULL OR pledge_id = $4)
          AND ($5::uuid IS NULL OR allocation_id = $5) AND ($6::uuid IS NULL OR entry_id < $6)
        ORDER BY entry_id DESC LIMIT $7
        """,
        caller.organization,
        caller.role,
        fund,
        pledge_id,
        allocation_id,
        before,
        limit,
    )
    return await _with_postings(tx, rows)


async def _with_postings(tx: Tx, rows: Sequence[Record]) -> list[EntryRow]:
    found = await tx.fetch(
        """
        SELECT entry_id, book, account, currency, minor, usd_minor FROM posting
        WHERE entry_id = ANY ($1::uuid[]) ORDER BY entry_id, position
        """,
        [row["entry_id"] for row in rows],
    )
    postings: dict[UUID, list[dict[str, Any]]] = {row["entry_id"]: [] for row in rows}
    for posting in found:
        postings[posting["entry_id"]].append(dict(posting))
    return [msgspec.convert({**dict(row), "postings": postings[row["entry_id"]]}, EntryRow) for row in rows]
