"""`entraide iati`."""

import sys
from pathlib import Path

import click
import msgspec
from lxml import etree

from contracts.reference.refusal_words import words_of
from contracts.refusals import Invalid
from contracts.values import Language
from services.cli.options import JSON, fail
from services.pledges.open_data.iati.codes import Note, notes
from services.pledges.open_data.iati.published import TRANSACTIONS_MAX
from services.pledges.open_data.iati.reading import Defect, Reading, defect_of, parser, read

FILE = click.argument("file", type=click.Path(path_type=Path))
SCHEMA = "iati-activities-schema.xsd"
OWN_FILE_BYTES_MAX = 64 * 1024 * 1024
"""Maximum size of a file.

It is larger than for imports, because our own files have twice the transactions, with texts in six languages.
"""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A violation of the schema, in the parser's words."""

    line: int
    says: str


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """The faults of a file, by the schema, if given, and by our own reader; `notes` are not faults."""

    activities: int
    transactions: int
    faults: tuple[Fault, ...]
    defects: tuple[Defect, ...]
    notes: tuple[Note, ...]

    @property
    def good(self) -> bool:
        return not self.faults and not self.defects


@click.group("iati")
def iati() -> None:
    """Files of the International Aid Transparency Initiative."""


@iati.command("validate")
@FILE
@click.option("--xsd", type=click.Path(path_type=Path), help="The folder with IATI's XML schemas of version 2.03.")
@JSON
def validate(file: Path, xsd: Path | None, as_json: bool) -> None:
    """Validate FILE, an IATI activity file.

    Exit 0: valid; 1: not valid; 2: it cannot be read. Notes are not faults, but codes or amounts whose meaning is not
    known here.
    """
    data = _data(file)
    schema = _schema(xsd) if xsd else None
    found = validated(data, schema)
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(report_lines(found)))
    if not found.good:
        sys.exit(1)


@iati.command("show")
@FILE
@JSON
def show(file: Path, as_json: bool) -> None:
    """Show the activities and transactions of FILE, an IATI activity file; those with defects are listed and left out.

    Exit 0: all was read; 1: something was left out, or it is not such a file; 2: it cannot be read.
    """
    data = _data(file)
    try:
        found = _read(data)
    except Invalid as no:
        click.echo(f"entraide: {_describe(defect_of(no))}", err=True)
        sys.exit(1)
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_lines(found)))
    for defect in found.defects:
        click.echo(f"entraide: {_describe(defect)}", err=True)
    if found.defects:
        sys.exit(1)


def validated(data: bytes, schema: etree.XMLSchema | None) -> Validation:
    """Validate a file. The schema is applied only after our reader has found the file harmless."""
    try:
        found = _read(data)
    except Invalid as no:
        # The schema of activities applies to no other document type.
        return Validation(activities=0, transactions=0, faults=(), defects=(defect_of(no),), notes=())
    faults: tuple[Fault, ...] = ()
    if schema is not None and not schema.validate(etree.fromstring(data, parser())):
        faults = tuple(Fault(line=error.line, says=error.message) for error in schema.error_log)
    return Validation(
        activities=len(found.activities),
        transactions=sum(len(activity.transactions) for activity in found.activities),
        faults=faults,
        defects=found.defects,
        notes=tuple(note for activity in found.activities for note in notes(activity)),
    )


def report_lines(found: Validation) -> list[str]:
    lines = [f"line {fault.line}: {fault.says} (schema)" for fault in found.faults]
    lines += [_describe(defect) for defect in found.defects]
    lines += [f"note: {note.identifier}: {note.says}: {note.value or 'none'}" for note in found.notes]
    wrong = len(found.faults) + len(found.defects)
    return [*lines, f"{found.activities} activities, {found.transactions} transactions; {wrong or 'no'} faults"]


def _read(data: bytes) -> Reading:
    return read(data, transactions_max=TRANSACTIONS_MAX, bytes_max=OWN_FILE_BYTES_MAX)


def _data(file: Path) -> bytes:
    """Read at most one byte more than the limit."""
    try:
        with file.open("rb") as opened:
            return opened.read(OWN_FILE_BYTES_MAX + 1)
    except OSError as error:
        fail(f"{file} cannot be read ({type(error).__name__})")


def _schema(folder: Path) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.parse(str(folder / SCHEMA), parser()))
    except (OSError, etree.LxmlError) as error:
        fail(f"{folder} holds no {SCHEMA} that can be used ({type(error).__name__})")


def _describe(defect: Defect) -> str:
    details = "".join(f", {name} {value}" for name, value in defect.details.items())
    return f"line {defect.line}: {words_of(defect.slug, Language.EN)} ({defect.slug}{details})"


def _lines(found: Reading) -> list[str]:
    lines = []
    for activity in found.activities:
        title = activity.titles[0].text
        lines.append(f"{activity.identifier}  {activity.reporter.ref}  {title}")
        lines += [
            f"  {one.on}  {one.type:>2}  {one.amount.currency or '???'} {one.amount.value}"
            for one in activity.transactions
        ]
    return lines
