"""Balances of accounts as of a moment, and totals of funds.

A balance is the fund's last snapshot before the moment plus the postings recorded since, so that reading it takes as
long after a million postings as after a thousand. Snapshots are by year. A balance up to a value date is the sum of
that year and those before, less the entries that take effect in the rest of that year (there are none on its last day).
A donor's balance is the sum of its entries.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.apportionment import apportion
from contracts.budgets import FundBalance, LinePart
from services.pledges.ledger.postings import BOOKS, Account, Book

EVER = datetime.max.replace(tzinfo=UTC)
"""The moment as of which balances are the current ones."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The balance of an account of a fund in one currency: debits less credits."""

    book: Book
    account: Account
    fund: str
    currency: str
    minor: int
    usd_minor: int


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """The allocated money of a fund for one work package, in US cents; spent money is a part of it."""

    allocated_usd_minor: int = 0
    spent_usd_minor: int = 0


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of a fund's money. They overlap and must not be added up.

    Each is a part of the one before, except open pledges, which are not signed. Paid money is allocated (of which
    spent), programme support, bank charges, refunded, transferred to other funds, or available.
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


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of a fund's money, with allocations and spending by work package and by year.

    For a year they are movements by value date, negative if more was reversed.
    """

    totals: Totals = Totals()
    by_work_package: Mapping[str, SetAside] = {}
    spent_by_year: Mapping[int, int] = {}
    spent_by_work_package: Mapping[str, Mapping[int, int]] = {}


# `held_by_fund` returns the last snapshot and the postings since, in parts.
BALANCES = """
    SELECT fund.fund, account, currency, sum(minor) AS minor, sum(usd_minor) AS usd_minor
    FROM fund CROSS JOIN LATERAL held_by_fund(fund.fund, $1) AS parts
    WHERE ($2::text[] IS NULL OR fund.fund = ANY ($2)) AND ($3::date IS NULL OR year <= extract(year FROM $3))
    GROUP BY fund.fund, account, currency
    UNION ALL
    -- In the same statement, which sees one moment: a second could see an entry that the first has not added.
    SELECT entry.fund, p.account, p.currency, -sum(p.minor::numeric), -sum(p.usd_minor::numeric)
    FROM entry CROSS JOIN unnest(postings) AS p
    WHERE entry.effective_on > $3 AND entry.effective_on < date_trunc('year', $3) + interval '1 year'
      AND entry.recorded_at <= $1 AND ($2::text[] IS NULL OR entry.fund = ANY ($2))
    GROUP BY entry.fund, p.account, p.currency
"""
OF_DONOR = """
    SELECT fund, account, currency, sum(minor::numeric) AS minor, sum(p.usd_minor::numeric) AS usd_minor
    FROM entry CROSS JOIN unnest(postings) AS p
    WHERE donor = $4 AND recorded_at <= $1 AND ($2::text[] IS NULL OR fund = ANY ($2))
      AND ($3::date IS NULL OR effective_on <= $3)
    GROUP BY fund, account, currency
