"""Dates, numbers and money as each of the six languages writes them, for pages, mails, pictures and printed files.

They are as in the Unicode CLDR; English dates are day, month, year, as the United Nations write them. Digits are 0 to 9
in Arabic, too: amounts and dates are compared with documents in other languages, and both kinds of digits are used
between Morocco and Iraq.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from contracts.reference import currencies

LOCALES = {"ar": "ar", "en": "en_GB", "es": "es", "fr": "fr", "ru": "ru", "zh": "zh_Hans_CN"}
RIGHT_TO_LEFT = frozenset({"ar"})
DAY = "d MMMM y"
"""Format of a day in English, such as 28 November 2026; the other languages have their own long form."""
FIRST_IN_FRENCH = "d'er' MMMM y"
"""Format of the first day of a month in French, which the CLDR lacks: 1er août 2026."""
DIGITS_MAX = 60
"""Number of digits that suffices for any sum of the largest number of entries, each of the largest amount."""


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
    written = DAY if language == "en" else FIRST_IN_FRENCH if language == "fr" and value.day == 1 else "long"
    return format_date(value, written, locale=locale_of(language))


def last_day(value: str | datetime) -> date:
    """Return the last day on which something may be done that is due at a moment of the API.

    A moment at midnight, UTC, ends the day before it.
    """
    return (as_datetime(value).astimezone(UTC) - timedelta(microseconds=1)).date()


def deadline(value: str | datetime, language: str) -> str:
    """Format the last day on which something may be done."""
    return day(last_day(value), language)


def period(value: Mapping[str, str], language: str) -> str:
    """Format the first and the last day of a period of the API; one day alone if they are the same."""
    first, last = day(value["from"], language), day(value["until"], language)
    return first if first == last else f"{first} – {last}"


def month(value: str | date, language: str) -> str:
    """Format a month with its year."""
    return str(format_skeleton("yMMMM", as_date(value), locale=locale_of(language)))


def moment(value: str | datetime, language: str, *, seconds: bool = False) -> str:
    """Format day and time, in UTC."""
    at = as_datetime(value).astimezone(UTC)
    time = format_datetime(at, "HH:mm:ss" if seconds else "HH:mm", locale=locale_of(language))
    between = str(locale_of(language).datetime_formats["medium"])
    return f"{between.format(time, day(at.date(), language))} UTC"


def ago(value: str | datetime, language: str, now: datetime) -> str:
    """Format the distance from now, such as `3 days ago` or `in 2 hours`."""
    return format_timedelta(
        as_datetime(value) - now, add_direction=True, granularity="minute", locale=locale_of(language)
    )


def days(count: int, language: str) -> str:
    """Format a number of days, such as `45 days`."""
    # An infinite threshold keeps days: others would round to weeks or months.
    return format_timedelta(timedelta(days=count), granularity="day", threshold=math.inf, locale=locale_of(language))


@lru_cache(maxsize=10_000)
def number(value: float, language: str) -> str:
    return format_decimal(value, locale=locale_of(language))


def rate(value: str, language: str) -> str:
    """Format a rate of exchange, with all its digits."""
    return format_decimal(Decimal(value), locale=locale_of(language), decimal_quantization=False)


def percent(part: float, whole: float, language: str, *, decimals: int = 0) -> str:
    """Format a share in per cent, with at most as many decimals."""
    whole_percents = str(locale_of(language).percent_formats[None].pattern)
    pattern = whole_percents.replace("0", f"0.{'#' * decimals}") if decimals else whole_percents
    return format_percent(part / whole if whole else 0, format=pattern, locale=locale_of(language))


def decimals_of(currency: str) -> int:
    """Number of decimals of a currency in ISO 4217, which the API's amounts use, else in CLDR if it is not listed."""
    known = currencies().get(currency)
    return known.exponent if known else get_currency_precision(currency)


@lru_cache(maxsize=10_000)
def money(minor: int, currency: str, language: str, *, cents: bool = False) -> str:
    """Format an amount in minor units, with the ISO 4217 code of its currency: symbols are ambiguous among States.

    Decimals that are zero are left out, since officials compare millions, unless `cents` asks for them.
    """
    precision = decimals_of(currency)
    amount = f"#,##0{'.' + '0' * precision if precision and (cents or minor % 10**precision) else ''}"
    with localcontext(prec=DIGITS_MAX):
        return format_currency(
            Decimal(minor).scaleb(-precision),
            currency,
            format=f"¤¤ {amount};¤¤ -{amount}" if language == "en" else f"{amount} ¤¤",
            locale=locale_of(language),
            currency_digits=False,
        )


def decimal(minor: int, currency: str) -> Decimal:
    """Return an amount as a number, for tables that programs read."""
    return Decimal(minor).scaleb(-decimals_of(currency))
