"""docs/permissions.md: what every policy answers to everybody about everything, with what is equal told once.

Nothing is left out: `tests/rules/test_permissions.py` reads the tables again and asks each policy about every case.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Struct

from contracts.decisions import Decision
from contracts.values import Role
from services.documents.permission_cases import SUBJECTS
from services.documents.permission_subjects import Actor, Subject

HIDDEN = "–"
EVERY = "every"
HEAD = """\
# Who may see and do what

Written by `./dev entraide schemas` from each service's `decide(caller, action, resource)` (its `policy.py`), asked
about every action × role × standing of the asker to the record × property of the record that matters. Never edited:
change a policy, and this page shows as a diff what that does. Answers that are equal stand together; nothing is left
out, and a test asks each policy again about every case that a table stands for.

How to read a table:
- A row is an action under circumstances of the record; `every` where one of them makes no difference. A column is a
  group of askers, told above the table: a role, and in brackets how the asker's organization stands to the record.
- **yes**: allowed. Fields after it, as in `yes: rank`, are guarded ones that are shown, too; below the table all fields
  of the record are listed, the guarded ones with a star. `words` are title, need, outcome (of a line), in_place,
  markers_justification: what a consent of the State gives together. `line_words` are those of the lines that a
  provider serves by a match that both sides accepted: without a consent it is shown these lines alone.
- **–**: the answer is the one for a record that does not exist (`not-found`), byte for byte.
- Any other word is the slug of a refusal (403).
- What is done *by those who see it* stands in a table of its own: on a record that one does not see each of these is –.
  Whether the record's state allows the move is another question (409), answered by the moves in the domain.
- Everybody with a role may ask for a list; what stands in it is filtered in SQL by the same rule, and the row of the
  list tells of which records.
