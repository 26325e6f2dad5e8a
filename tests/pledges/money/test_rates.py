"""The rate in force on a day, the European Central Bank's history, and rates as CSV."""

import contextlib
import csv
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chassis.settings import RATE_DAYS_MAX, Settings, SettingsError
from contracts.pledges import RATES_MAX, Rate
from contracts.refusals import Invalid
from services.pledges.money import ecb
from services.pledges.money.ecb import History
from services.pledges.money.model import (
    ECB,
    MONTH,
    OFF,
    RATE_DIGITS,
    UN_OPERATIONAL,
    Validity,
    in_force,
    rate_text,
    read_rate,
)
from services.pledges.money.rates_csv import EXAMPLE, read_table
from tests.soak import cases

OURS = "fictitious"
# A few days around the end of a month, where the rules differ.
DAYS = st.sampled_from([date(2026, 2, 25) + timedelta(days=n) for n in range(12)])
SOURCES = st.sampled_from([UN_OPERATIONAL, OURS, "another", ECB])
PERIODS = st.dictionaries(SOURCES, st.sampled_from([0, 1, 2, 3, MONTH, OFF]))
HEAD = "currency,valid_from,units_per_usd\n"


def a_rate(source: str = OURS, valid_from: date = date(2026, 3, 1), currency: str = "EUR") -> Rate:
    return Rate(source=source, currency=currency, valid_from=valid_from, usd_per_unit="1.1523")


RATES = st.lists(
    st.builds(a_rate, SOURCES, DAYS, st.sampled_from(["EUR", "EUR", "EUR", "NOK"])), unique=True, max_size=8
)


# -- in force ---------------------------------------------------------------------------------------------------------


def holds(rate: Rate, on: date, periods: dict[str, int | str]) -> bool:
    """Compute the validity plainly, day by day until the period ends."""
    usual: int | str = 7 if rate.source == ECB else MONTH
    period = periods.get(rate.source, usual)
    if period == OFF:
        return False
    day, passed = rate.valid_from, 0
    while day < on:
        day, passed = day + timedelta(days=1), passed + 1
        if (day.day == 1) if period == MONTH else (passed > int(period)):
            return False
    return day == on


@pytest.mark.thinned
@settings(max_examples=cases(90, soak=300))
@given(RATES, DAYS, PERIODS)
def test_rate_in_force_matches_a_plain_implementation(
    rates: list[Rate], on: date, periods: dict[str, int | str]
) -> None:
    holding = [rate for rate in rates if rate.currency == "EUR" and holds(rate, on, periods)]
    of_the_un = [rate for rate in holding if rate.source == UN_OPERATIONAL]
    of_others = [rate for rate in holding if rate.source not in {UN_OPERATIONAL, ECB}]
    un_in_use = periods.get(UN_OPERATIONAL) != OFF and any(
        rate.currency == "EUR" and rate.source == UN_OPERATIONAL and rate.valid_from <= on for rate in rates
    )
    first = of_the_un if un_in_use else of_others or holding
    newest = max((rate.valid_from for rate in first), default=None)
    expected = min((rate for rate in first if rate.valid_from == newest), key=lambda rate: rate.source, default=None)

    assert expected == in_force(rates, "EUR", on, Validity(periods))
    assert expected == in_force(reversed(rates), "EUR", on, Validity(periods))


def test_un_rate_comes_first_and_ecb_rate_last() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    bank, ours, theirs = a_rate(ECB, last), a_rate(OURS, date(2026, 3, 30)), a_rate(UN_OPERATIONAL, first)

    assert theirs == in_force([bank, ours, theirs], "EUR", last)
    assert ours == in_force([bank, ours], "EUR", last)
    assert bank == in_force([bank], "EUR", last)


def test_validity_ends_with_month_or_days() -> None:
    friday = date(2026, 2, 27)

    assert in_force([a_rate(UN_OPERATIONAL, friday)], "EUR", date(2026, 2, 28))
    assert not in_force([a_rate(UN_OPERATIONAL, friday)], "EUR", date(2026, 3, 1))
    assert in_force([a_rate(ECB, friday)], "EUR", date(2026, 3, 6))
    assert not in_force([a_rate(ECB, friday)], "EUR", date(2026, 3, 7))
    assert not in_force([a_rate(ECB, friday)], "EUR", date(2026, 2, 26))


def test_validity_at_the_first_date() -> None:
    assert date.min == Validity({ECB: RATE_DAYS_MAX}).since(ECB, date.min)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("", {}),
        ("ecb=7, un_operational=month,ours=off", {"ecb": 7, "un_operational": MONTH, "ours": OFF}),
        ("ecb=0", {"ecb": 0}),
    ],
)
def test_validity_setting_is_parsed(said: str, read: dict[str, int | str]) -> None:
    assert read == Settings.from_env({"ENTRAIDE_RATES_HOLD": said}, (), state=Path()).rates_hold


