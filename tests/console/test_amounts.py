"""Amounts as people type and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.formats import decimals_of, money
from contracts.reference import currencies
from services.console.amounts import minor_units, typed_amount
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
