"""Rules, in order, for importing a row of a table of flows.

Flows and imports are the same for every format; the rules here are for one format, and other formats have a file each.

The table is that of the Financial Tracking Service of OCHA, as CSV. An accepted row is stored as reported, beside the
ledger and not included in its totals; a rejected row is reported with the first rule it breaks. Numbers are parsed
digit by digit: commas, digits of other scripts and amounts finer than the currency are not guessed.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from msgspec import Struct

from contracts.pledges import IMPORT_ROWS_MAX
from contracts.reference import currencies, exponent
from contracts.refusals import Invalid, Refusal
from contracts.values import MINOR_UNITS_MAX
from services.pledges.money.model import USD, check_amount, read_rate
from services.pledges.open_data.flows.model import FlowStatus

IMPORT_BYTES_MAX = 2 * 1024 * 1024
TOLERANCE = Fraction(1, 100)
"""Maximum difference between the two amounts at the rate, as a fraction of the amount in US dollars."""

LENGTHS: Mapping[str, int] = {
    "id": 60,
    "refCode": 200,
    "date": 60,
    "status": 60,
    "contributionType": 60,
    "flowType": 60,
    "method": 60,
    "boundary": 60,
    "description": 2000,
    "amountUSD": 60,
    "originalAmount": 60,
    "originalCurrency": 60,
    "exchangeRate": 60,
    "srcOrganization": 200,
    "destOrganization": 200,
    "destUsageYearStart": 60,
    "destUsageYearEnd": 60,
}
"""The required columns with their maximum length in characters; other columns are ignored."""

_ID = re.compile(r"(?!iati-)[A-Za-z0-9._-]+")
"""Pattern of ids; it excludes those of transactions of activity files, which an earlier table could otherwise occupy.
"""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"(?:19|20|21)[0-9]{2}")
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Pattern of all control characters except tab and line ends."""

Day: TypeAlias = date
"""Alias for use in structs that have a field called `date`."""

T = TypeVar("T")
R = TypeVar("R")


class ImportFormat(StrEnum):
    """Formats of a file: a table of the Financial Tracking Service as CSV, or an activity file of IATI 2.01 to 2.03."""

    FTS_CSV = "fts_csv"
    IATI = "iati"


class Row(NamedTuple):
    """A row of the table: its line in the file and its cells by column; None if it has the wrong number of cells."""

    line: int
    cells: Mapping[str, str] | None


class ReportedFlow(Struct, frozen=True, kw_only=True):
    """A flow as others reported it, not included in any total here. `usage_from` and `usage_until` are years.

    `line` is the line in the file, or the number of the transaction in it. A flow that was reported without a value in
    US dollars is valued here; then `rate` is in dollars per unit, and has a `rate_source` and a `rate_date`.
    `pledge_id` is the pledge made from the flow.
    """

    line: int
    source_id: str
    reference: str
    date: date
    status: FlowStatus
    flow_type: str
    method: str
    donor: str
    destination: str
    usd_minor: int
    minor: int
    currency: str
    rate: str
    usage_from: int | None
    usage_until: int | None
    description: str
    pledge_id: UUID | None = None
    rate_source: str | None = None
    rate_date: Day | None = None


class RejectedRow(Struct, frozen=True, kw_only=True):
    """A rejected row: its line in the file, its id if readable, the slug, and the column, if one is at fault.

    For an activity file, `line` is the number of the transaction, and `column` the element.
    """

    line: int
    source_id: str
    slug: str
    column: str | None = None


class ValidatedRows(Struct, frozen=True, kw_only=True):
    """The rows of a table; each is either accepted or rejected."""

    accepted: tuple[ReportedFlow, ...]
    rejected: tuple[RejectedRow, ...]


class FlowImport(Struct, frozen=True, kw_only=True):
    """An import: its format, the SHA-256 of its file, and the numbers of its accepted and rejected rows."""

    import_id: UUID
    format: ImportFormat
    file_hash: str
    rows: int
    accepted: int
    rejected: int
    recorded_at: datetime


# -- the file ---------------------------------------------------------------------------------------------------------


