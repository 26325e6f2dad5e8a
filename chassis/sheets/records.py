"""The records of a spreadsheet: rows become bodies of a command, and errors of the body become errors of a cell."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import msgspec

from chassis.http.bodies import errors_of
from chassis.sheets.cells import COLUMNS_MAX, Cell, NotAValue, Row
from chassis.sheets.layout import Column, Layout, ValueType, normalized
from contracts import reference
from contracts.codes import nearest, unknown_code_error
from contracts.refusals import FieldError, Invalid, Refusal

Path = tuple[str, ...]
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*\Z")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\s*\Z")
_ITEMS = re.compile(r"\[\d+\]")
_ITEM = re.compile(r"(\w+)\[(\d+)\]\.?")
_SEVERAL = re.compile(r"[;；؛\r\n]")
_COMMAS = re.compile(r"[,，،、]")


@dataclass(frozen=True)
class RowError:
    """An error of a row: its column, if it concerns one, and the error."""

    row: int
    column: str | None
    error: FieldError


@dataclass
class Record:
    """The rows with one key: the body of a command, and all errors in it."""

    number: int
    """Position in the file, from 1."""

    rows: list[int]
    key: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    item_rows: list[int] = field(default_factory=list)
    """The row of each item of the body's list."""

    errors: list[RowError] = field(default_factory=list)

    def add(self, row: int, column: str | None, error: FieldError) -> None:
        """Keep the first error of each cell; errors without a column are kept once for each problem."""
        if not any(
            one.row == row and one.column == column and (column or one.error.problem == error.problem)
            for one in self.errors
        ):
            self.errors.append(RowError(row, column, error))


def records_of(layout: Layout, rows: Sequence[Row]) -> list[Record]:
    """Return the records of a table, decoded as far as the body's type defines. Raises Invalid for wrong titles."""
    columns = _columns(layout, rows[0])
    records: dict[str, Record] = {}
    for row in rows[1:]:
        cells = dict(zip(columns, row.cells, strict=False))
        key = _text(cells.pop(layout.key, None)).strip()
        record = records.get(key) if key else None
        if record is None:
            record = Record(len(records) + 1, [], key)
            records[key or f"\0{row.number}"] = record
        record.rows.append(row.number)
        if any(cell not in (None, "") for cell in row.cells[len(columns) :]):
            record.add(row.number, None, FieldError(field="", problem="cell-without-title"))
        _take(layout, record, row.number, cells)
    for record in records.values():
        for error in errors_of(msgspec.json.encode(record.body), layout.body):
            place(layout, record, error)
    return list(records.values())


def decoded(layout: Layout, record: Record) -> Any:
    """Return the body of a record without errors."""
    return msgspec.convert(record.body, layout.body)


def check(layout: Layout, record: Record, *checks: Callable[[], object]) -> None:
    """Run checks, and add their refusals to the errors of the record."""
    for one in checks:
        try:
            one()
        except Refusal as refusal:
            found = refusal.details.get("errors")
            errors = found if isinstance(found, list) else []
            given = str(refusal.details.get("field", ""))
            for error in errors or [FieldError(field=given, problem=refusal.slug)]:
                place(layout, record, error)


def place(layout: Layout, record: Record, error: FieldError) -> None:
    """Add an error of the body to the cell that it concerns."""
    item = _ITEM.match(error.field)
    item = item if item and item[1] == layout.items else None
    row = record.item_rows[int(item[2])] if item else record.rows[0]
    below = _ITEMS.sub("", error.field[item.end() :] if item else error.field)
    of_place = [one for one in layout.columns if one.of_item == bool(item) and one.path]
    exact = [one for one in of_place if ".".join(one.path) == below]
    inside = [one for one in of_place if below and ".".join(one.path).startswith(f"{below}.")]
    column = next(iter(exact or inside), None)
    record.add(row, column.name if column else None, error)


def _columns(layout: Layout, titles: Row) -> list[str]:
    """The name of the column at each position. Raises Invalid for unknown, repeated and missing columns."""
    found: list[str] = []
    errors: list[FieldError] = []
    cells = list(titles.cells)
    while cells and cells[-1] in (None, ""):
        cells.pop()
    if len(cells) > COLUMNS_MAX:
        raise Invalid("too-many-columns", limit=COLUMNS_MAX)
    for position, cell in enumerate(cells):
        title = _text(cell)
        column = layout.by_title.get(normalized(title))
        place = f"{_letters(position)}{titles.number}"
        if column is None:
            like = nearest(normalized(title)[:64], layout.by_title)
            near = layout.by_title[like].name if like else None
            errors.append(FieldError(field=place, problem="column-unknown", nearest=near))
        elif column.name in found:
            errors.append(FieldError(field=place, problem="column-repeated"))
        found.append(column.name if column else "")
    if errors:
        raise Invalid(errors[0].problem, errors=errors, known=[column.name for column in layout.columns])
    if missing := [column.name for column in layout.columns if column.required and column.name not in found]:
        raise Invalid("columns-missing", columns=missing)
    return found


