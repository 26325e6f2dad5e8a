"""Amounts of a new pledge in other currencies."""

from datetime import date
from typing import Any

import pytest

from services.console.pledges.forms import Unreadable, basis_points, condition_code, instalments_open
from services.console.pledges.new import (
    extension_options,
    for_one_purpose,
    fund_for_needs,
    in_currencies,
    in_dollars,
    rate_of,
)

NOVEMBER = date(2026, 11, 29)


def a_rate(currency: str, usd_per_unit: str, valid_from: str = "2026-11-01") -> dict[str, Any]:
    return {"currency": currency, "usd_per_unit": usd_per_unit, "valid_from": valid_from}


RATES = [a_rate("EUR", "1.1546", "2026-12-01"), a_rate("EUR", "1.15"), a_rate("JPY", "0.00667"), a_rate("KWD", "3.2")]


def test_rate_is_the_newest_that_is_in_force() -> None:
    known = rate_of("EUR", RATES, NOVEMBER)

    assert known is not None
    assert "1.15" == known["usd_per_unit"]
    assert rate_of("USD", RATES, NOVEMBER) is None
    assert rate_of("CHF", RATES, NOVEMBER) is None
    assert rate_of("EUR", RATES, date(2026, 10, 1)) is None


@pytest.mark.parametrize(
    ("minor", "currency", "usd_minor"),
    [(13_000_50, "EUR", 14_950_58), (1_000_000, "JPY", 6_670_00), (1_000, "KWD", 3_20)],
)
def test_value_in_dollars_minds_the_decimals(minor: int, currency: str, usd_minor: int) -> None:
    rate = rate_of(currency, RATES, NOVEMBER)

    assert rate is not None
    assert usd_minor == in_dollars({"minor": minor, "currency": currency}, rate)


def test_amounts_in_other_currencies_are_enough() -> None:
    for one in in_currencies(14_313_34, RATES, NOVEMBER):
        rate = rate_of(one.money["currency"], RATES, NOVEMBER)
        assert rate is not None
        assert in_dollars(one.money, rate) >= 14_313_34


def test_fund_for_needs_is_the_only_one_without_work_packages() -> None:
    of_sherloc: dict[str, Any] = {"code": "SHERLOC-MNT", "work_packages": [{}]}
    of_requests: dict[str, Any] = {"code": "TA-REQUESTS", "work_packages": []}

    assert "TA-REQUESTS" == fund_for_needs([of_sherloc, of_requests])
    assert "" == fund_for_needs([of_sherloc])
    assert "" == fund_for_needs([of_requests, of_requests])


def test_pledge_can_be_earmarked_to_open_extensions_that_its_fund_pays_for() -> None:
    fund = {"code": "SHERLOC-DEV", "work_packages": [{"work_package": "development"}]}
    extensions = [
        {"extension_id": f"{package} {status}", "title": "Fictitious", "status": status, "work_package": package}
        for package in ("development", "hosting")
        for status in ("proposed", "planned", "in_progress", "released", "dropped")
    ]

    offered = [one.value for one in extension_options(fund, extensions)]

    assert ["development proposed", "development planned", "development in_progress"] == offered
    assert () == extension_options({"code": "TA-REQUESTS", "work_packages": []}, extensions)


def test_pledge_for_an_extension_says_nothing_else_of_its_purpose() -> None:
    said = {"fund": "SHERLOC-DEV", "earmarking": "softly_earmarked"}

    assert said == for_one_purpose(said)
    assert {"fund": "SHERLOC-DEV", "extension_id": "1"} == for_one_purpose({**said, "extension_id": "1"})


@pytest.mark.parametrize(("text", "points"), [("13", 1300), ("7.5", 750), ("8,25 %", 825), ("0", 0), ("100", 10_000)])
def test_per_cent(text: str, points: int) -> None:
    assert points == basis_points(text)


@pytest.mark.parametrize("text", ["", "-1", "101", "7.555", "thirteen", "1 3"])
def test_doubtful_per_cent_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        basis_points(text)


def test_condition_is_named_in_words() -> None:
    assert "report_accepted" == condition_code("Report  accepted")
    assert condition_code("  ") is None
    with pytest.raises(Unreadable):
        condition_code("отчёт принят")


def test_only_open_conditions_can_be_met() -> None:
    def part(number: int, condition: str | None, met_on: str | None = None) -> dict[str, Any]:
        return {"number": number, "minor": 100_00, "due_on": "2027-02-10", "condition": condition, "met_on": met_on}

    parts = [part(1, None), part(2, "report_accepted"), part(3, "audit", "2026-11-29")]
    found = instalments_open({"money": {"currency": "EUR"}, "instalments": parts}, "en")

    assert [("2", "EUR 100, due on 10 February 2027", "report accepted")] == [
        (one.value, one.label, one.hint) for one in found
    ]
