"""Tables of rates as CSV: accepted or refused as a whole, with the number and slug of each bad line.

The United Nations publishes units of a currency per US dollar; the inverse is stored, to ten digits. Nothing is
repaired: a number with a thousands separator or a currency in lower case may mean something else.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from contracts.pledges import RATES_MAX, Rate
from contracts.reference import currencies
from contracts.refusals import Invalid
from services.pledges.money.model import UN_OPERATIONAL, USD, rate_text, read_rate

REQUIRED = ("currency", "valid_from", "units_per_usd")
SOURCE = "source"
EXAMPLE = "currency,valid_from,units_per_usd,source\nEUR,2026-11-01,0.87,un_operational\nJPY,2026-11-01,157.3,\n"

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")


class Line(Struct, frozen=True):
    """A rate and the line of the file in which it begins; the header is line 1."""

    number: int
    rate: Rate


def read_table(text: str) -> tuple[Line, ...]:
    """Return the rates of a file. Raises Invalid with every bad line."""
    rows = _rows(text)
    _, header = next(rows, (1, []))
    if len(set(header)) < len(header) or not set(REQUIRED) <= set(header) <= {*REQUIRED, SOURCE}:
        raise Invalid("rates-columns", expected=[*REQUIRED, SOURCE])
    given = list(rows)
    if not 0 < len(given) <= RATES_MAX:
        raise Invalid("rates-number", rows=len(given), rows_max=RATES_MAX)
    lines: list[Line] = []
    refused: list[dict[str, object]] = []
    said: dict[tuple[str, str, date], str] = {}
    for number, fields in given:
        try:
            rate = _rate(header, fields)
            if said.setdefault((rate.source, rate.currency, rate.valid_from), rate.usd_per_unit) != rate.usd_per_unit:
                raise Invalid("rate-differs", field="units_per_usd")
            lines.append(Line(number, rate))
        except Invalid as no:
            refused.append({"line": number, "slug": no.slug, **no.details})
    if refused:
        raise Invalid("rates-refused", lines=refused)
    return tuple(lines)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield non-blank rows, each with the line in which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise Invalid("rates-malformed", line=number) from error
        if fields is None:
            return
        if fields:
            yield number, fields


def _rate(header: Sequence[str], fields: Sequence[str]) -> Rate:
    """Parse a row. Raises Invalid with the slug and the field, never with the cell's content."""
    if len(fields) != len(header):
        raise Invalid("row-fields", expected=len(header))
    row: Mapping[str, str] = dict(zip(header, fields, strict=True))
    source = row.get(SOURCE) or UN_OPERATIONAL
    if row["currency"] not in currencies():
        raise Invalid("unknown-code", field="currency")
    if not _CODE.match(source):
        raise Invalid("invalid-field", field=SOURCE)
    return Rate(
        source=source,
        currency=row["currency"],
        valid_from=_day(row["valid_from"]),
        usd_per_unit=_usd_per_unit(row["currency"], row["units_per_usd"]),
    )


def _day(text: str) -> date:
    # Checked by pattern, because fromisoformat also accepts 20261101 and 2026-W44-7.
    try:
        if _DAY.match(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid("invalid-field", field="valid_from")


def _usd_per_unit(currency: str, text: str) -> str:
    try:
        units = read_rate(text)
        if currency == USD and units != 1:
            raise Invalid("rate-differs")
        return rate_text(1 / units)
    except Invalid as no:
        no.details["field"] = "units_per_usd"
        raise