@pytest.mark.parametrize(
    "said", ["ecb", "ecb=", "ecb=-1", "ecb=367", "ecb=1.5", "ecb=week", "=7", "ecb=1,ecb=2", "ecb=٧"]
)
def test_malformed_validity_setting_is_rejected(said: str) -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_RATES_HOLD"):
        Settings.from_env({"ENTRAIDE_RATES_HOLD": said}, (), state=Path())


# -- ten digits -------------------------------------------------------------------------------------------------------


@given(st.fractions(Fraction(1, 10**9), 999_999_999))
@example(Fraction(1, 10**9))
@example(Fraction(10_000, 10_001))
def test_computed_rate_has_ten_digits_and_parses(rate: Fraction) -> None:
    again = read_rate(rate_text(rate))

    assert abs(again - rate) <= rate * Fraction(5, 10**RATE_DIGITS)


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(1), "1"),
        (1 / Fraction("0.87"), "1.149425287"),
        (1 / Fraction("1100000"), "0.0000009090909091"),
        (Fraction("0.12345678905"), "0.123456789"),
        (Fraction("0.12345678915"), "0.1234567892"),
    ],
)
def test_tenth_digit_rounds_half_to_even(rate: Fraction, text: str) -> None:
    assert text == rate_text(rate)


@pytest.mark.parametrize("rate", [Fraction(1, 10**9 + 1), Fraction(10**9), Fraction("999999999.99")])
def test_rate_beyond_limits_is_rejected(rate: Fraction) -> None:
    with pytest.raises(Invalid, match="number-out-of-range"):
        rate_text(rate)


# -- the European Central Bank ----------------------------------------------------------------------------------------


@pytest.fixture
async def history() -> History:
    return await ecb.history()


def said(history: History, currency: str, since: date, on: date) -> tuple[str, date] | None:
    found = history.last(currency, since, on)
    return (found.usd_per_unit, found.valid_from) if found else None


def test_dollar_rate_is_quotient_of_two_euro_rates(history: History) -> None:
    friday = date(2026, 10, 30)

    assert ("1.1172", friday) == said(history, "EUR", friday, friday)
    assert (rate_text(Fraction("1.1172") / Fraction("10.312")), friday) == said(history, "NOK", friday, friday)
    assert ("0.006359289617", friday) == said(history, "JPY", friday, friday)


def test_days_without_a_published_rate_have_none(history: History) -> None:
    friday, saturday = date(2026, 10, 23), date(2026, 10, 24)

    assert history.last("EUR", saturday, saturday + timedelta(days=1)) is None
    assert said(history, "EUR", date(2026, 10, 17), saturday) == said(history, "EUR", friday, friday)
    assert history.last("EUR", date(2090, 1, 1), date(2090, 1, 8)) is None
    assert history.last("EUR", date.min, date(1, 1, 8)) is None


@pytest.mark.parametrize("currency", ["KWD", "KES", "XXX", "Date"])
def test_currency_without_ecb_rate_has_none(history: History, currency: str) -> None:
    assert history.last(currency, date(2026, 10, 1), date(2026, 10, 30)) is None


def test_currency_replaced_by_euro_ends_with_its_last_day(history: History) -> None:
    assert history.last("HRK", date(2022, 12, 30), date(2022, 12, 31))
    assert history.last("HRK", date(2023, 1, 1), date(2023, 6, 30)) is None


