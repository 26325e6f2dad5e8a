"""Amounts as people type and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reference import currencies
from services.console.formats import decimals_of, minor_units, moment, money, rate, typed_amount
from services.console.translations import LANGUAGES


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("25,000.50", "USD", 25_000_50),
        ("25 000,50", "EUR", 25_000_50),
        ("25\u00a0000,50", "EUR", 25_000_50),
        ("25\u202f000,5", "EUR", 25_000_50),
        ("25’000.50", "CHF", 25_000_50),
        ("1.234.567,8", "EUR", 1_234_567_80),
        ("1,234,567", "USD", 1_234_567_00),
        ("25000", "USD", 25_000_00),
        ("25,000", "USD", 25_000_00),
        ("25.000", "EUR", 25_000_00),
        ("0.5", "USD", 50),
        (" 12,5 ", "EUR", 12_50),
        ("٢٥٬٠٠٠٫٥٠", "USD", 25_000_50),
        ("٢٥٠٠٠", "SAR", 25_000_00),
        ("۲۵۰۰۰", "USD", 25_000_00),
        ("２５", "USD", None),
        ("25，000．50", "CNY", 25_000_50),
        ("1,000", "JPY", 1000),
        ("1000.5", "JPY", None),
        ("1234.567", "KWD", 1_234_567),
        ("1.234,567", "KWD", 1_234_567),
        ("0.500", "KWD", 500),
        ("1 234", "KWD", 1_234_000),
        ("1.234.567", "KWD", 1_234_567_000),
        ("25", "RSD", 25_00),
    ],
)
def test_amount_as_typed(text: str, currency: str, minor: int | None) -> None:
    assert minor == minor_units(text, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.234", "KWD"),
        ("1,234", "BHD"),
        ("0,500", "USD"),
        ("1,23,456", "INR"),
        ("1,234,5", "USD"),
        ("1.234.5", "USD"),
        ("1,234.567", "USD"),
        ("12,34.50", "USD"),
        ("1,234 567", "USD"),
        ("25.", "USD"),
        (".5", "USD"),
        ("-5", "USD"),
        ("5 USD", "USD"),
        ("1e5", "USD"),
        ("", "USD"),
        ("²", "USD"),
        ("25", "ZZZ"),
        ("9" * 5000, "USD"),
    ],
)
def test_doubtful_amount_is_refused(text: str, currency: str) -> None:
    assert minor_units(text, currency) is None


@given(minor=st.integers(min_value=0, max_value=10**14), currency=st.sampled_from(sorted(currencies())))
def test_amount_of_a_record_is_read_out_of_its_form_as_it_was(minor: int, currency: str) -> None:
    shown = typed_amount({"minor": minor, "currency": currency})

    assert minor_units(shown, currency) in (minor, None)
    assert minor_units(shown, currency) == minor or decimals_of(currency) >= 3


@pytest.mark.parametrize("language", LANGUAGES)
@given(minor=st.integers(min_value=1, max_value=10**14), currency=st.sampled_from(sorted(currencies())))
def test_amount_that_is_shown_can_be_typed_again(language: str, minor: int, currency: str) -> None:
    shown = money(minor, currency, language).replace(currency, "").strip("\u200e\u200f\u00a0 ")

    assert minor_units(shown, currency) in (minor, None)
    assert minor_units(shown, currency) == minor or decimals_of(currency) >= 3


def test_decimals_are_those_of_the_api() -> None:
    assert "RSD 1,234.56" == money(1_234_56, "RSD", "en")
    assert "USD 90,071,992,547,409.93" == money(9_007_199_254_740_993, "USD", "en")


def test_rate_of_exchange_has_all_its_digits_and_the_sign_of_the_language() -> None:
    assert ["1.24621234", "1,24621234", "0.0065"] == [
        rate("1.24621234", "en"),
        rate("1.24621234", "fr"),
        rate("0.0065", "ar"),
    ]


def test_moment_has_the_comma_of_the_language() -> None:
    written = [moment("2026-11-28T09:05:00Z", language) for language in ("en", "ar", "zh")]
    assert ["28 November 2026, 09:05 UTC", "28 نوفمبر 2026، 09:05 UTC", "2026年11月28日 09:05 UTC"] == written
