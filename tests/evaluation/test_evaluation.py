"""Tests of the evaluation: instances are read as written, and missed aims or missing data are reported."""

from pathlib import Path

import pytest

from services.matching.rounds.solver.problem import check
from tests.evaluation import rounds
from tests.evaluation.__main__ import DATA
from tests.evaluation.report import Aim, Report, printed
from tests.evaluation.synthetic_rounds import a_round, with_changes

TWO_BY_THREE = """ 2 3
 10 20 30
 12 15 99
 4 4 4
 3 3 9
 8 3
"""
"""An instance in which the second agent has time for one of the first two jobs only, the first for any two."""


def test_an_instance_is_read_agent_by_agent_and_its_lowest_cost_is_found() -> None:
    assert (10 + 15 + 30, "proven") == rounds.lowest_cost(TWO_BY_THREE)


def test_an_instance_in_which_a_job_is_left_undone_has_no_cost() -> None:
    cost, _ = rounds.lowest_cost(TWO_BY_THREE.replace(" 8 3", " 7 3"))

    assert cost is None


def test_a_published_instance_is_solved_at_its_optimum() -> None:
    instance = DATA / "gap" / "cattrysse1994" / "gap1-0"
    if not instance.is_file():
        pytest.skip(f"there is no {instance}: it is checked where the data is")

    assert (261, "proven") == rounds.lowest_cost(instance.read_text(encoding="utf-8"))


def test_a_part_without_its_data_says_so(tmp_path: Path) -> None:
    said = printed(rounds.evaluate(tmp_path, lambda line: None))

    assert "SKIPPED: there is no" in said


def test_an_aim_that_is_not_met_is_marked() -> None:
    aims = (
        Aim(what="enough", figure=3, at_least=3),
        Aim(what="too few", figure=2, at_least=3),
        Aim(what="too many", figure=4, at_most=3),
    )
    said = printed(Report(title="A part", columns=("what", "n"), rows=(("a", "1"),), aims=aims)).splitlines()

    assert [True, False, False] == [aim.met for aim in aims]
    assert ["too few", "too many"] == [line.split("  ")[1] for line in said if line.endswith("!")]


def test_what_is_made_up_is_the_same_for_the_same_seed_and_can_be_meant() -> None:
    problem = a_round(lines=50, offerings=10, candidates=4, budgets=3, seed=1)
    changed = with_changes(problem, share=0.1, seed=1)

    check(problem)
    check(changed)
    assert problem == a_round(lines=50, offerings=10, candidates=4, budgets=3, seed=1)
    assert problem != a_round(lines=50, offerings=10, candidates=4, budgets=3, seed=2)
    assert 5 == len(set(problem.lines) - set(changed.lines))
