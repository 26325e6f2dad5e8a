"""The result of an import for each row, and the choice of the rows that are imported."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from chassis.http.idempotency import Command
from chassis.ids import new_id
from chassis.sheets.cells import POSITION_MAX, ROWS_MAX
from chassis.sheets.records import Record, RowError
from contracts.reference.expectations import expected_words
from contracts.reference.refusal_words import words_of
from contracts.refusals import FieldError, Invalid, Mismatch
from contracts.values import Language

_RECORD_BITS = 9
assert 1 << _RECORD_BITS > ROWS_MAX, "the last bits of an id have to number all records of an import"


class RowResult(StrEnum):
    """The result for a row: `rejected`; `accepted` in a dry run; else `imported` or, if not chosen, `left_out`."""

    ACCEPTED = "accepted"
    IMPORTED = "imported"
    LEFT_OUT = "left_out"
    REJECTED = "rejected"


class RowReason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The reason for a rejection: its slug, a sentence in the language of `Accept-Language`, and the column.

    `expected`, `allowed`, `code_list` and `nearest` are those of an error of a body.
    """

    slug: str
    explanation: str
    column: str | None = None
    field: str | None = None
    expected: str | None = None
    allowed: tuple[str | int, ...] = ()
    code_list: str | None = None
    nearest: str | None = None


class RowOutcome(Struct, frozen=True, kw_only=True):
    """A row and its number in the file, in which the titles are row 1; `record_id` is the record that it is part of."""

    row: int
    outcome: RowResult
    record_id: UUID | None
    reasons: tuple[RowReason, ...]


class TableImport(Struct, frozen=True, kw_only=True):
    """The outcome of each row of a table, and the number of records. A dry run stores nothing, and has no id."""

    import_id: UUID | None
    dry_run: bool
    rows: int
    rejected: int
    records: int
    outcomes: tuple[RowOutcome, ...]


def outcomes(
    records: Sequence[Record], language: Language, imported: Mapping[int, UUID] | None = None
) -> tuple[RowOutcome, ...]:
    """The outcome of each row; `imported` maps the numbers of the imported records to their ids."""
    found = [
        RowOutcome(
            row=row,
            outcome=_outcome(record, imported),
            record_id=(imported or {}).get(record.number),
            reasons=tuple(_reason(one, language) for one in _errors(record, row)),
        )
        for record in records
        for row in record.rows
    ]
    return tuple(sorted(found, key=lambda one: one.row))


def report(
    records: Sequence[Record],
    language: Language,
    import_id: UUID | None = None,
    imported: Mapping[int, UUID] | None = None,
) -> TableImport:
    found = outcomes(records, language, imported)
    good = sum(not record.errors for record in records)
    return TableImport(
        import_id=import_id,
        dry_run=imported is None,
        rows=len(found),
        rejected=sum(one.outcome is RowResult.REJECTED for one in found),
        records=good if imported is None else len(imported),
        outcomes=found,
    )


def chosen(records: Sequence[Record], rows: str | None, language: Language) -> list[Record]:
    """The records of these rows, such as `2-5,9`; all records if `rows` is None.

    Raises Mismatch, with the outcome of each row, if a chosen row is rejected; Invalid for a row that is not in the
    file, and for a record of which only some rows are chosen.
    """
    wanted = {row for record in records for row in record.rows} if rows is None else _numbers(rows)
    found = [record for record in records if wanted & set(record.rows)]
    if wanted - {row for record in found for row in record.rows}:
        raise Invalid("row-not-in-file", field="rows")
    if not all(wanted >= set(record.rows) for record in found):
        raise Invalid("rows-not-whole", field="rows")
    if any(record.errors for record in found):
        raise Mismatch("rows-rejected", report=to_builtins(report(records, language)))
    return found


def _numbers(rows: str) -> set[int]:
    numbers: set[int] = set()
    for part in rows.split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), min(int(last or first), POSITION_MAX) + 1))
    return numbers


def import_id() -> UUID:
    """Return an id whose last bits number its records, so that a repeated import finds them again."""
    return UUID(int=new_id().int >> _RECORD_BITS << _RECORD_BITS)


def record_id(of_import: UUID, number: int) -> UUID:
    return UUID(int=of_import.int | number)


def command_with(command: Command, *parameters: object) -> Command:
    """The command with its query parameters in the hash, so that other parameters make it another command."""
    said = repr(parameters).encode()
    return replace(command, body_hash=hashlib.sha256(command.body_hash + said).digest())


def _outcome(record: Record, imported: Mapping[int, UUID] | None) -> RowResult:
    if imported is not None and record.number in imported:
        return RowResult.IMPORTED
    if record.errors:
        return RowResult.REJECTED
    return RowResult.ACCEPTED if imported is None else RowResult.LEFT_OUT


def _errors(record: Record, row: int) -> list[RowError]:
    """The errors of a row; if only other rows of its record have errors, an error that says so."""
    own = [one for one in record.errors if one.row == row]
    if record.errors and not own:
        return [RowError(row, None, FieldError(field="", problem="row-of-rejected-record"))]
    return own


def _reason(error: RowError, language: Language) -> RowReason:
    said = error.error
    return RowReason(
        slug=said.problem,
        explanation=words_of(said.problem, language),
        column=error.column,
        field=said.field or None,
        expected=expected_words(said.expected, language) if said.expected else None,
        allowed=said.allowed,
        code_list=said.code_list,
        nearest=said.nearest,
    )
