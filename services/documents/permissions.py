"""Every policy's decisions for all callers and cases, with equal rows merged; and one appointment's permissions.

The tables are complete: `tests/rules/test_permissions.py` reads them and evaluates each policy for every case.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from chassis.service import Service
from contracts.decisions import Decision
from contracts.values import Caller, Role
from services.directory.people.model import Kind, kind_of
from services.documents.permission_cases import SUBJECTS
from services.documents.permission_subjects import UNODC, Actor, Subject

HIDDEN = "–"
EVERY = "every"

Row = tuple[str, ...]
Answers = Mapping[Row, Sequence[str]]
"""Maps the action and the values of the properties to the decision for each actor."""


class Table(Struct, frozen=True):
    """The decisions about one subject: columns of actors, and rows of cases."""

    subject: Subject
    acts: bool
    actors: list[list[Actor]]
    rows: list[tuple[tuple[tuple[str, ...], ...], list[str]]]
    """Rows: for each property the values that the row covers, and the decision in each column."""


class RouteAction(NamedTuple):
    """A route, and the policy action that it checks; None for routes for services."""

    method: str
    path: str
    service: str
    action: str | None

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"


def actions_of_routes(services: Sequence[Service]) -> list[RouteAction]:
    """List every route of the services, by path."""
    return sorted(
        (
            RouteAction(str(method), _without_types(path), service.name, _action(handler.opt))
            for service in services
            for handler in service.routes
            for path in handler.paths
            for method in handler.http_methods
        ),
        key=lambda one: (one.path, one.method),
    )


def _action(opt: Mapping[str, Any]) -> str | None:
    return str(opt["action"]) if "action" in opt else None


def _without_types(path: str) -> str:
    """Convert `/v1/requests/{request_id:uuid}` to the notation of the documents."""
    return "/".join(part.partition(":")[0] + "}" if part.startswith("{") else part for part in path.split("/"))


# -- merging equal rows and columns -----------------------------------------------------------------------------------


@cache
def tables() -> Sequence[Table]:
    """Return a table of each subject's reads and, if it has other actions, one of these.

    The second table is for callers who see the record. Cached, since the policies are asked for a million decisions.
    """
    return [_table(subject, acts=acts) for subject in SUBJECTS for acts in (False, True) if subject.acts or not acts]


def _table(subject: Subject, *, acts: bool) -> Table:
    actors = subject.actors
    callers = [actor.caller for actor in actors]
    answers: dict[Row, list[str]] = {}
    for values, record in subject.circumstances():
        # Nobody acts on a record that is hidden from them; tests/rules/test_permissions.py asks every policy.
        seen = [not (acts and subject.decide(caller, subject.reads[0], record).hidden) for caller in callers]
        for action in subject.acts if acts else subject.reads:
            answers[action, *values] = [
                cell(subject.decide(caller, action, record)) if sees else HIDDEN
                for caller, sees in zip(callers, seen, strict=True)
            ]
    grouped = _group_actors(actors, list(answers.values()))
    narrowed = {row: [answer[actors.index(group[0])] for group in grouped] for row, answer in answers.items()}
    rows = list(_rows(narrowed, [()] * (1 + len(subject.properties)), 0, wild=acts))
    again = _group_actors([group[0] for group in grouped], [answer for _, answer in rows])
    columns = [[actor for group in grouped if group[0] in alike for actor in group] for alike in again]
    first = [next(i for i, group in enumerate(grouped) if group[0] is alike[0]) for alike in again]
    return Table(subject, acts, columns, [(values, [answer[i] for i in first]) for values, answer in rows])


def cell(decision: Decision) -> str:
    """Return the text of a decision in a cell."""
    if decision.hidden:
        return HIDDEN
    if decision.slug is not None:
        return decision.slug
    return "yes" + (": " + ", ".join(sorted(decision.fields)) if decision.fields else "")


def _group_actors(actors: Sequence[Actor], answers: Sequence[Sequence[str]]) -> list[list[Actor]]:
    """Group the actors by equal decisions."""
    groups: dict[Row, list[Actor]] = {}
    for number, actor in enumerate(actors):
        groups.setdefault(tuple(answer[number] for answer in answers), []).append(actor)
    return list(groups.values())


def _rows(
    answers: Answers, chosen: list[tuple[str, ...]], at: int, *, wild: bool
) -> Iterator[tuple[tuple[tuple[str, ...], ...], list[str]]]:
    """Yield rows in the order of the properties; values with the same decisions below them share a row.

    With `wild`, a hidden cell equals any other.
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
    """Merge both, or return None if they differ. With `wild`, a hidden cell equals any other."""
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


# -- text -------------------------------------------------------------------------------------------------------------


def values_text(values: Sequence[str], of: Sequence[str]) -> str:
    if len(values) == len(of):
        return EVERY
    left_out = [value for value in of if value not in values]
    return "all but " + ", ".join(left_out) if len(left_out) < len(values) else ", ".join(values)


