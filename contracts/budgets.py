"""Balances of funds at a time, which the owner of the ledger gives to services that plan payments."""

from datetime import datetime
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.pledges import FundCode, Rate
from contracts.reference import exponent
from contracts.values import Code, Currency, Money, Organization

FUNDS_MAX = 50
CURRENCIES_MAX = 200
USD = "USD"

Funds = Annotated[tuple[FundCode, ...], Meta(min_length=1, max_length=FUNDS_MAX)]


class BudgetQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query by another service: the balances of these funds and the rates of these currencies, now."""

    funds: Funds
    currencies: Annotated[tuple[Currency, ...], Meta(max_length=CURRENCIES_MAX)] = ()


class LinePart(Struct, frozen=True, kw_only=True):
    """Money of a fund reserved for one line: received tightly earmarked, and not allocated to the line yet."""

    line_id: UUID
    usd_minor: int


class FundBalance(Struct, frozen=True, kw_only=True):
    """Money of a fund received and not allocated, in US-dollar cents; `earmarked` is part of it."""

    fund: FundCode
    available_usd_minor: int
    earmarked: tuple[LinePart, ...] = ()

    @property
    def free_usd_minor(self) -> int:
        """Money not reserved for a line."""
        return self.available_usd_minor - sum(one.usd_minor for one in self.earmarked)


class FundingGap(Struct, frozen=True, kw_only=True):
    """The money a confirmed match still lacks, in US-dollar cents; null if it has no known requirement."""

    match_id: UUID
    gap_usd_minor: int | None


class PledgeBalance(Struct, frozen=True, kw_only=True):
    """The part of a donor's commitment that is owed or paid without conditions, less programme support cost.

    `usd_minor` is in US-dollar cents; the amount that the fund has allocated is not known for a single pledge.
    `in_force` is true if money is owed or was received under an agreement; `kept_for_line` is the only line that the
    money may be used for, if any. `rates` are the rates in force of the requested currencies.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    status: Code
    in_force: bool
    usd_minor: int
    kept_for_line: UUID | None
    rates: tuple[Rate, ...] = ()

    def worth(self, money: Money) -> Money | None:
        """Like `Budgeted.worth`."""
        return _worth(money, self.rates)


class Budgeted(Struct, frozen=True, kw_only=True):
    """Balances of the known funds at a time, and the rates in force on that day, if any."""

    as_of: datetime
    funds: tuple[FundBalance, ...]
    rates: tuple[Rate, ...] = ()

    def worth(self, money: Money) -> Money | None:
        """The amount in US dollars, to the cent, half to even, as in the ledger; None without a rate in force."""
        return _worth(money, self.rates)


def _worth(money: Money, rates: tuple[Rate, ...]) -> Money | None:
    if money.currency == USD:
        return money
    rate = next((one for one in rates if one.currency == money.currency), None)
    if rate is None:
        return None
    scale = Fraction(10 ** exponent(USD), 10 ** exponent(money.currency))
    return Money(minor=round(money.minor * Fraction(rate.usd_per_unit) * scale), currency=USD)
