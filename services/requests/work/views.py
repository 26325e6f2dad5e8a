"""The list of work as a table, with headings and labels in the reader's language."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET

from chassis.sheets.tables import Cell, Table
from contracts import reference
from contracts.reference import country_name
from contracts.values import Language
from services.requests.work.store import WorkItem


def _text(value: object) -> str:
    return "" if value is None or value is UNSET else str(value)


def _label(name: str, code: object, language: Language) -> str:
    return reference.work_table()[f"{name}:{code}"].label(language) if _text(code) else ""


def _flag(flag: bool, language: Language) -> str:
    return reference.choices()["yes" if flag else "no"].label(language)


def _kinds(item: WorkItem, language: Language) -> str:
    return "; ".join(reference.kinds()[code].label(language) for code in item.kinds or ())


COLUMNS: Mapping[str, Callable[[WorkItem, Language], Cell]] = {
    "reference": lambda item, _: _text(item.reference),
    "title": lambda item, _: _text(item.title),
    "language": lambda item, _: _text(item.language),
    "state": lambda item, language: country_name(item.state, language),
    "kinds": _kinds,
    "step": lambda item, language: _label("step", item.step, language),
    "organization": lambda item, _: item.organization,
    "role": lambda item, language: _label("role", item.role, language),
    "since": lambda item, _: item.since,
    "due_at": lambda item, _: item.due_at,
    "overdue": lambda item, language: _flag(item.overdue, language),
    "paused": lambda item, language: _flag(item.paused, language),
    "status": lambda item, language: _label("status", item.status, language),
    "priority": lambda item, language: _label("priority", item.priority, language),
    "assignee": lambda item, _: _text(item.assignee),
    "request_id": lambda item, _: str(item.request_id),
    "match_id": lambda item, _: _text(item.match_id),
}
"""Maps each column to its cell; what the caller may not see is an empty cell."""


def table_of(items: Sequence[WorkItem], language: Language) -> Table:
    return Table(
        name="work",
        language=language,
        headings=[reference.work_table()[f"column:{name}"].label(language) for name in COLUMNS],
        rows=[[cell(item, language) for cell in COLUMNS.values()] for item in items],
    )