def _take(layout: Layout, record: Record, row: int, cells: Mapping[str, Cell]) -> None:
    """Add a row to its record: an item of the list, and fields of the whole record, which rows must not contradict."""
    item: dict[str, Any] = {}
    has_item = False
    for column in layout.columns:
        cell = cells.get(column.name)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        has_item = has_item or column.of_item
        value, error = _value(column, cell)
        target = item if column.of_item else record.body
        if error is None and _get(target, column.path) not in (None, value):
            error = FieldError(field=column.name, problem="rows-contradict")
        if error:
            record.add(row, column.name, error)
        else:
            _put(target, column.path, value)
    if has_item:
        record.body.setdefault(layout.items, []).append(item)
        record.item_rows.append(row)


def _put(body: dict[str, Any], path: Path, value: object) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value


def _get(body: Mapping[str, Any], path: Path) -> object:
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _value(column: Column, cell: Cell) -> tuple[object, FieldError | None]:
    """The JSON value of a cell, or its error. Values of the wrong type are left to the check of the body."""
    if isinstance(cell, NotAValue):
        return None, FieldError(field=column.name, problem="cell-not-a-value")
    text = _text(cell)
    if problem := _undecodable(text):
        return None, FieldError(field=column.name, problem=problem)
    match column.type:
        case ValueType.INTEGER:
            return _integer(text), None
        case ValueType.FLAG:
            return _flag(text), None
        case ValueType.DATE:
            value = _date(text)
            error = None if value else FieldError(field=column.name, problem="invalid-field", expected="date_cell")
            return value, error
        case ValueType.CODE:
            return _codes(column, text)
    return (_pieces(text) if column.many else text), None


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else ""


def _undecodable(text: str) -> str | None:
    if "\0" in text:
        return "nul-character"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "invalid-unicode"
    return None


def _integer(text: str) -> object:
    plain = text.strip()
    return int(plain) if plain.lstrip("-").isdecimal() and len(plain) < 18 else text


def _flag(text: str) -> object:
    said = normalized(text)
    for flag, code in ((True, "yes"), (False, "no")):
        words = reference.choices()[code].labels.values()
        if said in {str(flag).lower(), str(int(flag)), *map(normalized, words)}:
            return flag
    return text


def _date(text: str) -> str | None:
    """The date of a text in which the order of day and month is certain; None for others."""
    found = _DATE.match(text.strip())
    parts = found.groups() if found else None
    if parts is None and (found := _DAY_FIRST.match(text.strip())):
        parts = (found[3], found[2], found[1])
    try:
        return date(*map(int, parts)).isoformat() if parts else None
    except ValueError:
        return None


def _codes(column: Column, text: str) -> tuple[object, FieldError | None]:
    if not column.many:
        return _code(column, text)
    codes: list[str] = []
    for piece in _pieces(text):
        # A label may contain commas, and a list of codes may be separated by them.
        parts = [piece] if normalized(piece) in _known(column) else [one.strip() for one in _COMMAS.split(piece)]
        for part in filter(None, parts):
            code, error = _code(column, part)
            if error:
                return None, error
            codes.append(code)
    return codes, None


def _code(column: Column, text: str) -> tuple[str, FieldError | None]:
    """The code of a text that is a code or a label. If the list is not closed, other text is returned as it is."""
    known = _known(column)
    codes = known.get(normalized(text), ())
    if len(codes) == 1 or (not codes and not column.closed):
        return (codes[0] if codes else text.strip()), None
    if codes:
        return "", FieldError(field=column.name, problem="label-ambiguous", allowed=codes)
    error = unknown_code_error(column.name, text[:64], list(column.labels()), column.code_list)
    like = nearest(normalized(text)[:200], known)
    return "", msgspec.structs.replace(error, nearest=known[like][0] if like else error.nearest)


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in _SEVERAL.split(text) if piece.strip()]


@cache
def _known(column: Column) -> Mapping[str, tuple[str, ...]]:
    """Maps each normalized code or label, in any language, to its codes; several Protocols share article titles."""
    labels = column.labels()
    said: dict[str, tuple[str, ...]] = {}
    for code, by_language in labels.items():
        for label in {normalized(one) for one in by_language.values()}:
            said[label] = (*said.get(label, ()), code)
    return said | {normalized(code): (code,) for code in labels}


def _letters(position: int) -> str:
    """The letters of a column: A, B, … Z, AA, …"""
    letters = ""
    while position >= 0:
        letters, position = chr(ord("A") + position % 26) + letters, position // 26 - 1
    return letters
