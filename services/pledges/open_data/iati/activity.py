"""The parts of an IATI activity that we write and read; codes are those of IATI's code lists.

An absent element is an empty text, an empty tuple or None. The same structs are used for writing and reading.
"""

import re
from datetime import date

from msgspec import Struct

from contracts.reference import currencies, exponent

DECIMAL = re.compile(r"[+-]?(?=\d|\.\d)(\d{0,18})(?:\.(\d{0,18}))?\Z", re.ASCII)


class Narrative(Struct, frozen=True):
    """A text and its language (ISO 639-1); the language is None if the file names none."""

    text: str
    language: str | None = None


class Party(Struct, frozen=True, kw_only=True):
    """An organization: `ref` is its IATI identifier, `kind` its type, `activity` its own activity's identifier."""

    ref: str = ""
    kind: str = ""
    role: str = ""
    activity: str = ""
    names: tuple[Narrative, ...] = ()


class Coded(Struct, frozen=True):
    """A code, with its vocabulary if there are several."""

    code: str
    vocabulary: str = ""


class Share(Struct, frozen=True):
    """A code's share of an activity, as a percentage in decimal digits; empty for all of it."""

    code: str
    vocabulary: str = ""
    percentage: str = ""


class Marker(Struct, frozen=True):
    """A policy marker and its significance."""

    code: str
    vocabulary: str = ""
    significance: str = ""


class Dated(Struct, frozen=True):
    """A date of an activity, and its type."""

    type: str
    on: date


# Excluded from garbage collection: there are tens of thousands of amounts and of transactions, without cycles.
class Amount(Struct, frozen=True, gc=False):
    """Decimal digits in a currency, negative for a reversal, and the value date."""

    value: str
    currency: str | None
    on: date

    @property
    def minor(self) -> int | None:
        """The amount in whole minor units; None if the currency is unknown, or the value finer than its minor unit."""
        if self.currency is None or self.currency not in currencies():
            return None
        digits = exponent(self.currency)
        found = DECIMAL.match(self.value)
        assert found is not None, "the reader and `amount_of` both guarantee decimal digits"
        whole, fraction = found[1], (found[2] or "").rstrip("0")
        if len(fraction) > digits:
            return None
        minor = int((whole + fraction.ljust(digits, "0")) or "0")
        return -minor if self.value.startswith("-") else minor


def amount_of(minor: int, currency: str, on: date) -> Amount:
    """Convert minor units to an amount with all digits of its currency: 1234 KWD is `1.234`, 1234 JPY is `1234`."""
    digits = exponent(currency)
    text = str(abs(minor)).rjust(digits + 1, "0")
    value = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return Amount(value=f"-{value}" if minor < 0 else value, currency=currency, on=on)


class Budget(Struct, frozen=True, kw_only=True):
    """A budget from one day to another."""

    kind: str = ""
    status: str = ""
    starts: date
    ends: date
    amount: Amount


class Transaction(Struct, frozen=True, kw_only=True, gc=False):
    """A transaction; absent values default to those of its activity."""

    type: str
    on: date
    amount: Amount
    ref: str = ""
    description: tuple[Narrative, ...] = ()
    provider: Party | None = None
    receiver: Party | None = None
    sectors: tuple[Coded, ...] = ()
    flow: str = ""
    finance: str = ""
    aid: tuple[Coded, ...] = ()
    tied: str = ""


class Document(Struct, frozen=True, kw_only=True):
    """A page or file on the web, in one language, with its categories."""

    url: str
    format: str
    titles: tuple[Narrative, ...]
    categories: tuple[str, ...]
    language: str = ""


class Measured(Struct, frozen=True, kw_only=True):
    """An indicator's values in a period, as whole numbers in decimal digits; empty if there is none."""

    starts: date
    ends: date
    actual: str
    target: str = ""


class Indicator(Struct, frozen=True, kw_only=True):
    """An indicator, how it is measured, and its periods."""

    measure: str
    titles: tuple[Narrative, ...]
    periods: tuple[Measured, ...]


class Result(Struct, frozen=True, kw_only=True):
    """A result of one type, with its indicators."""

    kind: str
    titles: tuple[Narrative, ...]
    indicators: tuple[Indicator, ...]


class Activity(Struct, frozen=True, kw_only=True):
    """An activity with participants, countries, dates, money and results.

    `parent` identifies the activity of which it is a part. `language` and `currency` are its defaults, `updated` is
    when its data last changed, and `hierarchy` is its level: budgets of several levels are not added up.
    """

    identifier: str
    reporter: Party
    titles: tuple[Narrative, ...]
    description: tuple[Narrative, ...]
    participants: tuple[Party, ...]
    status: str
    dates: tuple[Dated, ...]
    scope: str = ""
    countries: tuple[Share, ...] = ()
    regions: tuple[Share, ...] = ()
    sectors: tuple[Share, ...] = ()
    markers: tuple[Marker, ...] = ()
    flow: str = ""
    finance: str = ""
    aid: tuple[Coded, ...] = ()
    tied: str = ""
    budgets: tuple[Budget, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    documents: tuple[Document, ...] = ()
    parent: str = ""
    results: tuple[Result, ...] = ()
    language: str = ""
    currency: str = ""
    updated: str = ""
    hierarchy: str = ""
