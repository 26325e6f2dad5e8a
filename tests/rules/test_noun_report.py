"""`entraide noun` shows what follows from a declaration."""

import json

from click.testing import CliRunner, Result

from services.__main__ import main
from services.composition import all_services

NOUNS = sorted(one.aggregate for service in all_services() for one in service.nouns)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["noun", *arguments])


def test_nouns_that_are_declared_are_listed() -> None:
    assert NOUNS == run().output.split() == json.loads(run("--json").output)


def test_moves_are_shown_with_their_roles_statuses_and_facts() -> None:
    report = json.loads(run("outreach_activity", "--json").output)

    assert "GET /v1/outreach-activities?status&audience&cursor&limit" == report["lists"]
    assert {
        "name": "hold_outreach_activity",
        "route": "POST /v1/outreach-activities/{outreach_activity_id}/hold",
        "roles": ["coordinator"],
        "statuses": ["planned"],
        "to": "held",
        "fact": "sherloc.outreach_activity.held.v1",
        "folds": ["outreach_activity_id", "audience", "reach"],
    } in report["commands"]
    assert "is_appointed(caller_role())" in report["sql"]["list"]


def test_every_noun_fits_a_terminal() -> None:
    for name in NOUNS:
        assert max(len(line) for line in run(name).output.splitlines()) <= 80


def test_unknown_noun_is_refused_with_those_declared() -> None:
    result = run("request")

    assert (2, True) == (result.exit_code, "outreach_activity" in result.output)