def read(content: bytes) -> list[Row]:
    """Return the rows of a table.

    Raises Invalid if it is not CSV in UTF-8, lacks a column, or has too many rows or none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("invalid-unicode") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        columns = _columns(next(reader, []))
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not cells:
                continue
            if len(rows) == IMPORT_ROWS_MAX:
                raise Invalid("rows-too-many", rows_max=IMPORT_ROWS_MAX)
            whole = len(cells) == len(columns)
            rows.append(Row(line, _kept(columns, cells) if whole else None))
    except csv.Error as error:
        raise Invalid("csv-unreadable", line=reader.line_num) from error
    if not rows:
        raise Invalid("rows-missing")
    return rows


def _columns(heading: Sequence[str]) -> list[str]:
    columns = [name.strip(" ") for name in heading]
    if missing := sorted(LENGTHS.keys() - set(columns)):
        raise Invalid("columns-missing", columns=missing)
    if repeated := sorted(name for name in LENGTHS if columns.count(name) > 1):
        raise Invalid("column-repeated", columns=repeated)
    return columns


def _kept(columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    return {name: cell.strip(" ") for name, cell in zip(columns, cells, strict=True) if name in LENGTHS}


# -- rows -------------------------------------------------------------------------------------------------------------


def validate(rows: Sequence[Row], known: Collection[str]) -> ValidatedRows:
    """Accept or reject each row; `known` are the ids of earlier imports.

    If an id is repeated in a table, the first row counts.
    """
    seen: set[str] = set()

    def kept(row: Row) -> ReportedFlow:
        try:
            return _reported(row, seen, known)
        finally:
            if row.cells:
                seen.add(row.cells["id"])

    return partition(rows, kept, _named)


def ids(rows: Sequence[Row]) -> list[str]:
    """Return the readable ids of these rows."""
    return [row.cells["id"] for row in rows if row.cells and _ID.fullmatch(row.cells["id"])]


def partition(
    rows: Iterable[R], kept: Callable[[R], ReportedFlow], named: Callable[[R], tuple[int, str]]
) -> ValidatedRows:
    """Split rows into flows, by `kept`, and rejected ones; `named` returns a row's line and its id, if readable."""
    accepted: list[ReportedFlow] = []
    rejected: list[RejectedRow] = []
    for row in rows:
        try:
            accepted.append(kept(row))
        except Refusal as no:
            line, source_id = named(row)
            column = no.details.get("column") or no.details.get("element")
            rejected.append(
                RejectedRow(line=line, source_id=source_id, slug=no.slug, column=str(column) if column else None)
            )
    return ValidatedRows(accepted=tuple(accepted), rejected=tuple(rejected))


def _named(row: Row) -> tuple[int, str]:
    source_id = _ID.match(row.cells["id"][: LENGTHS["id"]]) if row.cells else None
    return row.line, source_id[0] if source_id else ""


def _reported(row: Row, seen: Collection[str], known: Collection[str]) -> ReportedFlow:
    """Return the flow of a row.

    Raises Invalid with the first rule that the row breaks; the order of the rules is part of the contract.
    """
    cells = row.cells
    if cells is None:
        raise Invalid("row-cells")
    _check_texts(cells)
    _check_id(cells["id"], seen, known)
    if cells["boundary"] != "incoming":
        raise Invalid("not-incoming", column="boundary")
    if cells["contributionType"] != "financial":
        raise Invalid("not-money", column="contributionType")
    if cells["status"] not in list(FlowStatus):
        raise Invalid("status-unknown", column="status")
    day = _date(cells["date"])
    if not cells["srcOrganization"]:
        raise Invalid("donor-missing", column="srcOrganization")
    currency = checked_currency(cells["originalCurrency"], column="originalCurrency")
    minor = _parsed("originalAmount", lambda text: _minor(text, currency), cells)
    usd_minor = _parsed("amountUSD", lambda text: _minor(text, USD), cells)
    rate = _parsed("exchangeRate", lambda text: _rate(text, currency), cells)
    _check_worth(minor, currency, usd_minor, read_rate(rate))
    usage_from, usage_until = (_parsed(name, _year, cells) for name in ("destUsageYearStart", "destUsageYearEnd"))
    if usage_from and usage_until and usage_until < usage_from:
        raise Invalid("dates-reversed", column="destUsageYearEnd")
    return ReportedFlow(
        line=row.line,
        source_id=cells["id"],
        reference=cells["refCode"],
        date=day,
        status=FlowStatus(cells["status"]),
        flow_type=cells["flowType"],
        method=cells["method"],
        donor=cells["srcOrganization"],
        destination=cells["destOrganization"],
        usd_minor=usd_minor,
        minor=minor,
        currency=currency,
        rate=rate,
        usage_from=usage_from,
        usage_until=usage_until,
        description=cells["description"],
    )


