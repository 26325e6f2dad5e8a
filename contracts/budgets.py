"""What funds have at a moment, as the ledger's owner tells it to whoever plans what they may pay."""

from datetime import datetime
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.pledges import FundCode, Rate
from contracts.reference import exponent
from contracts.values import Currency, Money

FUNDS_MAX = 50
CURRENCIES_MAX = 200
USD = "USD"

Funds = Annotated[tuple[FundCode, ...], Meta(min_length=1, max_length=FUNDS_MAX)]


class Budgeting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a service asks the ledger's owner: what these funds have, and what these currencies are worth, just now."""

    funds: Funds
    currencies: Annotated[tuple[Currency, ...], Meta(max_length=CURRENCIES_MAX)] = ()


class LinePart(Struct, frozen=True, kw_only=True):
    """What of a fund is kept for one line: it came tightly earmarked, and was not allocated to the line yet."""

    line_id: UUID
    usd_minor: int


class FundBalance(Struct, frozen=True, kw_only=True):
    """What of a fund has come and is not allocated, in US-dollar cents; `earmarked` is a part of it, never more."""

    fund: FundCode
    available_usd_minor: int
    earmarked: tuple[LinePart, ...] = ()

    @property
    def free_usd_minor(self) -> int:
        """What is kept for no line."""
        return self.available_usd_minor - sum(one.usd_minor for one in self.earmarked)


class FundingGap(Struct, frozen=True, kw_only=True):
    """What a confirmed match still lacks in money, in US-dollar cents; null where no requirement is known of it."""

    match_id: UUID
    gap_usd_minor: int | None


class Budgeted(Struct, frozen=True, kw_only=True):
    """What funds have as at a moment, those that there are, and the rates in force on its day, those that there are."""

    as_at: datetime
    funds: tuple[FundBalance, ...]
    rates: tuple[Rate, ...] = ()

    def worth(self, money: Money) -> Money | None:
        """The amount in US dollars, to the cent, half to even, as the ledger has it; None where no rate is in force."""
        if money.currency == USD:
            return money
        rate = next((one for one in self.rates if one.currency == money.currency), None)
        if rate is None:
            return None
        scale = Fraction(10 ** exponent(USD), 10 ** exponent(money.currency))
        return Money(minor=round(money.minor * Fraction(rate.usd_per_unit) * scale), currency=USD)