"""
_Key: TypeAlias = tuple[str, Book, Account, str]


async def balances(
    tx: Tx, *, as_of: datetime, until: date | None = None, funds: Sequence[str] | None = None, donor: str | None = None
) -> list[Balance]:
    """Return the balance of every account, as recorded by `as_of`: of all funds, of these, or of one donor's entries.

    With `until`, only entries with that value date or an earlier one are included, and accounts with a balance of zero
    are left out. Only for callers who may read the whole ledger. The result never changes once `as_of` is final
    (`snapshots.finality_watermark`).
    """
    minor, usd_minor = Counter[_Key](), Counter[_Key]()
    asked = (BALANCES, as_of, funds, until) if donor is None else (OF_DONOR, as_of, funds, until, donor)
    for row in await tx.fetch(*asked):
        key = (row["fund"], BOOKS[Account(row["account"])], Account(row["account"]), row["currency"])
        # Counted as integers, because the sum may exceed 64 bits.
        minor[key] += int(row["minor"])
        usd_minor[key] += int(row["usd_minor"])
    return [
        Balance(fund=key[0], book=key[1], account=key[2], currency=key[3], minor=minor[key], usd_minor=usd_minor[key])
        for key in sorted(minor)
        if until is None or minor[key] or usd_minor[key]
    ]


async def differing_balances(tx: Tx) -> list[str]:
    """List funds whose balance differs from the sum of their entries. Requires a transaction with one snapshot."""
    held = {one.fund: -one.usd_minor for one in await balances(tx, as_of=EVER) if one.account is Account.AVAILABLE}
    rows = await tx.fetch("SELECT fund, available_usd_minor FROM fund LEFT JOIN balance USING (fund) ORDER BY fund")
    return [row["fund"] for row in rows if row["available_usd_minor"] != held.get(row["fund"], 0)]


MOVED = """
    SELECT fund.fund, year, account, work_package, sum(usd_minor) AS usd_minor
    FROM fund CROSS JOIN LATERAL held_by_fund(fund.fund, $1) AS parts
    WHERE fund.fund = ANY ($2::text[])
    GROUP BY fund.fund, year, account, work_package
