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
"""Our own files may hold more than those we take in: twice the transactions, each with its words in six languages."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What the schema does not allow, in the words of the parser."""

    line: int
    says: str


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a file: by the schema, where one was given, and by our own reader; `notes` are no faults."""

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
    """Look for what is wrong with FILE, an IATI activity file.

    Exit 0: nothing is; 1: something is; 2: it cannot be read. Notes are no faults: what a code or an amount means
    is not known to us.
    """
    data = _data(file)
    schema = _schema(xsd) if xsd else None
    found = validated(data, schema)
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(told(found)))
    if not found.good:
        sys.exit(1)


@iati.command("show")
@FILE
@JSON
def show(file: Path, as_json: bool) -> None:
    """Tell the activities and transactions of FILE, an IATI activity file; what has a defect is left out, and told.

    Exit 0: all was read; 1: something was left out, or it is no such file; 2: it cannot be read.
    """
    data = _data(file)
    try:
        found = _read(data)
    except Invalid as no:
        click.echo(f"entraide: {_told(defect_of(no))}", err=True)
        sys.exit(1)
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_lines(found)))
    for defect in found.defects:
        click.echo(f"entraide: {_told(defect)}", err=True)
    if found.defects:
        sys.exit(1)


def validated(data: bytes, schema: etree.XMLSchema | None) -> Validation:
    """What is wrong with a file. It is not shown to the schema before the reader has seen that it is harmless."""
    try:
        found = _read(data)
    except Invalid as no:
        # Another document type than activities, or none, is not for the schema of activities.
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


def told(found: Validation) -> list[str]:
    lines = [f"line {fault.line}: {fault.says} (schema)" for fault in found.faults]
    lines += [_told(defect) for defect in found.defects]
    lines += [f"note: {note.identifier}: {note.says}: {note.value or 'none'}" for note in found.notes]
    wrong = len(found.faults) + len(found.defects)
    return [*lines, f"{found.activities} activities, {found.transactions} transactions; {wrong or 'no'} faults"]


def _read(data: bytes) -> Reading:
    return read(data, transactions_max=TRANSACTIONS_MAX, bytes_max=OWN_FILE_BYTES_MAX)


def _data(file: Path) -> bytes:
    """At most one byte more than is read of a file."""
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


def _told(defect: Defect) -> str:
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
