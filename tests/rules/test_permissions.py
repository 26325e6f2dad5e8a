"""docs/permissions.md is what the policies say: its tables are read again, and each policy is asked about every case."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Struct

from contracts.values import Role
from services.documents.files import inert_application
from services.documents.permission_cases import SUBJECTS
from services.documents.permission_subjects import Subject
from services.documents.permissions import EVERY, HIDDEN, page, told
from services.requests import policy as requests_policy
from tests.conftest import every_service

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
LEGEND = re.compile(r"^- \*\*([A-Z])\*\* (.+)$", re.MULTILINE)
Named = tuple[type[StrEnum], str]


def named(action: StrEnum) -> Named:
    """An action with its kind: two of one name are equal, whosever they are."""
    return type(action), str(action)


ASKED_WITHIN = {named(requests_policy.Action.SAY_IT_SUFFICES)}
"""Actions without a route of their own: this one is a wish of `deliver`."""


@pytest.fixture(scope="module")
def app() -> Litestar:
    return inert_application(every_service())


class Written(Struct, frozen=True):
    """A table as it stands on the page."""

    columns: Mapping[tuple[str, str], int]
    """Role and standing → the column."""
    properties: Sequence[str]
    rows: Sequence[Sequence[str]]


def written() -> Mapping[tuple[str, str, bool], Written]:
    """Service, title and whether it is of what is done by those who see it → the table."""
    subjects = {(subject.service, subject.title): subject for subject in SUBJECTS}
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        service = part.partition("\n")[0]
        for section in re.split(r"^### ", part, flags=re.MULTILINE)[1:]:
            title, _, text = section.partition("\n")
            acts = title.endswith(", by those who see it")
            title = title.removesuffix(", by those who see it")
            found[service, title, acts] = _table(text, subjects[service, title])
    return found


def _table(text: str, subject: Subject) -> Written:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    letters = [letter for letter, _ in LEGEND.findall(text)]
    columns = {
        actor: lines[0].index(letter) - 1
        for letter, told_of in LEGEND.findall(text)
        for actor in _actors(told_of, subject)
    }
    return Written(columns, lines[0][1 : -len(letters)], lines[1:])


def _actors(told_of: str, subject: Subject) -> Iterator[tuple[str, str]]:
    for group in told_of.split("; "):
        found = re.fullmatch(r"(.+?)(?: \((.+)\))?", group)
        assert found
        roles = list(Role) if found[1] == "every role" else found[1].split(", ")
        for role in roles:
            for standing in found[2].split(" or ") if found[2] else subject.standings:
                yield str(role), standing


def _holds(cell: str, value: str, of: Sequence[str]) -> bool:
    """True where the cell of a property stands for this value, among others."""
    if cell == EVERY:
        return True
    if cell.startswith("all but "):
        return value in of and value not in cell.removeprefix("all but ").split(", ")
    return value in cell.split(", ")


def _answer(table: Written, subject: Subject, action: StrEnum, values: Sequence[str], actor: tuple[str, str]) -> str:
    """What the page says; it has to say one thing."""
    by_name = dict(zip(subject.properties, values, strict=True))
    rows = [
        row
        for row in table.rows
        if action in row[0].split(", ")
        and all(
            _holds(cell, by_name[name], subject.properties[name])
            for name, cell in zip(table.properties, row[1:], strict=False)
        )
    ]
    assert len(rows) == 1, (subject.title, action, values, "is told in one row")
    return rows[0][1 + table.columns[actor]]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: f"{subject.service}: {subject.title}")
def test_the_page_says_of_every_case_what_the_policy_answers(subject: Subject) -> None:
    tables = written()
    reads = tables[subject.service, subject.title, False]
    acts = tables[subject.service, subject.title, True] if subject.acts else None
    wrong = []
    for values, record in subject.circumstances():
        told_of: dict[tuple[StrEnum, str, str], str] = {}
        for actor in subject.actors:
            key = (str(actor.role), actor.standing)
            for action in subject.reads:
                told_of[action, *key] = _answer(reads, subject, action, values, key)
            seen = subject.decide(actor.caller, subject.reads[0], record).allowed
            for action in subject.acts:
                assert acts is not None
                told_of[action, *key] = _answer(acts, subject, action, values, key) if seen else HIDDEN
        wrong += [
            (action, values, key, says, answered)
            for (action, *key), says in told_of.items()
            for actor in subject.actors
            if [str(actor.role), actor.standing] == key
            if (answered := told(subject.decide(actor.caller, action, record))) != says
        ]
    assert [] == wrong[:5]


def test_there_are_as_many_cases_as_were_meant() -> None:
    cells = sum(
        len(subject.actors) * len([*subject.reads, *subject.acts]) * len(list(subject.circumstances()))
        for subject in SUBJECTS
    )

    assert cells > 100_000


def test_every_action_is_told_and_every_route_asks_one(app: Litestar) -> None:
    asked: set[Named] = set()
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS" and not handler.opt.get("public") and not handler.opt.get("internal"):
                    where = f"{method} {route.path_format}"
                    assert "action" in handler.opt, f"{where}: say with opt=asks(Action.…) what it asks of its policy"
                    asked.add(named(handler.opt["action"]))
    told_of = {named(action) for subject in SUBJECTS for action in (*subject.reads, *subject.acts)}
    actions = {named(action) for kind, _ in asked for action in kind}

    untold = sorted(f"{kind.__module__}: {action}" for kind, action in actions - told_of)
    assert [] == untold, "each action stands in a subject of services/documents/permission_cases.py"
    assert ASKED_WITHIN == actions - asked, "an action is what a route asks; nobody asks these"


def test_what_no_policy_knows_is_allowed_to_nobody() -> None:
    for subject in SUBJECTS:
        _, record = next(subject.circumstances())
        for actor in subject.actors:
            for unknown in ("", "erase", "SHOW"):
                assert not subject.decide(actor.caller, cast(Any, unknown), record).allowed
            for action in (*subject.reads, *subject.acts):
                strange = object()
                assert (
                    not subject.decide(actor.caller, action, strange).allowed
                    or subject.decide(actor.caller, action).allowed
                ), "of what is no record of ours it answers as of none"


def test_a_changed_rule_shows_as_a_difference(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> None:
    before = page(app)
    assert before == PAGE.read_text(encoding="utf-8"), "run `./dev entraide schemas` and commit what it writes"

    changed = {**requests_policy.MOVERS, requests_policy.Action.CLOSE: frozenset({Role.AUDITOR})}
    monkeypatch.setattr(requests_policy, "MOVERS", changed)
    after = page(app)

    assert "\n| close | every |" not in before
    assert "\n| close | every |" in after
