"""Days, deadlines, numbers and money as each of the six languages writes them."""

from datetime import date

import pytest

from contracts import formats
from contracts.formats import day, days, deadline, last_day, moment, money, number, percent, period, rate

LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")


def in_all(shown: str) -> str:
    """Return a text with its no-break spaces visible: `_` for U+00A0 and `~` for U+202F."""
    return shown.replace("\u00a0", "_").replace("\u202f", "~")


WRITTEN = {
    "ar": ("1 أغسطس 2026", "755", "1,234,567", "65%", "1.24621234", "1,234.50 USD", "45 يومًا"),
    "en": ("1 August 2026", "755", "1,234,567", "65%", "1.24621234", "USD 1,234.50", "45 days"),
    "es": ("1 de agosto de 2026", "755", "1.234.567", "65_%", "1,24621234", "1.234,50 USD", "45 días"),
    "fr": ("1er août 2026", "755", "1~234~567", "65_%", "1,24621234", "1~234,50 USD", "45_jours"),
    "ru": ("1 августа 2026~г.", "755", "1_234_567", "65_%", "1,24621234", "1_234,50 USD", "45 дней"),
    "zh": ("2026年8月1日", "755", "1,234,567", "65%", "1.24621234", "1,234.50 USD", "45天"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_numbers_and_money_are_written_as_in_the_language(language: str) -> None:
    shown = (
        day("2026-08-01", language),
        number(755, language),
        number(1_234_567, language),
        percent(65, 100, language),
        rate("1.24621234", language),
        money(1_234_50, "USD", language),
        days(45, language),
    )

    assert WRITTEN[language] == tuple(in_all(one) for one in shown)


@pytest.mark.parametrize(
    ("due_at", "last"),
    [
        ("2026-12-08T00:00:00Z", "2026-12-07"),
        ("2026-12-08T01:00:00+01:00", "2026-12-07"),
        ("2026-12-08T09:30:00Z", "2026-12-08"),
        ("2026-12-07T23:59:59Z", "2026-12-07"),
        ("2027-01-01T00:00:00Z", "2026-12-31"),
    ],
)
def test_deadline_is_the_last_day_on_which_it_may_be_done(due_at: str, last: str) -> None:
    assert date.fromisoformat(last) == last_day(due_at)
    assert [day(last, language) for language in LANGUAGES] == [deadline(due_at, language) for language in LANGUAGES]


def test_only_the_first_day_of_a_month_is_an_ordinal_in_french() -> None:
    assert ["2 août 2026", "11 août 2026", "21 août 2026"] == [
        day(f"2026-08-{one}", "fr") for one in ("02", "11", "21")
    ]
    assert "1er août 2026 – 31 août 2026" == period({"from": "2026-08-01", "until": "2026-08-31"}, "fr")


def test_moment_has_the_comma_of_the_language() -> None:
    written = [moment("2026-11-28T09:05:00Z", language) for language in ("en", "ar", "zh")]
    assert ["28 November 2026, 09:05 UTC", "28 نوفمبر 2026، 09:05 UTC", "2026年11月28日 09:05 UTC"] == written
    assert "28 November 2026, 09:05:07 UTC" == moment("2026-11-28T09:05:07Z", "en", seconds=True)


def test_decimals_are_those_of_the_api() -> None:
    assert "RSD 1,234.56" == money(1_234_56, "RSD", "en")
    assert "USD 90,071,992,547,409.93" == money(9_007_199_254_740_993, "USD", "en")


def test_amounts_of_accounts_have_their_cents_and_all_their_digits() -> None:
    assert ["USD 1,200.00", "JPY 1,200"] == [
        money(1_200_00, "USD", "en", cents=True),
        money(1_200, "JPY", "en", cents=True),
    ]
    assert formats.DIGITS_MAX > 40
    assert "9" * 40 == "".join(filter(str.isdigit, money(int("9" * 40), "USD", "fr", cents=True)))


def test_negative_amount_has_its_sign_before_the_digits() -> None:
    shown = [money(-1_234_56, "USD", language) for language in LANGUAGES]

    assert ["-1,234.56 USD", "USD -1,234.56", "-1.234,56 USD", "-1~234,56 USD", "-1_234,56 USD", "-1,234.56 USD"] == [
        in_all(one).replace("\u200e", "") for one in shown
    ]


def test_share_has_the_decimals_that_it_needs() -> None:
    shown = [percent(part, 10_000, "fr", decimals=2) for part in (700, 1250, 1255)]
    assert ["7_%", "12,5_%", "12,55_%"] == [in_all(one) for one in shown]


def test_rate_of_exchange_has_all_its_digits_and_the_sign_of_the_language() -> None:
    assert ["1.24621234", "1,24621234", "0.0065"] == [
        rate("1.24621234", "en"),
        rate("1.24621234", "fr"),
        rate("0.0065", "ar"),
    ]
