"""/docs/permissions shows what the policies answer: its tables are parsed, and each policy is asked in every case."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from html.parser import HTMLParser
from typing import Any, cast

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Struct

from contracts.values import Role
from services.composition import all_services
from services.documents import permissions
from services.documents.files import inert_application
from services.documents.permission_cases import SUBJECTS
from services.documents.permission_subjects import Subject
from services.documents.permissions import EVERY, HIDDEN, actions_of_routes
from services.documents.permissions_page import permissions_page
from services.matching import policy as matching_policy
from services.requests import policy as requests_policy
from tests.rules import permitted

Named = tuple[type[StrEnum], str]


def named(action: StrEnum) -> Named:
    """Return an action with its kind: actions of the same name are equal, even of different kinds."""
    return type(action), str(action)


ASKED_WITHIN = {named(requests_policy.Action.SAY_IT_SUFFICES), named(matching_policy.Action.OVERRIDE)}
"""Actions without a route of their own: an option of `deliver`, and a field of a nomination."""


@pytest.fixture(scope="module")
def app() -> Litestar:
    return inert_application(all_services())


class Written(Struct, frozen=True):
    """A table of the page."""

    columns: Mapping[tuple[str, str], int]
    """Maps role and standing to the column."""
    properties: Sequence[str]
    rows: Sequence[Sequence[str]]


class Article(Struct):
    """The content below a heading: the groups of askers, and a table with its head."""

    service: str
    title: str = ""
    askers: list[str] = []
    rows: list[list[str]] = []


class Page(HTMLParser):
    """The articles of a page, in reading order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.articles: list[Article] = []
        self._group = self._text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        if tag == "article":
            self.articles.append(Article(self._group))
        elif tag == "tr" and self.articles and self._group != "routes":
            self.articles[-1].rows.append([])
        elif tag in {"h2", "h3", "li", "td", "th"}:
            self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self._group = self._text
        elif not self.articles or self._group == "routes":
            pass
        elif tag == "h3":
            self.articles[-1].title = self._text
        elif tag == "li":
            self.articles[-1].askers.append(self._text)
        elif tag in {"td", "th"}:
            self.articles[-1].rows[-1].append(self._text)


def test_policies_answer_as_is_written_down() -> None:
    """Run `python -m tests.rules.permitted` after an intended change, and read the difference."""
    assert permitted.FILE.read_text(encoding="utf-8").splitlines() == permitted.permitted().splitlines()


@pytest.fixture(scope="module")
def tables() -> Mapping[tuple[str, str, bool], Written]:
    return written()


def written() -> Mapping[tuple[str, str, bool], Written]:
    """Return the tables by service, title, and whether they are of actions by those who see the record."""
    subjects = {(subject.service, subject.title): subject for subject in SUBJECTS}
    found = {}
    for article in Page(permissions_page(all_services())).articles:
        acts = article.title.endswith(", by those who see it")
        title = article.title.removesuffix(", by those who see it")
        found[article.service, title, acts] = _table(article, subjects[article.service, title])
    return found


def _table(article: Article, subject: Subject) -> Written:
    head, *rows = article.rows
    groups = [asker.partition(" ") for asker in article.askers]
    columns = {
        actor: head.index(letter) - 1 for letter, _, reported_of in groups for actor in _actors(reported_of, subject)
    }
    return Written(columns, head[1 : -len(groups)], rows)


def _actors(reported_of: str, subject: Subject) -> Iterator[tuple[str, str]]:
    for group in reported_of.split("; "):
        found = re.fullmatch(r"(.+?)(?: \((.+)\))?", group)
        assert found
        roles = list(Role) if found[1] == "every role" else found[1].split(", ")
        for role in roles:
            for standing in found[2].split(" or ") if found[2] else subject.standings:
                yield str(role), standing


def _holds(cell: str, value: str, of: Sequence[str]) -> bool:
    """Check whether the cell of a property covers this value."""
    if cell == EVERY:
        return True
    if cell.startswith("all but "):
        return value in of and value not in cell.removeprefix("all but ").split(", ")
    return value in cell.split(", ")


