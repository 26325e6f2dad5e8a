"""`entraide permissions` shows what the policies answer to an appointment, in every case."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner, Result

from contracts.values import Role
from services.__main__ import main
from services.cli import permissions as command
from services.composition import all_services
from services.directory.appointments.model import HELD_IN
from services.directory.people.model import Kind
from services.documents.permission_cases import SUBJECTS
from services.documents.permissions import Permission, cell, permissions_of, possible_standings, with_organization
from tests.soak import IS_SOAK

ORGANIZATION = {Kind.STATE: "KEN", Kind.UNODC: "UNODC", Kind.UNIT: "UNODC-MLA", Kind.OTHER: "INTERPOL"}
APPOINTMENTS = [(ORGANIZATION[kind], role) for role, kinds in HELD_IN.items() for kind in Kind if kind in kinds]
APPOINTMENTS.append(("UNODC", Role.SERVICE))
ASKED_ABOUT = APPOINTMENTS if IS_SOAK else [("KEN", Role.FOCAL_POINT)]
"""Appointments to report on; in a soak, every role in each kind of organization that may have it."""
COLUMNS = 80


@cache
def reported(organization: str, role: Role) -> list[Permission]:
    return permissions_of(organization, role, all_services())


@pytest.fixture(autouse=True)
def computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command reuse what this process computed of an appointment, since several tests ask about each."""
    monkeypatch.setattr(command, "permissions_of", lambda organization, role, _: reported(organization, role))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["permissions", *arguments])


def says(permission: Permission, standing: str, where: Mapping[str, str]) -> str:
    """Return what a permission says of one case, in the words of the page."""
    for grant in permission.allowed:
        if (not grant.standing or standing in grant.standing) and all(
            where[name] in values for name, values in grant.where.items()
        ):
            return "yes" + (": " + ", ".join(grant.fields) if grant.fields else "")
    return "no"


@pytest.mark.thinned
@pytest.mark.parametrize(("organization", "role"), ASKED_ABOUT, ids=[":".join(one) for one in ASKED_ABOUT])
def test_it_says_of_every_case_what_the_policy_answers(organization: str, role: Role) -> None:
    found = {(one.service, one.subject, one.action): one for one in reported(organization, role)}
    wrong, asked = [], 0
    for subject in SUBJECTS:
        cases = [
            (record, dict(zip(subject.properties, values, strict=True))) for values, record in subject.circumstances()
        ]
        for standing, make in possible_standings(organization, subject).items():
            for record, where in cases:
                caller, of = with_organization(organization, make(role), record)
                seen = subject.decide(caller, subject.reads[0], of).allowed
                for action in (*subject.reads, *(subject.acts if seen else ())):
                    answer = cell(subject.decide(caller, action, of))
                    said = says(found[subject.service, subject.title, str(action)], standing, where)
                    asked += 1
                    if said != (answer if answer.startswith("yes") else "no"):
                        wrong.append((subject.title, action, standing, where, said, answer))
    assert [] == wrong[:5]
    assert asked > 1000


def test_a_unit_of_unodc_needs_no_consent_to_know_of_its_match() -> None:
    def shown(organization: str) -> Sequence[Mapping[str, Any]]:
        permissions = json.loads(run(f"{organization}:provider_officer", "--json").output)["permissions"]
        (match,) = (one for one in permissions if one["subject"] == "A match" and one["action"] == "show_match")
        return [grant["where"] for grant in match["allowed"] if grant["standing"] == ["the provider itself"]]

    consent = "a consent lets the provider know"
    assert any(consent in where for where in shown("JPN"))
    assert not any(consent in where for where in shown("UNODC-MLA"))


def test_it_names_routes_with_what_they_need() -> None:
    said = run("KEN:official").output

    assert "    POST /v1/requests                                   file\n" in said
    assert "      as the State it is for; where submitted at once is no\n" in said
    assert "  never: list_coordinators, list_finance_officers," in said


@pytest.mark.thinned
@pytest.mark.parametrize(("organization", "role"), ASKED_ABOUT, ids=[":".join(one) for one in ASKED_ABOUT])
def test_it_fits_eighty_columns(organization: str, role: Role) -> None:
    result = run(f"{organization}:{role}")

    assert 0 == result.exit_code
    assert [] == [line for line in result.output.splitlines() if len(line) > COLUMNS]


def test_without_an_appointment_it_lists_the_roles_and_how_to_ask() -> None:
    result = run()

    assert 0 == result.exit_code
    assert all(f"\n{role} " in result.output for role in Role)
    assert "entraide permissions KEN:focal_point" in result.output
    assert [] == [line for line in result.output.splitlines() if len(line) > COLUMNS]
    examples = [one["example"] for one in json.loads(run("--json").output)]
    assert len(Role) == len(examples)
    assert all(run(example, "--json").exit_code == 0 for example in examples[:1])


@pytest.mark.parametrize(
    ("appointment", "wrong"),
    [
        ("KEN:president", "there is no role 'president'; there are focal_point, official"),
        ("KEN:", "there is no role ''"),
        ("KEN", "'KEN' is no appointment: ORG:ROLE is, for instance KEN:focal_point"),
        ("XXX:official", "there is no organization 'XXX'"),
        (":official", "there is no organization ''"),
        ("ken:official", "there is no organization 'ken'"),
        ("KEN:coordinator", "KEN has no coordinator: the role exists at UNODC"),
        ("KEN:service", "KEN has no service: the role exists at UNODC"),
    ],
)
def test_what_is_no_appointment_is_one_clear_line_and_exit_2(appointment: str, wrong: str) -> None:
    result = run(appointment)

    assert 2 == result.exit_code
    assert result.stderr.startswith(f"entraide: {wrong}")
    assert 1 == len(result.stderr.splitlines())
    assert "" == result.stdout
