"""What an amount of one currency is worth in US-dollar minor units: exact fractions, rounded once, half to even.

Minor units are ISO 4217's: 1 yen, a thousandth of a Kuwaiti dinar. No float and no Decimal takes part, so that no NaN
can. A rate holds from its day to the end of that month; where there is none, nothing is guessed.
"""

import re
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from contracts.pledges import Rate, Valuation
from contracts.reference import currencies, exponent
from contracts.refusals import Invalid, Mismatch
from contracts.values import MINOR_UNITS_MAX, Money

USD = "USD"
PAR = "par"
"""The source of the rate between the US dollar and itself."""

BASIS_POINTS = 10_000
_RATE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,10})?\Z")


def read_rate(text: str) -> Fraction:
    """Raises Invalid for anything but a number above zero in decimal digits."""
    if not _RATE.match(text):
        raise Invalid("rate-not-positive")
    rate = Fraction(text)
    if rate <= 0:
        raise Invalid("rate-not-positive")
    return rate


def usd_minor_of(money: Money, rate: Fraction) -> int:
    """The amount in US-dollar minor units, rounded half to even. Raises Invalid beyond what any amount may be."""
    usd_minor = round(money.minor * rate * Fraction(10 ** exponent(USD), 10 ** exponent(money.currency)))
    if usd_minor > MINOR_UNITS_MAX:
        raise Invalid("number-out-of-range", field="money.minor")
    return usd_minor


def in_force(rates: Iterable[Rate], currency: str, on: date) -> Rate:
    """The last rate of the currency that began on or before the day, in the same month. Raises Mismatch for none."""
    month = on.replace(day=1)
    candidates = [rate for rate in rates if rate.currency == currency and month <= rate.valid_from <= on]
    if not candidates:
        raise Mismatch("rate-not-in-force", currency=currency, on=on.isoformat())
    return max(candidates, key=lambda rate: rate.valid_from)


def value(money: Money, on: date, rates: Iterable[Rate]) -> Valuation:
    """What the amount is worth on its value date, with the rate that says so. Raises Mismatch without a rate."""
    if money.currency not in currencies():
        raise Invalid("unknown-code", field="money.currency", code=money.currency)
    if money.currency == USD:
        return Valuation(usd_minor=money.minor, rate="1", rate_source=PAR, rate_date=on)
    rate = in_force(rates, money.currency, on)
    return Valuation(
        usd_minor=usd_minor_of(money, read_rate(rate.usd_per_unit)),
        rate=rate.usd_per_unit,
        rate_source=rate.source,
        rate_date=rate.valid_from,
    )


def support_cost_of(usd_minor: int, basis_points: int) -> int:
    """The programme support cost inside a contribution, at so many hundredths of a percent of the direct cost."""
    return round(Fraction(usd_minor * basis_points, BASIS_POINTS + basis_points))
