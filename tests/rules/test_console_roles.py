"""The console repeats which roles may make some records, to offer a form to those who may send it.

Each copy is compared with the policy that decides. Other roles in the console choose what a page shows.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from contracts.values import Role
from services.console.imports.pages import TABLES
from services.directory.appointments.model import OF_FOCAL_POINT
from services.documents.permission_cases import SUBJECTS
from tests.rules.permitted import answers
from tests.rules.steps import ROOT, text_of

CONSOLE = ROOT / "services" / "console"
MADE_ANEW = "Operations without a record"
COPIES = {
    "criteria.pages.ROLE": ("requests", MADE_ANEW, "publish_criteria"),
    "funds.revising.ROLE": ("pledges", MADE_ANEW, "revise_requirement"),
    "strategies.pages.DRAWN_UP_BY": ("delivery", MADE_ANEW, "draw_up_strategy"),
    "deliveries.thread.WRITERS": ("delivery", "A delivery", "send_message"),
    "deliveries.thread.READERS": ("delivery", "A delivery", "mark_read"),
    "practices.pages.AUTHORS": ("sherloc", MADE_ANEW, "record_practice"),
    "sherloc_contributions.pages.OF_STATE": ("sherloc", MADE_ANEW, "draft_contribution"),
    "reports.pages.WRITERS": ("reports", MADE_ANEW, "draft_report"),
}
"""Roles that the console holds, with the service, subject and action of the policy that decides."""

SHOWN = {
    "deliveries.pages.ACTS_FOR_STATE": "which side of a delivery is the reader's",
    "figures.pages.COUNTS_FOR": "figures that are listed",
    "figures.pages.OVERSEEING": "figures that are listed",
    "home.pages.OF_A_STATE": "parts of the first page",
    "home.pages.WORKERS": "parts of the first page",
    "legislation.check_pages.OVERSEEING": "a choice of the State",
    "legislation.gap_pages.OF_STATE": "a choice of the State",
    "legislation.pages.ANSWERS_CHECKS": "whom a page asks for the yearly check",
    "legislation.pages.OF_STATE": "the State that is shown first",
    "legislation.proposal_pages.OVERSEEING": "a choice of the State",
    "matches.moves.PROVIDER": "reasons of a side",
    "matches.moves.STATE": "reasons of a side",
    "review_progress.model.OF_STATE": "whom tests/rules/test_declared_pages.py compares with the declaration",
    "offerings.pages.CONTACT_ROLES": "a part of a page that is asked for",
    "people.forms.ROLES": "choices of a form",
    "people.forms.ROLES_OF_FOCAL_POINT": "choices of a form",
    "search.pages.OFFICES": "where is searched",
    "strategies.pages.PROVIDER": "the title of a page",
    "work.pages.COORDINATOR": "views of the desk",
    "work.pages.READERS": "views of the desk",
}
"""Roles by which a page chooses what it shows. What they may read, the API decides."""

ROLES = frozenset(map(str, Role))


def roles_of(value: ast.expr) -> list[str]:
    """Return the texts of a constant, if all of them are roles."""
    texts = [one.value for one in ast.walk(value) if isinstance(one, ast.Constant)]
    return [str(one) for one in texts] if texts and ROLES.issuperset(map(str, texts)) else []


def held(source: str) -> Iterator[str]:
    """Yield the names of a module's constants that are roles."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and roles_of(node.value):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                yield from (one.id for one in names if isinstance(one, ast.Name))


def modules() -> Iterator[tuple[str, Path]]:
    for path in CONSOLE.rglob("*.py"):
        yield ".".join(path.relative_to(CONSOLE).with_suffix("").parts), path


def allowed(service: str, title: str, action: str) -> set[str]:
    """Return the roles that a policy may ever allow an action."""
    (subject,) = (one for one in SUBJECTS if (one.service, one.title) == (service, title))
    (to_actors,) = (found for one, found in answers(service, title).items() if str(one) == action)
    return {
        str(actor.role)
        for actor, found in zip(subject.actors, to_actors, strict=True)
        if any(answer.startswith("yes") for answer in found)
    }


def test_roles_in_the_console_are_copies_of_a_policy_or_choose_what_is_shown() -> None:
    found = {f"{module}.{name}" for module, path in modules() for name in held(text_of(path))}

    assert found == {*COPIES, *SHOWN}
    assert {"MAKES"} == set(held('MAKES = frozenset({"official"})\nOTHERS = ("official", "x")'))


@pytest.mark.parametrize("copy", COPIES)
def test_roles_to_whom_a_form_is_offered_are_those_of_the_policy(copy: str) -> None:
    module, _, name = copy.rpartition(".")
    roles = getattr(import_module(f"services.console.{module}"), name)

    assert ({roles} if isinstance(roles, str) else set(roles)) == allowed(*COPIES[copy])


def test_a_focal_point_is_offered_the_roles_that_it_may_appoint() -> None:
    roles: tuple[str, ...] = import_module("services.console.people.forms").ROLES_OF_FOCAL_POINT

    assert {*OF_FOCAL_POINT, "focal_point"} == set(roles)


@pytest.mark.parametrize(
    ("path", "service", "action"),
    [
        ("/offerings", "matching", "offer"),
        ("/requests", "requests", "import"),
        ("/sherloc/contributions", "sherloc", "import_contributions"),
    ],
)
def test_an_import_is_offered_to_the_roles_of_the_policy(path: str, service: str, action: str) -> None:
    (table,) = (one for one in TABLES if one.path == path)

    assert table.roles == allowed(service, MADE_ANEW, action)
