"""Amounts as people type them in forms."""

import re
from collections.abc import Mapping
from typing import Any

from contracts.formats import decimal, decimals_of
from contracts.reference import currencies


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
