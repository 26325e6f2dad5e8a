"""The ledger's rows: entries with their postings, the balance that allocations draw on, and what reports add up."""

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


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account of a fund holds in one currency: debits less credits."""

    book: Book
    account: Account
    fund: str
    currency: str
    minor: int
    usd_minor: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """How far a fund's money has come. None is ever added to another: each is a part of the one before, but for the
    open pledges, which nobody has signed for. What is paid is `allocated`, programme support, bank charges, refunded,
    transferred to other funds, or available; `spent` is a part of what is allocated.
    """

    pledged_usd_minor: int = 0
    committed_usd_minor: int = 0
    written_off_usd_minor: int = 0
    paid_usd_minor: int = 0
    allocated_usd_minor: int = 0
    spent_usd_minor: int = 0
    programme_support_usd_minor: int = 0
    bank_charges_usd_minor: int = 0
    refunded_usd_minor: int = 0
    transferred_usd_minor: int = 0
    available_usd_minor: int = 0


async def hold_balance(tx: Tx, fund: str) -> int:
    """What can be allocated from the fund, held until the transaction ends. Raises Missing for a fund there is none of.

    To be taken before the fact is announced: facts of one fund's money then stand in the journal in the order in which
    they took effect, and the balance can be made again from them without ever being below zero.
    """
    available = await tx.fetchval("SELECT available_usd_minor FROM balance WHERE fund = $1 FOR UPDATE", fund)
    if available is None:
        raise Missing("not-found")
    return int(available)


async def write(tx: Tx, entry: Entry) -> None:
    """Add an entry and move the fund's balance, in one statement. Raises Conflict where it would fall below zero."""
    valuation = entry.valuation
    moved = await tx.fetchval(
        """
        WITH written AS (
            INSERT INTO entry (entry_id, type, fund, pledge_id, allocation_id, donor, effective_on, recorded_at, rate,
                rate_source, rate_date, reverses)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10, $11, coalesce($18::uuid, (
                SELECT entry_id FROM entry
                WHERE type = $12 AND (pledge_id = $4 OR allocation_id = $5))))
        ), posted AS (
            INSERT INTO posting (entry_id, position, fund, account, currency, minor, usd_minor)
            SELECT $1, position, $3, account, currency, minor, usd_minor
            FROM unnest($13::text[], $14::text[], $15::bigint[], $16::bigint[]) WITH ORDINALITY
                AS p(account, currency, minor, usd_minor, position)
        ), moved AS (
            UPDATE balance SET available_usd_minor = available_usd_minor + $17::bigint
            WHERE fund = $3 AND $17::bigint <> 0 AND available_usd_minor + $17::bigint >= 0 RETURNING 1
        )
        SELECT $17::bigint = 0 OR EXISTS (SELECT FROM moved)
        """,
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
        REVERSES.get(entry.type),
        [posting.account for posting in entry.postings],
        [posting.currency for posting in entry.postings],
        [posting.minor for posting in entry.postings],
        [posting.usd_minor for posting in entry.postings],
        entry.available_usd_minor,
        entry.reverses,
    )
    if not moved:
        raise Conflict("balance-exceeded")


async def is_reversed(tx: Tx, entry_id: UUID) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM entry WHERE reverses = $1)", entry_id))


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


async def balances(tx: Tx, *, as_at: datetime) -> list[Balance]:
    """Every account's balance, of what had been recorded by then. For those alone who may read the whole ledger."""
    rows = await tx.fetch(
        """
        SELECT book, account, fund, currency, sum(minor) AS minor, sum(usd_minor) AS usd_minor
        FROM posting JOIN entry USING (entry_id, fund)
        WHERE recorded_at <= $1 GROUP BY book, account, fund, currency ORDER BY fund, book, account, currency
        """,
        as_at,
    )
    # A sum of bigint is numeric: whole, and beyond 64 bits when it must be.
    return [
        msgspec.convert({**dict(row), "minor": int(row["minor"]), "usd_minor": int(row["usd_minor"])}, Balance)
        for row in rows
    ]


async def totals(tx: Tx, funds: Sequence[str]) -> Mapping[str, Totals]:
    """How far the money of these funds has come, for everybody."""
    rows = await tx.fetch(
        """
        SELECT fund, available_usd_minor, coalesce(json_object_agg(account, held) FILTER (WHERE account IS NOT NULL),
            '{}')::text AS held
        FROM balance LEFT JOIN (
            SELECT fund, account, sum(usd_minor) AS held FROM posting
            WHERE fund = ANY ($1::text[]) GROUP BY fund, account
        ) AS sums USING (fund)
        WHERE fund = ANY ($1::text[]) GROUP BY fund, available_usd_minor
        """,
        funds,
    )
    return {row["fund"]: _totals(row["available_usd_minor"], msgspec.json.decode(row["held"])) for row in rows}


def _totals(available_usd_minor: int, held: Mapping[str, int]) -> Totals:
    def credit(account: Account) -> int:
        return -held.get(account, 0)

    return Totals(
        pledged_usd_minor=held.get(Account.PLEDGED, 0),
        committed_usd_minor=credit(Account.COMMITTED),
        written_off_usd_minor=held.get(Account.WRITTEN_OFF, 0),
        paid_usd_minor=held.get(Account.CASH, 0),
        allocated_usd_minor=credit(Account.ALLOCATED) + credit(Account.SPENT),
        spent_usd_minor=credit(Account.SPENT),
        programme_support_usd_minor=credit(Account.PROGRAMME_SUPPORT),
        bank_charges_usd_minor=credit(Account.BANK_CHARGES),
        refunded_usd_minor=credit(Account.REFUNDED),
        transferred_usd_minor=credit(Account.TRANSFERRED),
        available_usd_minor=available_usd_minor,
    )
