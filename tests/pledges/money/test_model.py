"""Conversion to US cents: exact, rounded once, half to even."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.pledges import Rate
from contracts.reference import currencies, exponent
from contracts.refusals import Invalid, Mismatch
from contracts.values import MINOR_UNITS_MAX, Money
from services.pledges.money.model import gross_of, in_force, read_rate, support_cost_of, usd_minor_of, value

ANY_CURRENCY = st.sampled_from(sorted(currencies()))
ANY_RATE = st.integers(1, 10**16).map(lambda tenths: Fraction(tenths, 10**10))


def a_rate(currency: str = "EUR", valid_from: date = date(2026, 3, 1), usd_per_unit: str = "1.1523") -> Rate:
    return Rate(source="fictitious", currency=currency, valid_from=valid_from, usd_per_unit=usd_per_unit)


@pytest.mark.parametrize(
    ("money", "rate", "usd_minor"),
    [
        (Money(minor=15_000_000, currency="EUR"), "1.1523", 17_284_500),
        (Money(minor=18_000_000, currency="JPY"), "0.006670", 12_006_000),
        (Money(minor=60_000_000, currency="KWD"), "3.2633", 19_579_800),
        (Money(minor=1, currency="JPY"), "0.006663", 1),
        (Money(minor=12_345, currency="CLF"), "40", 4_938),
        (Money(minor=100, currency="CLF"), "40.5", 40),
        (Money(minor=300, currency="CLF"), "40.5", 122),
        (Money(minor=1, currency="UYW"), "0.04", 0),
        (Money(minor=5, currency="EUR"), "0.5", 2),
        (Money(minor=7, currency="EUR"), "0.5", 4),
        (Money(minor=3, currency="EUR"), "0.5", 2),
        (Money(minor=1, currency="EUR"), "0.5", 0),
    ],
)
def test_conversion_uses_minor_units_and_rounds_half_to_even(money: Money, rate: str, usd_minor: int) -> None:
    assert usd_minor == usd_minor_of(money, read_rate(rate))


@given(st.integers(0, MINOR_UNITS_MAX), ANY_CURRENCY, ANY_RATE)
@example(MINOR_UNITS_MAX, "KWD", Fraction(1, 10**10))
def test_conversion_error_is_at_most_half_a_cent(minor: int, currency: str, rate: Fraction) -> None:
    truth = Fraction(minor) * rate * 100 / 10 ** exponent(currency)
    if truth > MINOR_UNITS_MAX:
        return
    converted = usd_minor_of(Money(minor=minor, currency=currency), rate)

    assert abs(converted - truth) <= Fraction(1, 2)
    assert abs(converted - truth) < Fraction(1, 2) or converted % 2 == 0


@given(st.integers(0, 10**12), ANY_CURRENCY, ANY_RATE)
def test_round_trip_error_is_within_rounding(minor: int, currency: str, rate: Fraction) -> None:
    per_minor = rate * 100 / 10 ** exponent(currency)
    if minor * per_minor > MINOR_UNITS_MAX:
        return
    back = usd_minor_of(Money(minor=minor, currency=currency), rate) / per_minor

    assert abs(back - minor) <= Fraction(1, 2) / per_minor


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), ANY_RATE)
def test_converted_parts_differ_from_whole_by_half_a_cent_each(parts: list[int], rate: Fraction) -> None:
    whole = usd_minor_of(Money(minor=sum(parts), currency="EUR"), rate) if sum(parts) * rate < MINOR_UNITS_MAX else None
    if whole is None:
        return
    apart = sum(usd_minor_of(Money(minor=part, currency="EUR"), rate) for part in parts)

    assert abs(whole - apart) <= Fraction(len(parts) + 1, 2)


def test_amount_beyond_limit_is_rejected() -> None:
    with pytest.raises(Invalid) as no:
        usd_minor_of(Money(minor=MINOR_UNITS_MAX, currency="EUR"), read_rate("1.1523"))

    assert "number-out-of-range" == no.value.slug


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-1", "0", "0.0", "1e9", "", "1.", ".5", "1,5", " 1", "1\n", "0.1234567890123456789", "1" * 30],
)
def test_malformed_rate_is_rejected(text: str) -> None:
    with pytest.raises(Invalid) as no:
        read_rate(text)

    assert "rate-not-positive" == no.value.slug


def test_rate_in_force_is_the_latest_of_the_month() -> None:
    first, later, next_month = a_rate(), a_rate(valid_from=date(2026, 3, 16)), a_rate(valid_from=date(2026, 4, 1))
    rates = [next_month, later, first, a_rate(currency="NOK", valid_from=date(2026, 3, 20))]

    assert first == in_force(rates, "EUR", date(2026, 3, 15))
    assert later == in_force(rates, "EUR", date(2026, 3, 16))
    assert later == in_force(rates, "EUR", date(2026, 3, 31))
    assert next_month == in_force(rates, "EUR", date(2026, 4, 30))


@pytest.mark.parametrize("on", [date(2026, 2, 28), date(2026, 4, 1), date(2027, 3, 5)])
def test_missing_rate_is_rejected(on: date) -> None:
    with pytest.raises(Mismatch) as no:
        value(Money(minor=100, currency="EUR"), on, [a_rate()])

    assert "rate-not-in-force" == no.value.slug


def test_valuation_has_rate_day_and_source() -> None:
    worth = value(Money(minor=100, currency="EUR"), date(2026, 3, 5), [a_rate()])

    assert (115, "1.1523", "fictitious", date(2026, 3, 1)) == (
        worth.usd_minor,
        worth.rate,
        worth.rate_source,
        worth.rate_date,
    )


def test_dollar_rate_is_always_one() -> None:
    worth = value(Money(minor=10_000, currency="USD"), date(2026, 3, 5), [a_rate("USD", usd_per_unit="2")])

    assert (10_000, "1") == (worth.usd_minor, worth.rate)


def test_unknown_currency_is_rejected() -> None:
    with pytest.raises(Invalid) as no:
        value(Money(minor=1, currency="XXX"), date(2026, 3, 5), [])

    assert "unknown-code" == no.value.slug


@given(st.integers(0, MINOR_UNITS_MAX), st.integers(0, 10_000))
def test_programme_support_cost_is_share_of_direct_cost(usd_minor: int, basis_points: int) -> None:
    support = support_cost_of(usd_minor, basis_points)
    direct = usd_minor - support

    assert 0 <= support <= direct + 1
    assert abs(Fraction(direct * basis_points, 10_000) - support) <= 1


def test_thirteen_percent_of_direct_cost_is_13_of_113() -> None:
    assert 13_00 == support_cost_of(113_00, 1300)


@given(usd_minor=st.integers(min_value=1, max_value=10**12), basis_points=st.integers(min_value=0, max_value=10_000))
def test_gross_amount_is_the_lowest_that_covers_a_gap(usd_minor: int, basis_points: int) -> None:
    gross = gross_of(usd_minor, basis_points)

    assert gross - support_cost_of(gross, basis_points) >= usd_minor
    assert gross - 1 - support_cost_of(gross - 1, basis_points) < usd_minor