def _parsed(column: str, read: Callable[[str], T], cells: Mapping[str, str]) -> T:
    """Parse a cell; a refusal names the column."""
    try:
        return read(cells[column])
    except Invalid as no:
        no.details["column"] = column
        raise


def _check_texts(cells: Mapping[str, str]) -> None:
    for column, characters_max in LENGTHS.items():
        check_text(cells[column], characters_max, column=column)


def _check_id(source_id: str, seen: Collection[str], known: Collection[str]) -> None:
    if not _ID.fullmatch(source_id):
        raise Invalid("id-unreadable", column="id")
    check_new(source_id, seen, known, column="id")


def check_text(text: str, characters_max: int, *, column: str) -> None:
    """Raise Invalid if a text is too long or contains a control character."""
    if len(text) > characters_max:
        raise Invalid("text-too-long", column=column)
    if _CONTROL.search(text):
        raise Invalid("control-character", column=column)


def check_new(source_id: str, seen: Collection[str], known: Collection[str], *, column: str) -> None:
    """Raise Invalid if an id occurs earlier in the file or in another import."""
    if source_id in seen:
        raise Invalid("id-repeated", column=column)
    if source_id in known:
        raise Invalid("imported-already", column=column)


def _date(text: str) -> date:
    if not text:
        raise Invalid("date-missing", column="date")
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid("date-unreadable", column="date")


def checked_currency(code: str | None, *, column: str) -> str:
    """Return the currency. Raises Invalid if it is missing, unknown or not in use."""
    if not code:
        raise Invalid("currency-missing", column=column)
    if code not in currencies():
        raise Invalid("currency-unknown", column=column)
    return code


def _minor(text: str, currency: str) -> int:
    """Return an amount in whole minor units of its currency.

    Raises Invalid unless it is a positive number in range, and not finer than the currency's minor unit.
    """
    if not text:
        raise Invalid("amount-missing")
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Invalid("amount-unreadable")
    sign, whole, rest, places = found[1], found[2], (found[3] or "").rstrip("0"), exponent(currency)
    check_amount(int(whole + rest))
    if sign:
        raise Invalid("amount-negative")
    if len(rest) > places:
        raise Invalid("amount-too-precise")
    minor = int(whole + rest.ljust(places, "0"))
    if minor > MINOR_UNITS_MAX:
        raise Invalid("number-out-of-range")
    return minor


def _rate(text: str, currency: str) -> str:
    """Return the rate as reported; it is optional if both currencies are the US dollar."""
    if not text and currency == USD:
        return "1"
    if not text:
        raise Invalid("rate-missing")
    read_rate(text)
    return text


def _check_worth(minor: int, currency: str, usd_minor: int, rate: Fraction) -> None:
    """Raise Invalid unless the two amounts agree at the rate, which is either per US dollar or in US dollars."""
    amount, usd = Fraction(minor, 10 ** exponent(currency)), Fraction(usd_minor, 10 ** exponent(USD))
    if min(abs(amount / rate - usd), abs(amount * rate - usd)) > TOLERANCE * usd:
        raise Invalid("amounts-disagree", column="exchangeRate")


def _year(text: str) -> int | None:
    if not text:
        return None
    if not _YEAR.fullmatch(text):
        raise Invalid("year-unreadable")
    return int(text)
