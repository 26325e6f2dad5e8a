"""An IATI activity as far as we write it, and as far as we use what others write; codes are those of IATI's code lists.

What a file leaves out is an empty text, an empty tuple or None. The same structs are written and read.
"""

import re
from datetime import date

from msgspec import Struct

from contracts.reference import currencies, exponent

DECIMAL = re.compile(r"[+-]?(?=\d|\.\d)(\d{0,18})(?:\.(\d{0,18}))?\Z", re.ASCII)


class Narrative(Struct, frozen=True):
    """A text and its language (ISO 639-1), None where a file says none."""

    text: str
    language: str | None = None


class Party(Struct, frozen=True, kw_only=True):
    """An organization: `ref` is its IATI identifier, `kind` its type, `activity` that of the activity on its side."""

    ref: str = ""
    kind: str = ""
    role: str = ""
    activity: str = ""
    names: tuple[Narrative, ...] = ()


class Coded(Struct, frozen=True):
    """A code, of a vocabulary where there are several."""

    code: str
    vocabulary: str = ""


class Share(Struct, frozen=True):
    """What part of an activity is of this code: decimal digits of a percentage, all of it where there are none."""

    code: str
    vocabulary: str = ""
    percentage: str = ""


class Marker(Struct, frozen=True):
    """How far an activity is meant for a policy."""

    code: str
    vocabulary: str = ""
    significance: str = ""


class Dated(Struct, frozen=True):
    """A day of an activity, and what it is the day of."""

    type: str
    on: date


# Of this and of transactions there are tens of thousands, which hold nothing that could hold them: the collector need
# not look at each.
class Amount(Struct, frozen=True, gc=False):
    """Decimal digits in a currency, below zero where something is taken back, and the day whose rate would be used."""

    value: str
    currency: str | None
    on: date

    @property
    def minor(self) -> int | None:
        """In whole minor units; None where the currency is not known, or the value finer than its minor unit."""
        if self.currency is None or self.currency not in currencies():
            return None
        digits = exponent(self.currency)
        found = DECIMAL.match(self.value)
        assert found is not None, "the reader and `amount_of` both guarantee this"
        whole, fraction = found[1], (found[2] or "").rstrip("0")
        if len(fraction) > digits:
            return None
        minor = int((whole + fraction.ljust(digits, "0")) or "0")
        return -minor if self.value.startswith("-") else minor


def amount_of(minor: int, currency: str, on: date) -> Amount:
    """An amount in minor units, with all digits of its currency: 1234 KWD is `1.234`, 1234 JPY `1234`."""
    digits = exponent(currency)
    text = str(abs(minor)).rjust(digits + 1, "0")
    value = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return Amount(value=f"-{value}" if minor < 0 else value, currency=currency, on=on)


class Budget(Struct, frozen=True, kw_only=True):
    """What is budgeted from one day to another."""

    kind: str = ""
    status: str = ""
    starts: date
    ends: date
    amount: Amount


class Transaction(Struct, frozen=True, kw_only=True, gc=False):
    """A movement of money; what it does not say of itself is as its activity says."""

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


class Activity(Struct, frozen=True, kw_only=True):
    """What somebody pays for, where, since when and with which money; `parent` is the activity that it is part of."""

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
    parent: str = ""
