"""Conversion of amounts to US cents: exact fractions, rounded once, half to even.

Minor units are those of ISO 4217: 1 yen, a thousandth of a Kuwaiti dinar. No float or Decimal is used, so no NaN can
occur. `in_force` is the only rule for the rate of a day; a missing rate is not guessed.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from msgspec import Struct

from contracts.codes import unknown_code
from contracts.pledges import Rate, Valuation
from contracts.reference import currencies, exponent
from contracts.refusals import Invalid, Mismatch
from contracts.values import MINOR_UNITS_MAX, Money

USD = "USD"
PAR = "par"
"""The source of the rate between the US dollar and itself."""

UN_OPERATIONAL = "un_operational"
"""The United Nations Operational Rates of Exchange, at which the United Nations keeps its books."""

ECB = "ecb"
"""The euro foreign exchange reference rates of the European Central Bank."""

MONTH, OFF = "month", "off"
PERIODS: Mapping[str, int | str] = {UN_OPERATIONAL: MONTH, ECB: 7}
"""Default validity of each source's rates; rates of other sources hold until the end of their month."""

BASIS_POINTS = 10_000

SETTLES_WITHIN = 2
"""Maximum factor between a receipt in another currency and the amount it settles, in either direction."""

SETTLES_ABOUT_USD_MINOR = 100
"""Maximum difference between a receipt and the amount it settles that counts as rounding: one dollar."""
RATE_DIGITS = 10
_LEAST_RATE = Fraction(1, 10**9)
_MOST_RATE = 10**9
_RATE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,18})?\Z")


class Validity(Struct, frozen=True):
    """The validity of each source's rates: a number of days, `month` (until the end of the month) or `off` (never)."""

    periods: Mapping[str, int | str] = {}

    def since(self, source: str, on: date) -> date | None:
        """Return the first day whose rate is still in force on `on`; None if the source is off."""
        period = self.periods.get(source, PERIODS.get(source, MONTH))
        if isinstance(period, int):
            return date.fromordinal(max(on.toordinal() - period, 1))
        return None if period == OFF else on.replace(day=1)


DEFAULT_VALIDITY = Validity()


def check_amount(minor: int) -> None:
    """Raise Invalid unless the amount is positive."""
    if minor <= 0:
        raise Invalid("amount-zero")


def read_rate(text: str) -> Fraction:
    """Parse a positive number in decimal digits. Raises Invalid for anything else."""
    if not _RATE.match(text):
        raise Invalid("rate-not-positive")
    rate = Fraction(text)
    if rate <= 0:
        raise Invalid("rate-not-positive")
    return rate


def rate_text(rate: Fraction) -> str:
    """Return a computed rate with ten significant digits, rounded half to even.

    Raises Invalid if it is too small or too large.
    """
    places = 0
    while rate >= _LEAST_RATE and rate * 10**places < 10 ** (RATE_DIGITS - 1):
        places += 1
    digits = round(rate * 10**places)
    if rate < _LEAST_RATE or digits >= _MOST_RATE * 10**places:
        raise Invalid("number-out-of-range")
    whole, part = divmod(digits, 10**places)
    return f"{whole}.{part:0{places}}".rstrip("0").rstrip(".")


def usd_minor_of(money: Money, rate: Fraction) -> int:
    """Return the amount in US cents, rounded half to even. Raises Invalid beyond the largest amount."""
    usd_minor = round(money.minor * rate * Fraction(10 ** exponent(USD), 10 ** exponent(money.currency)))
    if usd_minor > MINOR_UNITS_MAX:
        raise Invalid("number-out-of-range", field="money.minor")
    return usd_minor


def in_force(rates: Iterable[Rate], currency: str, on: date, validity: Validity = DEFAULT_VALIDITY) -> Rate | None:
    """Return the currency's rate on a day: the latest one up to that day that is still valid for its source.

    The Financial Regulations and Rules of the United Nations prescribe the operational rate for its books: from its
    first operational rate on, a currency has no other one. Else any other loaded table comes before the European
    Central Bank's; of several tables the later day comes first, then the source's name.
    """
    earlier = [
        (rate, since)
        for rate in rates
        if rate.currency == currency
        and rate.valid_from <= on
        and (since := validity.since(rate.source, on)) is not None
    ]
    prescribed = [one for one in earlier if one[0].source == UN_OPERATIONAL]
    candidates = [rate for rate, since in prescribed or earlier if since <= rate.valid_from]
    return min(candidates, key=_precedence, default=None)


def _precedence(rate: Rate) -> tuple[bool, int, str]:
    return rate.source == ECB, -rate.valid_from.toordinal(), rate.source


def value(money: Money, on: date, rates: Iterable[Rate], validity: Validity = DEFAULT_VALIDITY) -> Valuation:
    """Return the valuation of the amount on its value date.

    Raises Invalid for an unknown currency, Mismatch without a rate in force.
    """
    if money.currency not in currencies():
        raise unknown_code("money.currency", money.currency, currencies(), code_list="currencies")
    if money.currency == USD:
        return Valuation(usd_minor=money.minor, rate="1", rate_source=PAR, rate_date=on)
    rate = in_force(rates, money.currency, on, validity)
    if rate is None:
        raise Mismatch("rate-not-in-force", currency=money.currency, on=on.isoformat())
    return Valuation(
        usd_minor=usd_minor_of(money, read_rate(rate.usd_per_unit)),
        rate=rate.usd_per_unit,
        rate_source=rate.source,
        rate_date=rate.valid_from,
    )


def support_cost_of(usd_minor: int, basis_points: int) -> int:
    """Return the programme support cost included in a contribution, in hundredths of a percent of the direct cost."""
    return round(Fraction(usd_minor * basis_points, BASIS_POINTS + basis_points))


def gross_of(usd_minor: int, basis_points: int) -> int:
    """Return the lowest contribution that leaves this amount after programme support cost."""
    gross = usd_minor * (BASIS_POINTS + basis_points) // BASIS_POINTS - 1
    while gross - support_cost_of(gross, basis_points) < usd_minor:
        gross += 1
    return gross


def may_settle(agreed: int, came: int) -> bool:
    """Check whether a receipt may settle an amount of that worth, both in US cents."""
    return abs(agreed - came) <= SETTLES_ABOUT_USD_MINOR or max(agreed, came) <= SETTLES_WITHIN * min(agreed, came)