def test_ecb_rates_match_a_reference_of_ten_years(history: History, shared_data: Path) -> None:
    """The rates agree within the precision of the reference's six digits."""
    with (shared_data / "fx" / "ecb_monthly_rates.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "2016-11" <= row["month"] <= "2026-10"]
    compared = 0
    for row in rows:
        day, units = date.fromisoformat(row["last_business_day"]), row["units_per_usd_eom"]
        if not units or row["currency"] == "USD":
            continue
        found = history.last(row["currency"], day, day)
        assert found is not None, row
        digits = len(units.replace(".", "").lstrip("0"))
        half = Fraction(units) * Fraction(5, 10 ** min(digits, 6)) + Fraction(units) * Fraction(5, 10**RATE_DIGITS)
        assert abs(1 / Fraction(found.usd_per_unit) - Fraction(units)) <= half, row
        compared += 1

    assert compared > 3_000
    assert 120 == len({row["month"] for row in rows})


# -- CSV --------------------------------------------------------------------------------------------------------------


def refused(text: str) -> Invalid:
    with pytest.raises(Invalid) as no:
        read_table(text)
    return no.value


def test_csv_units_per_dollar_are_inverted() -> None:
    euro, yen = (line.rate for line in read_table(EXAMPLE))

    assert ("EUR", date(2026, 11, 1), UN_OPERATIONAL) == (euro.currency, euro.valid_from, euro.source)
    assert ("1.149425287", "0.006357279085") == (euro.usd_per_unit, yen.usd_per_unit)
    assert UN_OPERATIONAL == yen.source


def test_csv_accepts_any_column_order_line_ends_and_blank_lines() -> None:
    text = "units_per_usd,source,valid_from,currency\r\n\r\n1.25,other,2026-11-01,CHF\r2,other,2026-11-01,FJD\n\n"

    assert [(3, "CHF", "0.8"), (4, "FJD", "0.5")] == [
        (line.number, line.rate.currency, line.rate.usd_per_unit) for line in read_table(text)
    ]


@pytest.mark.parametrize(
    ("line", "slug", "field"),
    [
        ("EUR,2026-11-01", "row-fields", None),
        ("EUR,2026-11-01,1,000", "row-fields", None),
        ("EUR;2026-11-01;0.87", "row-fields", None),
        ('EUR,2026-11-01,"1,000"', "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,1 000", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,٠.٨٧", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,NaN", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,1e400", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,-0", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,−0", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,-0.87", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,0", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,=1", "rate-not-positive", "units_per_usd"),
        ("EUR,2026-11-01,0.0000000001", "number-out-of-range", "units_per_usd"),
        ("USD,2026-11-01,2", "rate-differs", "units_per_usd"),
        ('"USD\n",2026-11-01,1', "unknown-code", "currency"),
        ("usd,2026-11-01,1", "unknown-code", "currency"),
        (" EUR,2026-11-01,1", "unknown-code", "currency"),
        ("XXX,2026-11-01,1", "unknown-code", "currency"),
        ("EUR,2026-13-01,1", "invalid-field", "valid_from"),
        ("EUR,20261101,1", "invalid-field", "valid_from"),
        ("EUR,2026-W44-7,1", "invalid-field", "valid_from"),
        ("EUR,٢٠٢٦-11-01,1", "invalid-field", "valid_from"),
        ("EUR,01/11/2026,1", "invalid-field", "valid_from"),
    ],
)
def test_bad_csv_line_is_reported_without_its_content(line: str, slug: str, field: str | None) -> None:
    no = refused(f"{HEAD}CHF,2026-11-01,0.8\n{line}\n")

    lines: Any = no.details["lines"]
    (error,) = lines
    assert ("rates-refused", 3, slug, field) == (no.slug, error["line"], error["slug"], error.get("field"))
    assert {"line", "slug", "field", "expected"} >= error.keys()


def test_every_bad_csv_line_is_reported() -> None:
    no = refused(f'{HEAD}EUR,2026-11-01,0\n"CHF\n",2026-11-01,1\nNOK,2026-11-01,10\nNOK,2026-11-01,11\n')

    found = [(line["line"], line["slug"]) for line in no.details["lines"]]  # type: ignore[attr-defined]
    assert [(2, "rate-not-positive"), (3, "unknown-code"), (6, "rate-differs")] == found


def test_malformed_source_is_rejected() -> None:
    no = refused(f"{HEAD.rstrip()},source\nEUR,2026-11-01,1,the bank\n")

    assert [{"line": 2, "slug": "invalid-field", "field": "source"}] == no.details["lines"]


@pytest.mark.parametrize(
    "header",
    ["", "\n", "currency;valid_from;units_per_usd", "currency,valid_from", "Currency,valid_from,units_per_usd",
     "currency,valid_from,units_per_usd,note", "currency,currency,valid_from,units_per_usd",
     "currency,valid_from,usd_per_unit"],
)  # fmt: skip
def test_csv_header_without_required_columns_is_rejected(header: str) -> None:
    assert "rates-columns" == refused(f"{header}\nEUR,2026-11-01,0.87\n" if header.strip() else header).slug


def test_csv_row_count_is_limited() -> None:
    assert "rates-number" == refused(HEAD).slug
    rows = [f"EUR,{date(2026, 1, 1) + timedelta(days=n)},1\n" for n in range(RATES_MAX + 1)]
    assert RATES_MAX == len(read_table(HEAD + "".join(rows[:-1])))
    assert "rates-number" == refused(HEAD + "".join(rows)).slug


@pytest.mark.parametrize("text", ['EUR,"2026-11-01,0.87\n', 'EUR,"2026"-11-01,0.87\n', "x" * 140_000 + ",1,1\n"])
def test_malformed_csv_is_rejected_with_its_line(text: str) -> None:
    no = refused(f"{HEAD}CHF,2026-11-01,0.8\n{text}")

    assert ("rates-malformed", {"line": 3}) == (no.slug, no.details)


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    for sent in (text, HEAD + text, f"{HEAD}EUR,2026-11-01,{text}", f"{HEAD}{text},2026-11-01,1"):
        with contextlib.suppress(Invalid):
            assert read_table(sent)