def _row(table: Written, subject: Subject, action: StrEnum, values: Sequence[str]) -> Sequence[str]:
    """Return the page's answer in a case, for each group; exactly one row has to match."""
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
    assert len(rows) == 1, (subject.title, action, values, "is in one row")
    return rows[0]


@pytest.mark.soak
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: f"{subject.service}: {subject.title}")
def test_the_page_says_of_every_case_what_the_policy_answers(
    subject: Subject, tables: Mapping[tuple[str, str, bool], Written]
) -> None:
    reads = tables[subject.service, subject.title, False]
    acts = tables[subject.service, subject.title, True] if subject.acts else None
    answers = permitted.answers(subject.service, subject.title)
    wrong = []
    for case, (values, _) in enumerate(subject.circumstances()):
        said = {action: (reads, _row(reads, subject, action, values)) for action in subject.reads}
        if acts is not None:
            said |= {action: (acts, _row(acts, subject, action, values)) for action in subject.acts}
        for number, actor in enumerate(subject.actors):
            seen = answers[subject.reads[0]][number][case].startswith("yes")
            for action, (table, row) in said.items():
                says = row[1 + table.columns[str(actor.role), actor.standing]]
                if action in subject.acts and not seen:
                    says = HIDDEN
                answered = answers[action][number][case]
                if answered != says:
                    wrong.append((action, values, str(actor.role), actor.standing, says, answered))
    assert [] == wrong[:5]


def test_nobody_may_act_on_a_hidden_record() -> None:
    """The page does not ask the policies about it."""
    for subject in SUBJECTS:
        answers = permitted.answers(subject.service, subject.title)
        for number, seen in enumerate(answers[subject.reads[0]]):
            hidden = [case for case, answer in enumerate(seen) if answer == HIDDEN]
            for action in subject.acts:
                answered = {answers[action][number][case] for case in hidden}
                assert answered <= {HIDDEN}, (subject.title, action, subject.actors[number])


def test_there_are_as_many_cases_as_were_meant() -> None:
    cells = sum(
        len(subject.actors) * len([*subject.reads, *subject.acts]) * len(list(subject.circumstances()))
        for subject in SUBJECTS
    )

    assert cells > 100_000


def test_every_action_is_documented_and_every_route_requires_one(app: Litestar) -> None:
    asked: set[Named] = set()
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS" and not handler.opt.get("public") and not handler.opt.get("internal"):
                    where = f"{method} {route.path_format}"
                    assert "action" in handler.opt, (
                        f"{where}: say with opt=requires(Action.…) what it asks of its policy"
                    )
                    asked.add(named(handler.opt["action"]))
    reported_of = {named(action) for subject in SUBJECTS for action in (*subject.reads, *subject.acts)}
    actions = {named(action) for kind, _ in asked for action in kind}

    unreported = sorted(f"{kind.__module__}: {action}" for kind, action in actions - reported_of)
    assert [] == unreported, "each action is in a subject of services/documents/permission_cases.py"
    assert ASKED_WITHIN == actions - asked, "every action but these is asked by a route"


def test_action_without_a_policy_is_denied() -> None:
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


@pytest.mark.soak
def test_a_changed_rule_shows_on_the_page(
    tables: Mapping[tuple[str, str, bool], Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ("requests", "A request", True)
    assert not any(row[0] == "close" for row in tables[request].rows), "it is in a row with other actions"

    changed = {**requests_policy.MOVERS, requests_policy.Action.CLOSE: frozenset({Role.AUDITOR})}
    monkeypatch.setattr(requests_policy, "MOVERS", changed)
    # Make the page of this one subject only, since the whole page takes five seconds.
    monkeypatch.setattr("services.documents.permissions.SUBJECTS", [one for one in SUBJECTS if one.title == request[1]])
    monkeypatch.setattr("services.documents.permissions_page.tables", permissions.tables.__wrapped__)

    assert any(row[0] == "close" for row in written()[request].rows)


def test_the_page_and_the_command_know_every_route_with_what_it_asks(app: Litestar) -> None:
    served = {
        (method, route.path_format, str(handler.opt["action"]))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if "action" in handler.opt
    }
    asked = [(one.method, one.path, one.action) for one in actions_of_routes(all_services()) if one.action is not None]

    assert served == set(asked)
    assert len(asked) == len(served)
