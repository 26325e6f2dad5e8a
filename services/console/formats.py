"""Dates, numbers and money as the Unicode CLDR writes them in each language; English as the United Nations do."""

from datetime import UTC, date, datetime
from functools import cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

LOCALES = {"ar": "ar", "en": "en_GB", "es": "es", "fr": "fr", "ru": "ru", "zh": "zh_Hans_CN"}
RIGHT_TO_LEFT = frozenset({"ar"})
DAY = "d MMMM y"
"""28 November 2026; the other languages have their own long form."""


@cache
def locale_of(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def direction(language: str | None) -> str:
    """`rtl` or `ltr`; `auto` for a language that is none of the six."""
    if language not in LOCALES:
        return "auto"
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def as_datetime(value: str | datetime) -> datetime:
    """A moment of the API (RFC 3339)."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00"))


def as_date(value: str | date) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def day(value: str | date, language: str) -> str:
    return format_date(as_date(value), DAY if language == "en" else "long", locale=locale_of(language))


def moment(value: str | datetime, language: str) -> str:
    """Day and time, in UTC."""
    at = as_datetime(value).astimezone(UTC)
    time = format_datetime(at, "HH:mm", locale=locale_of(language))
    return f"{day(at.date(), language)}, {time} UTC"


def ago(value: str | datetime, language: str, now: datetime) -> str:
    """As `3 days ago` or `in 2 hours`."""
    return format_timedelta(
        as_datetime(value) - now, add_direction=True, granularity="minute", locale=locale_of(language)
    )


def number(value: float, language: str) -> str:
    return format_decimal(value, locale=locale_of(language))


def percent(part: float, whole: float, language: str) -> str:
    return format_percent(part / whole if whole else 0, locale=locale_of(language))


def money(minor: int, currency: str, language: str) -> str:
    """An amount in minor units, with the code of its currency (ISO 4217): symbols are ambiguous among States."""
    precision = get_currency_precision(currency)
    return format_currency(
        minor / 10**precision,
        currency,
        # Without decimals that are zero: officials compare millions.
        format=f"#,##0{'.' + '0' * precision if minor % 10**precision else ''} ¤¤"
        if language != "en"
        else f"¤¤ #,##0{'.' + '0' * precision if minor % 10**precision else ''}",
        locale=locale_of(language),
        currency_digits=False,
    )


def minor_units(text: str, currency: str) -> int | None:
    """The minor units of an amount as people type it: digits, with spaces or commas between, a point or comma before
    the decimals. None if it cannot be read without doubt.
    """
    precision = int(get_currency_precision(currency))
    plain = "".join(text.split()).replace("\u202f", "").replace("\u00a0", "").replace("’", "").replace("'", "")
    plain = plain.translate(ARABIC_DIGITS)
    whole, mark, decimals = _split(plain, precision)
    if not whole.isdigit() or (mark and not (decimals.isdigit() and len(decimals) <= precision)):
        return None
    return int(whole) * int(10**precision) + int((decimals + "0" * precision)[:precision] or 0)


ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩٫٬", "0123456789.,")


def _split(plain: str, precision: int) -> tuple[str, str, str]:
    """Digits before and after the decimal mark. The last point or comma is it, unless three digits follow."""
    at = max(plain.rfind("."), plain.rfind(","))
    if at < 0:
        return plain, "", ""
    before, mark, after = plain[:at], plain[at], plain[at + 1 :]
    if len(after) == 3 and precision != 3:
        # A thousands separator: all groups after the first have three digits.
        groups = plain.replace(".", ",").split(",")
        whole = (
            "".join(groups)
            if all(len(one) == 3 for one in groups[1:]) and len({"." in plain, "," in plain}) == 2
            else ""
        )
        return whole, "", ""
    other = "," if mark == "." else "."
    groups = before.split(other)
    if mark in before or not all(len(one) == 3 for one in groups[1:]):
        return "", "", ""
    return "".join(groups), mark, after