def described(subject: Subject, actors: Sequence[Actor]) -> str:
    """Describe roles with their relations to the record; roles with the same relations are grouped."""
    by_standings: dict[tuple[str, ...], list[Role]] = {}
    for role in Role:
        standings = tuple(actor.standing for actor in actors if actor.role is role)
        if standings:
            by_standings.setdefault(standings, []).append(role)
    texts = []
    for standings, roles in by_standings.items():
        who = "every role" if len(roles) == len(Role) else ", ".join(roles)
        texts.append(who + ("" if len(standings) == len(subject.standings) else f" ({' or '.join(standings)})"))
    return "; ".join(texts)


# -- permissions of one appointment -----------------------------------------------------------------------------------


class Grant(Struct, frozen=True, kw_only=True):
    """A condition under which something is allowed: every property has one of its values."""

    standing: tuple[str, ...] = ()
    """The caller's relations to the record; empty if they make no difference."""
    where: Mapping[str, tuple[str, ...]] = {}
    """The record's properties that make a difference."""
    fields: tuple[str, ...] = ()
    """The guarded fields that are shown, too."""


class Permission(Struct, frozen=True, kw_only=True):
    """The permission of an appointment for an action on one kind of record; never granted if `allowed` is empty."""

    service: str
    subject: str
    action: str
    routes: tuple[str, ...]
    on_shown: bool
    """True if the action is checked only on records that the appointment sees."""
    allowed: tuple[Grant, ...]
    refusals: tuple[str, ...]
    """The slugs of the refusals in all other cases."""


def permissions_of(organization: str, role: Role, services: Sequence[Service]) -> list[Permission]:
    """List the policies' decisions for an appointment, for each action and kind of record."""
    routes: dict[tuple[str, str], list[str]] = {}
    for asked in actions_of_routes(services):
        if asked.action is not None:
            routes.setdefault((asked.service, asked.action), []).append(asked.route)
    found = []
    for subject in SUBJECTS:
        answers = _answers_to(organization, role, subject)
        for action in (*subject.reads, *subject.acts):
            acts = action not in subject.reads
            allowed, refusals = _grants(subject, answers[action], wild=acts)
            found.append(
                Permission(
                    service=subject.service,
                    subject=subject.title,
                    action=str(action),
                    routes=tuple(routes.get((subject.service, str(action)), ())),
                    on_shown=acts,
                    allowed=allowed,
                    refusals=refusals,
                )
            )
    return found


def _answers_to(organization: str, role: Role, subject: Subject) -> Mapping[str, dict[Row, list[str]]]:
    """Return, for each action, the decision by relation and properties, as a list of one."""
    answers: dict[str, dict[Row, list[str]]] = {str(action): {} for action in (*subject.reads, *subject.acts)}
    cases = list(subject.circumstances())
    for standing, make in possible_standings(organization, subject).items():
        caller = make(role)
        for values, record in cases:
            asking, of = with_organization(organization, caller, record)
            for action in (*subject.reads, *subject.acts):
                answers[action][standing, *values] = [cell(subject.decide(asking, action, of))]
    return answers


def possible_standings(organization: str, subject: Subject) -> Mapping[str, Any]:
    """Return the relations that are possible for an organization of this kind."""
    kind = kind_of(organization)
    impossible = {"another organization"} if kind is Kind.UNODC and UNODC in subject.standings else set()
    return {
        standing: make
        for standing, make in subject.standings.items()
        if standing not in impossible
        and (standing != UNODC or kind is Kind.UNODC)
        and ("State" not in standing or kind is Kind.STATE)
    }


def with_organization(organization: str, caller: Caller, record: Any) -> tuple[Caller, Any]:
    """Return a case with UNODC or its unit in place of the placeholder State.

    Policies distinguish these two; all other organizations are equivalent to the placeholder.
    """
    if kind_of(organization) not in {Kind.UNODC, Kind.UNIT}:
        return caller, record
    renamed = {caller.organization: organization}
    return _renamed(caller, renamed), _renamed(record, renamed)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value with organizations renamed, at any depth."""
    if type(value) is str:
        return names.get(value, value)
    if isinstance(value, Struct):
        changed = {}
        for name in value.__struct_fields__:
            old = getattr(value, name)
            # Empty fields are skipped: most fields are empty, and there are millions.
            if old and (new := _renamed(old, names)) is not old:
                changed[name] = new
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, dict):
        return {_renamed(key, names): _renamed(one, names) for key, one in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        return type(value)([_renamed(one, names) for one in value])
    return value


def _grants(subject: Subject, answers: Answers, *, wild: bool) -> tuple[tuple[Grant, ...], tuple[str, ...]]:
    """Return the conditions under which one action is allowed, and the slugs of the refusals otherwise."""
    names = list(subject.properties)
    standings = list(dict.fromkeys(row[0] for row in answers))
    grants, refusals = [], set()
    for row, (answer,) in _rows(answers, [()] * (1 + len(names)), 0, wild=wild):
        yes, _, fields = answer.partition(": ")
        if yes != "yes":
            refusals.add("not-found" if answer == HIDDEN else answer)
            continue
        where = {name: of for name, of in zip(names, row[1:], strict=True) if len(of) < len(subject.properties[name])}
        grants.append(
            Grant(
                standing=row[0] if len(row[0]) < len(standings) else (),
                where=where,
                fields=tuple(fields.split(", ")) if fields else (),
            )
        )
    return tuple(grants), tuple(sorted(refusals))
