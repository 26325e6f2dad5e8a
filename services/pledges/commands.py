"""What a caller sends: each body with its limits, and what its codes have to be."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.pledges import RATES_MAX, YEARS_MAX, FundCode, Rate, YearlyRequirement
from contracts.reference import currencies
from contracts.refusals import Invalid, Mismatch
from contracts.values import Code, Currency, Money
from services.pledges.domain import SUPPORT_COST_BASIS_POINTS, Earmarking
from services.pledges.funds import Labels
from services.pledges.money import USD

Label = Annotated[str, Meta(min_length=1, max_length=200)]


class NewLabels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the fund is called in each of the six languages."""

    ar: Label
    en: Label
    es: Label
    fr: Label
    ru: Label
    zh: Label

    def labels(self) -> Labels:
        return Labels(ar=self.ar, en=self.en, es=self.es, fr=self.fr, ru=self.ru, zh=self.zh)


class NewRequirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the fund needs in a year, in US dollars."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    money: Money


class OpenFund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fund that can be pledged to, with what it needs in each year, where that is known."""

    code: FundCode
    labels: NewLabels
    requirements: Annotated[tuple[NewRequirement, ...], Meta(max_length=YEARS_MAX)] = ()

    def yearly(self) -> tuple[YearlyRequirement, ...]:
        """Raises Mismatch for another currency than the funds'."""
        return tuple(YearlyRequirement(year=r.year, usd_minor=dollars(r.money)) for r in self.requirements)


class MakePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pledge of the caller's organization: not binding yet. `pledged_on` is its value date."""

    fund: FundCode
    money: Money
    pledged_on: date
    note: Annotated[str, Meta(max_length=2000)] = ""
    earmarking: Earmarking = Earmarking.SOFTLY_EARMARKED


class CommitPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agreement: its day, and its programme support cost in hundredths of a percent of the direct cost."""

    committed_on: date
    support_cost_basis_points: Annotated[int, Meta(ge=0, le=10_000)] = SUPPORT_COST_BASIS_POINTS


class ReceiveInstalment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cash that came in for the pledge, in its currency, and the value date."""

    money: Money
    received_on: date


class WithdrawPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of the withdrawal; today, where none is given."""

    withdrawn_on: date | None = None


class Allocate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars of a fund, for either a requirement or a work package on SHERLOC."""

    fund: FundCode
    money: Money
    requirement_id: UUID | None = None
    work_package: Code | None = None
    allocated_on: date | None = None

    def purpose(self) -> UUID | str:
        """Raises Invalid unless exactly one purpose is named."""
        if self.requirement_id is not None and self.work_package is None:
            return self.requirement_id
        if self.work_package is not None and self.requirement_id is None:
            return self.work_package
        raise Invalid("one-purpose")


class NewRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars for one unit of the currency, as a string of decimal digits, from a day on."""

    source: Code
    currency: Currency
    valid_from: date
    usd_per_unit: Annotated[str, Meta(min_length=1, max_length=20)]


class LoadRates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of rates. A rate that is there already may come again; one that says otherwise is refused."""

    rates: Annotated[tuple[NewRate, ...], Meta(min_length=1, max_length=RATES_MAX)]

    def table(self) -> tuple[Rate, ...]:
        """Raises Invalid for a currency nobody knows."""
        for position, rate in enumerate(self.rates):
            if rate.currency not in currencies():
                raise Invalid("unknown-code", field=f"rates[{position}].currency", code=rate.currency)
        return tuple(
            Rate(source=r.source, currency=r.currency, valid_from=r.valid_from, usd_per_unit=r.usd_per_unit)
            for r in self.rates
        )


def dollars(money: Money) -> int:
    """The US-dollar minor units of an amount that has to be in dollars. Raises Mismatch."""
    if money.currency != USD:
        raise Mismatch("fund-currency", expected=USD)
    return money.minor