"""


async def progress(tx: Tx, funds: Sequence[str], *, as_of: datetime = EVER) -> Mapping[str, Progress]:
    """Return the totals of these funds as recorded by `as_of`, for all callers."""
    moved = {fund: _Movements() for fund in funds}
    for row in await tx.fetch(MOVED, as_of, funds):
        moved[row["fund"]].add(row)
    return {fund: moved[fund].progress() for fund in funds}


async def owed_by_donors(tx: Tx, funds: Sequence[str]) -> Mapping[str, int]:
    """Return the amount owed to each fund under agreements, less programme support cost, in US cents, for all callers.

    It is rounded half to even for each agreement, as in `money.support_cost_of`.
    """
    rows = await tx.fetch(
        """
        SELECT fund, sum(carried - div(part, whole) - CASE
            WHEN 2 * mod(part, whole) + mod(div(part, whole), 2) > whole THEN 1 ELSE 0 END) AS usd_minor
        FROM (SELECT fund, committed_usd_minor - relieved_usd_minor AS carried,
                (committed_usd_minor - relieved_usd_minor)::numeric * support_cost_basis_points AS part,
                10000 + support_cost_basis_points AS whole
              FROM pledge WHERE fund = ANY ($1::text[]) AND committed_usd_minor > relieved_usd_minor) AS agreement
        GROUP BY fund
        """,
        funds,
    )
    return {row["fund"]: int(row["usd_minor"]) for row in rows}


async def progress_by_year(tx: Tx, fund: str, *, as_of: datetime = EVER) -> Mapping[int, Progress]:
    """Return the totals of the fund by year of the value date, as recorded by `as_of`.

    All years of an account add up to the total of `progress`.
    """
    moved: dict[int, _Movements] = {}
    for row in await tx.fetch(MOVED, as_of, [fund]):
        moved.setdefault(row["year"], _Movements()).add(row)
    return {year: one.progress() for year, one in moved.items()}


class _Movements:
    """Movements of accounts, in total and by work package."""

    def __init__(self) -> None:
        self.held = Counter[Account]()
        self.of_work_packages: dict[str, Counter[Account]] = {}
        self.spent = Counter[int]()
        self.spent_on: dict[str, Counter[int]] = {}

    def add(self, row: Record) -> None:
        account, usd_minor = Account(row["account"]), int(row["usd_minor"])
        self.held[account] += usd_minor
        if account is Account.SPENT:
            self.spent[row["year"]] -= usd_minor
            self.spent_on.setdefault(row["work_package"], Counter())[row["year"]] -= usd_minor
        if row["work_package"]:
            self.of_work_packages.setdefault(row["work_package"], Counter())[account] += usd_minor

    def progress(self) -> Progress:
        aside = {name: _set_aside(part) for name, part in self.of_work_packages.items()}
        return Progress(
            totals=_totals(self.held),
            by_work_package={name: one for name, one in aside.items() if one != SetAside()},
            spent_by_year=self.spent,
            spent_by_work_package=self.spent_on,
        )


def _totals(held: Counter[Account]) -> Totals:
    def credit(account: Account) -> int:
        return -held[account]

    return Totals(
        pledged_usd_minor=held[Account.PLEDGED],
        committed_usd_minor=credit(Account.COMMITTED),
        written_off_usd_minor=held[Account.WRITTEN_OFF],
        paid_usd_minor=held[Account.CASH],
        allocated_usd_minor=credit(Account.ALLOCATED) + credit(Account.SPENT),
        spent_usd_minor=credit(Account.SPENT),
        programme_support_usd_minor=credit(Account.PROGRAMME_SUPPORT),
        bank_charges_usd_minor=credit(Account.BANK_CHARGES),
        refunded_usd_minor=credit(Account.REFUNDED),
        transferred_usd_minor=credit(Account.TRANSFERRED),
        available_usd_minor=credit(Account.AVAILABLE),
    )


def _set_aside(held: Counter[Account]) -> SetAside:
    # Spent money was allocated before: the two accounts together are all that was ever allocated.
    spent = -held[Account.SPENT]
    return SetAside(allocated_usd_minor=spent - held[Account.ALLOCATED], spent_usd_minor=spent)


# -- budgets ----------------------------------------------------------------------------------------------------------


async def available_for(tx: Tx, funds: Sequence[str]) -> list[FundBalance]:
    """Return the available money of these funds, with the parts of it that are kept for lines, as the service.

    A pledge that names a requirement is for that requirement's line alone, until two people release it with the donor's
    consent. Its available money stays with the line, less what the fund has allocated to the line, even if its match is
    revoked or others have covered it: the donor has not agreed to another line.
    """
    rows = await tx.fetch(
        """
        WITH came AS (
            SELECT entry.fund, line_id, -sum(p.usd_minor) AS usd_minor
            FROM pledge JOIN requirement USING (requirement_id) JOIN entry USING (pledge_id)
            CROSS JOIN unnest(entry.postings) AS p
            WHERE entry.fund = ANY ($1::text[]) AND p.account = 'available' AND earmarking = 'tightly_earmarked'
            GROUP BY entry.fund, line_id
        ), went AS (
            SELECT fund, line_id, sum(CASE status WHEN 'made' THEN usd_minor ELSE spent_usd_minor END) AS usd_minor
            FROM allocation WHERE fund = ANY ($1::text[]) AND line_id IS NOT NULL AND status <> 'reversed'
            GROUP BY fund, line_id
        ), kept AS (
            SELECT fund, line_id, (came.usd_minor - coalesce(went.usd_minor, 0))::bigint AS usd_minor
            FROM came LEFT JOIN went USING (fund, line_id)
        )
        SELECT fund, available_usd_minor,
            (SELECT coalesce(json_object_agg(line_id, kept.usd_minor), '{}')
             FROM kept WHERE kept.fund = balance.fund AND kept.usd_minor > 0)::text AS kept
        FROM balance WHERE fund = ANY ($1::text[]) ORDER BY fund
        """,
        funds,
    )
    return [
        FundBalance(
            fund=row["fund"],
            available_usd_minor=row["available_usd_minor"],
            earmarked=kept_for_lines(
                msgspec.json.decode(row["kept"], type=dict[UUID, int]), row["available_usd_minor"]
            ),
        )
        for row in rows
    ]


def kept_for_lines(unallocated: Mapping[UUID, int], available_usd_minor: int) -> tuple[LinePart, ...]:
    """Return the money kept for each line: its unallocated earmarked money, or its share of the available money.

    A fund is one pot. If so much was allocated to other purposes that less is left than was paid for lines, each line
    keeps its share of the rest, so that the parts never exceed the available money.
    """
    weights = {str(line_id): usd_minor for line_id, usd_minor in unallocated.items()}
    shares = apportion(min(sum(weights.values()), available_usd_minor), weights)
    return tuple(
        LinePart(line_id=UUID(line_id), usd_minor=usd_minor)
        for line_id, usd_minor in sorted(shares.items())
        if usd_minor
    )
