"""Dates, numbers and money as in the Unicode CLDR for each language; for English, as the United Nations write them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from contracts.reference import currencies

LOCALES = {"ar": "ar", "en": "en_GB", "es": "es", "fr": "fr", "ru": "ru", "zh": "zh_Hans_CN"}
RIGHT_TO_LEFT = frozenset({"ar"})
DAY = "d MMMM y"
"""Format of a day in English, such as 28 November 2026; the other languages have their own long form."""


@cache
def locale_of(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def direction(language: str | None) -> str:
    """Return `rtl` or `ltr`, or `auto` for a language that is none of the six."""
    if language not in LOCALES:
        return "auto"
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def as_datetime(value: str | datetime) -> datetime:
    """Return a moment of the API (RFC 3339) as a datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00"))


def as_date(value: str | date) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def day(value: str | date, language: str) -> str:
    return _day(as_date(value), language)


@lru_cache(maxsize=10_000)
def _day(value: date, language: str) -> str:
    """Format a day. The result is cached, because a list repeats the same few days."""
    return format_date(value, DAY if language == "en" else "long", locale=locale_of(language))


def period(value: Mapping[str, str], language: str) -> str:
    """Format the first and the last day of a period of the API; one day alone if they are the same."""
    first, last = day(value["from"], language), day(value["until"], language)
    return first if first == last else f"{first} – {last}"


def month(value: str | date, language: str) -> str:
    """Format a month with its year."""
    return str(format_skeleton("yMMMM", as_date(value), locale=locale_of(language)))


def moment(value: str | datetime, language: str) -> str:
    """Format day and time, in UTC."""
    at = as_datetime(value).astimezone(UTC)
    time = format_datetime(at, "HH:mm", locale=locale_of(language))
    between = str(locale_of(language).datetime_formats["medium"])
    return f"{between.format(time, day(at.date(), language))} UTC"


def ago(value: str | datetime, language: str, now: datetime) -> str:
    """Format the distance from now, such as `3 days ago` or `in 2 hours`."""
    return format_timedelta(
        as_datetime(value) - now, add_direction=True, granularity="minute", locale=locale_of(language)
    )


@lru_cache(maxsize=10_000)
def number(value: float, language: str) -> str:
    return format_decimal(value, locale=locale_of(language))


def rate(value: str, language: str) -> str:
    """Format a rate of exchange, with all its digits."""
    return format_decimal(Decimal(value), locale=locale_of(language), decimal_quantization=False)


def percent(part: float, whole: float, language: str) -> str:
    return format_percent(part / whole if whole else 0, locale=locale_of(language))


def decimals_of(currency: str) -> int:
    """Number of decimals of a currency in ISO 4217, which the API's amounts use, else in CLDR if it is not listed."""
    known = currencies().get(currency)
    return known.exponent if known else get_currency_precision(currency)


@lru_cache(maxsize=10_000)
def money(minor: int, currency: str, language: str) -> str:
    """Format an amount in minor units, with the ISO 4217 code of its currency: symbols are ambiguous among States."""
    precision = decimals_of(currency)
    # Decimals that are zero are left out, since officials compare millions.
    amount = f"#,##0{'.' + '0' * precision if minor % 10**precision else ''}"
    return format_currency(
        Decimal(minor).scaleb(-precision),
        currency,
        format=f"¤¤ {amount}" if language == "en" else f"{amount} ¤¤",
        locale=locale_of(language),
        currency_digits=False,
    )


def decimal(minor: int, currency: str) -> Decimal:
    """Return an amount as a number, for tables that programs read."""
    return Decimal(minor).scaleb(-decimals_of(currency))


def typed_amount(money: Mapping[str, Any]) -> str:
    """Return the amount of a record as a form shows it, without its currency and without decimals that are zero."""
    amount = decimal(money["minor"], money["currency"])
    return f"{amount:.0f}" if amount == amount.to_integral_value() else f"{amount:f}"


TYPED = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬،，．\u00a0\u202f\u2009’'", "01234567890123456789.,,,.     ")
"""Maps digits and marks of other scripts, and separators between groups of digits, to those of `AMOUNT`."""
AMOUNT = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?P<between>[ .,])[0-9]{3}(?:(?P=between)[0-9]{3})*|[0-9]+)"
    r"(?:(?P<mark>[.,])(?P<decimals>[0-9]{1,4}))?\Z"
)
"""Pattern of an amount: digits, in groups of three or not in groups, and decimals after a point or comma."""
SIGNS_MAX = 40


def minor_units(text: str, currency: str) -> int | None:
    """Return the minor units of an amount as people type it, or None if it cannot be read without doubt."""
    found = AMOUNT.match(text.strip().translate(TYPED)) if len(text) <= SIGNS_MAX else None
    if found is None or currency not in currencies():
        return None
    precision, between, mark = decimals_of(currency), found["between"], found["mark"]
    whole, decimals = re.sub("[ .,]", "", found["whole"]), found["decimals"] or ""
    if len(decimals) > precision or (mark and mark == between):
        return None
    if between in (".", ",") and not mark and precision == 3 and len(whole) <= 6:
        # Ambiguous: 1.234 Kuwaiti dinars may be one dinar with a fraction, or more than a thousand dinars.
        return None
    return int(whole + decimals.ljust(precision, "0"))