"""

Row = tuple[str, ...]
Answers = Mapping[Row, Sequence[str]]
"""The values of the properties, the action first → what each actor is answered."""


class Table(Struct, frozen=True):
    """What is told of one subject: its columns of actors, and its rows of circumstances."""

    subject: Subject
    acts: bool
    actors: list[list[Actor]]
    rows: list[tuple[tuple[tuple[str, ...], ...], list[str]]]
    """For each property the values that a row is for; and what each column is answered."""


def page(app: Litestar) -> str:
    """The whole page, from the policies and from the routes that ask them."""
    return "\n".join(_page(app))


def _page(app: Litestar) -> Iterator[str]:
    yield HEAD
    service = ""
    for table in tables():
        if table.subject.service != service:
            service = table.subject.service
            yield f"## {service}\n"
        yield f"### {table.subject.title}" + (", by those who see it\n" if table.acts else "\n")
        yield from _markdown(table)
        yield ""
    yield "## Which route asks what\n"
    yield "| route | asks |\n|---|---|"
    for route, asked in asked_by_routes(app):
        yield f"| `{route}` | {asked} |"
    yield ""


def asked_by_routes(app: Litestar) -> list[tuple[str, str]]:
    """Every route with the action it asks about, or why it asks about none."""
    found = []
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS":
                    found.append((f"{method} {route.path_format}", _asked(handler.opt)))
    return sorted(found, key=lambda one: one[0].split(" ")[::-1])


def _asked(opt: Mapping[str, Any]) -> str:
    if action := opt.get("action"):
        return f"{type(action).__module__.split('.')[1]}: {action}"
    return "nothing: public" if opt.get("public") else "nothing: for services" if opt.get("internal") else "?"


# -- making equal things one ------------------------------------------------------------------------------------------


def tables() -> Iterator[Table]:
    """Of each subject who sees it, and where there is more to it what those who see it do."""
    for subject in SUBJECTS:
        yield _table(subject, acts=False)
        if subject.acts:
            yield _table(subject, acts=True)


def _table(subject: Subject, *, acts: bool) -> Table:
    actors = subject.actors
    answers: dict[Row, list[str]] = {}
    for values, record in subject.circumstances():
        for action in subject.acts if acts else subject.reads:
            answers[action, *values] = [told(subject.decide(actor.caller, action, record)) for actor in actors]
    grouped = _alike(actors, list(answers.values()))
    narrowed = {row: [answer[actors.index(group[0])] for group in grouped] for row, answer in answers.items()}
    rows = list(_rows(narrowed, [()] * (1 + len(subject.properties)), 0, wild=acts))
    again = _alike([group[0] for group in grouped], [answer for _, answer in rows])
    columns = [[actor for group in grouped if group[0] in alike for actor in group] for alike in again]
    first = [next(i for i, group in enumerate(grouped) if group[0] is alike[0]) for alike in again]
    return Table(subject, acts, columns, [(values, [answer[i] for i in first]) for values, answer in rows])


def told(decision: Decision) -> str:
    """A decision in a cell."""
    if decision.hidden:
        return HIDDEN
    if decision.slug is not None:
        return decision.slug
    return "yes" + (": " + ", ".join(sorted(decision.fields)) if decision.fields else "")


def _alike(actors: Sequence[Actor], answers: Sequence[Sequence[str]]) -> list[list[Actor]]:
    """The actors who are always answered the same, together."""
    groups: dict[Row, list[Actor]] = {}
    for number, actor in enumerate(actors):
        groups.setdefault(tuple(answer[number] for answer in answers), []).append(actor)
    return list(groups.values())


def _rows(
    answers: Answers, chosen: list[tuple[str, ...]], at: int, *, wild: bool
) -> Iterator[tuple[tuple[tuple[str, ...], ...], list[str]]]:
    """Rows in the order of the properties; values after which all the rest is equal share one.

    `wild`: what somebody does not see is equal to anything.
    """
    if at == len(chosen):
        (answer,) = answers.values()
        yield tuple(chosen), list(answer)
        return
    parts: dict[str, dict[Row, Sequence[str]]] = {}
    for row, answer in answers.items():
        parts.setdefault(row[0], {})[row[1:]] = answer
    groups: list[tuple[list[str], Answers]] = []
    for value, part in parts.items():
        for number, (values, known) in enumerate(groups):
            both = _merged(known, part, wild=wild)
            if both is not None:
                groups[number] = ([*values, value], both)
                break
        else:
            groups.append(([value], part))
    for values, rest in groups:
        yield from _rows(rest, [*chosen[:at], tuple(values), *chosen[at + 1 :]], at + 1, wild=wild)


def _merged(one: Answers, other: Answers, *, wild: bool) -> Answers | None:
    """Both as one, or None where they differ."""
    if not wild:
        return one if one == other else None
    merged: dict[Row, list[str]] = {}
    for row, answer in one.items():
        merged[row] = []
        for a, b in zip(answer, other[row], strict=True):
            if a != b and HIDDEN not in {a, b}:
                return None
            merged[row].append(b if a == HIDDEN else a)
    return merged


# -- Markdown ---------------------------------------------------------------------------------------------------------


def _markdown(table: Table) -> Iterator[str]:
    letters = [chr(ord("A") + number) for number in range(len(table.actors))]
    for letter, actors in zip(letters, table.actors, strict=True):
        yield f"- **{letter}** {described(table.subject, actors)}"
    properties = list(table.subject.properties.values())
    told_of = [i for i in range(len(properties)) if any(len(row[i + 1]) < len(properties[i]) for row, _ in table.rows)]
    names = list(table.subject.properties)
    yield "\n| " + " | ".join(["action", *(names[i] for i in told_of), *letters]) + " |"
    yield "|---" * (1 + len(told_of) + len(letters)) + "|"
    for row, answers in table.rows:
        values = [_values(row[i + 1], properties[i]) for i in told_of]
        yield "| " + " | ".join([", ".join(row[0]), *values, *answers]) + " |"
    if not table.acts:
        yield from _fields(table)


def _fields(table: Table) -> Iterator[str]:
    """All fields of what is shown, the guarded ones with a star."""
    for view in table.subject.views:
        starred = [f"{name}*" if name in table.subject.guarded else name for name in view.__struct_fields__]
        yield f"\n{view.__name__}: {', '.join(starred)}"


def _values(values: Sequence[str], of: Sequence[str]) -> str:
    if len(values) == len(of):
        return EVERY
    left_out = [value for value in of if value not in values]
    return "all but " + ", ".join(left_out) if len(left_out) < len(values) else ", ".join(values)


def described(subject: Subject, actors: Sequence[Actor]) -> str:
    """Roles with the standings they are meant in; equal standings told once."""
    by_standings: dict[tuple[str, ...], list[Role]] = {}
    for role in Role:
        standings = tuple(actor.standing for actor in actors if actor.role is role)
        if standings:
            by_standings.setdefault(standings, []).append(role)
    told_of = []
    for standings, roles in by_standings.items():
        who = "every role" if len(roles) == len(Role) else ", ".join(roles)
        told_of.append(who + ("" if len(standings) == len(subject.standings) else f" ({' or '.join(standings)})"))
    return "; ".join(told_of)
