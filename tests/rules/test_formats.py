"""Days, numbers and money are formatted by one module, `contracts/formats.py`, in pages, mails and printed files."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jinja2 import nodes

from services.console.rendering import environment

ROOT = Path(__file__).parents[2]
MODULE = "contracts/formats.py"
TEMPLATES = ROOT / "services" / "console" / "templates"
OF_MACHINES = (
    *("services/cli/", "services/demo/", "services/documents/", "services/contact.py", "services/mailbox.py"),
    *("services/console/amounts.py", "services/console/charts/", "services/console/public/funding.py"),
    *("services/reports/open_data/", "chassis/sheets/", "chassis/http/", "chassis/audit/", "chassis/doctor.py"),
)
"""Code that writes for programs or operators: commands, RFC formats, months of files, numbers of spreadsheets and SVG."""

SPECIFIED = re.compile(r"[,_]|\.\d+[f%]|%[A-Za-z]")
"""Matches a format specification of an f-string that groups digits, or writes decimals or a date."""

DEADLINES = frozenset({"closes_at", "due_at", "ends_at", "window_ends_at"})
"""Moments of the API at which the time for something ends: what a page shows is the last day of that time."""

BEGINNINGS = {("deliveries/after.html", "due_at"), ("deliveries/follow_up.html", "due_at")}
"""Of a follow-up, `due_at` is the day on which the question is asked."""

LABELS = frozenset({"year", "revision", "version", "number", "code", "index", "place", "size_bytes", "status"})
"""Integers of the API that name a thing or are not shown as counts."""

TRANSLATED = frozenset({"_", "gettext", "ngettext", "pgettext"})


def fields() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the API's fields that are days or moments, and of those that are numbers."""
    days: set[str] = set()
    numbers: set[str] = set()

    def read(schema: Any) -> None:
        if isinstance(schema, list):
            for one in schema:
                read(one)
        elif isinstance(schema, Mapping):
            for name, of in schema.get("properties", {}).items():
                kinds = [of, *of.get("anyOf", ())] if isinstance(of, Mapping) else []
                days.update(name for one in kinds if one.get("format") in ("date", "date-time"))
                numbers.update(name for one in kinds if one.get("type") in ("integer", "number"))
            for one in schema.values():
                read(one)

    read(json.loads((ROOT / "contracts/schemas/openapi.json").read_text(encoding="utf-8")))
    return frozenset(days), frozenset(numbers - days - LABELS)


DAYS, NUMBERS = fields()


def name_of(node: nodes.Expr) -> str | None:
    match node:
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str(name))):
            return name
    return None


def shown(node: nodes.Expr) -> Iterator[str]:
    """Yield the names of the fields that an expression shows without a filter."""
    match node:
        case nodes.CondExpr(expr1=first, expr2=second):
            yield from shown(first)
            if second is not None:
                yield from shown(second)
        case nodes.Or(left=left, right=right) | nodes.And(left=left, right=right):
            yield from shown(left)
            yield from shown(right)
        case nodes.Concat(nodes=parts):
            for part in parts:
                yield from shown(part)
        case nodes.Call(node=nodes.Name(name=name), kwargs=kwargs) if name in TRANSLATED:
            for one in kwargs:
                yield from shown(one.value)
        case nodes.Mod(right=nodes.Dict(items=items)):
            for pair in items:
                yield from shown(pair.value)
        case _ if (name := name_of(node)) is not None:
            yield name


def unformatted(source: str) -> list[str]:
    """Return the days and numbers of the API that a template shows as they come, outside of tags."""
    found: list[str] = []
    before = ""

    def read(node: nodes.Node) -> None:
        nonlocal before
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if isinstance(part, nodes.TemplateData):
                    before = (before + part.data)[-2000:]
                elif before.rfind("<") <= before.rfind(">"):
                    found.extend(name for name in shown(part) if name in DAYS | NUMBERS)
            # Rows of a summary are tuples of a label and a value.
            for row in node.find_all(nodes.Tuple):
                found.extend(name for item in row.items for name in shown(item) if name in DAYS)
            return
        for child in node.iter_child_nodes():
            read(child)

    read(environment("en").parse(source))
    return found


def moments(source: str) -> list[str]:
    """Return the deadlines that a template shows as moments, or as days of the calendar."""
    filters = environment("en").parse(source).find_all(nodes.Filter)
    return [
        name
        for one in filters
        if one.node is not None and (name := name_of(one.node)) in DEADLINES and one.name not in ("deadline", "ago")
    ]


def formatting(source: str) -> list[str]:
    """Return what a module formats by itself."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="babel.dates" | "babel.numbers" as module):
                found.append(module)
            case ast.Attribute(attr="strftime"):
                found.append("strftime")
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])) if (
                SPECIFIED.search(spec)
            ):
                found.append(spec)
    return found


def sources() -> dict[str, str]:
    paths = [path for folder in ("chassis", "services", "contracts") for path in (ROOT / folder).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def pages() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES.rglob("*.html"):
        yield str(path.relative_to(TEMPLATES)), path.read_text(encoding="utf-8")


def test_one_module_formats_days_and_numbers() -> None:
    found = {name: formatting(source) for name, source in sources().items()}

    assert len(found[MODULE]) >= 2
    assert {} == {
        name: each for name, each in found.items() if each and name != MODULE and not name.startswith(OF_MACHINES)
    }


def test_templates_show_days_and_numbers_through_a_filter() -> None:
    templates = dict(pages())

    assert len(templates) > 100
    assert len(DAYS) > 30
    assert len(NUMBERS) > 50
    assert {} == {name: found for name, source in templates.items() if (found := unformatted(source))}


def test_deadlines_are_shown_as_last_days() -> None:
    found = [(page, name) for page, source in pages() for name in moments(source)]

    assert DEADLINES <= DAYS
    assert BEGINNINGS == set(found)


@pytest.mark.parametrize("filtered", ["moment", "day", "time"])
def test_deadline_shown_as_a_moment_is_found(filtered: str) -> None:
    assert ["due_at"] == moments(f"{{{{ one.due_at|{filtered} }}}}")
    assert [] == moments("{{ one.due_at|deadline }}")


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ one.due_at }}</p>",
        "{{ _('By %(day)s', day=one.due_at) }}",
        "{% trans day=one.due_at %}By {{ day }}{% endtrans %}",
        "{{ summary([(_('Due'), one.due_at)]) }}",
        "<p>{{ one.people if one else '–' }}</p>",
        "<p>{{ ', ' ~ one['people'] }}</p>",
    ],
)
def test_unformatted_value_is_found(source: str) -> None:
    assert unformatted(source)


@pytest.mark.parametrize(
    "source",
    ['<time datetime="{{ one.due_at }}">{{ one.due_at|day }}</time>', "{{ one.people|number }} {{ one.year }}"],
)
def test_formatted_value_is_not_found(source: str) -> None:
    assert not unformatted(source)


@pytest.mark.parametrize(
    "source",
    ["from babel.dates import format_date", "f'{one:,}'", "f'{day:%d %B}'", "day.strftime('%d')", "f'{x:.2f}'"],
)
def test_formatting_of_its_own_is_found(source: str) -> None:
    assert formatting(source)
