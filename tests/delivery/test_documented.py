"""docs/delivery.md lists the statuses of the models' moves, and the roles of the policy."""

import re
from collections.abc import Mapping
from pathlib import Path

from contracts.values import Role
from services.delivery.action_points import model as action_point
from services.delivery.agreements import model as agreement
from services.delivery.deliveries import model as delivery
from services.delivery.effects.model import EFFECTS
from services.delivery.experts import model as expert
from services.delivery.follow_ups import model as follow_up
from services.delivery.policy import (
    ACTION_POINT_MOVERS,
    EXPERT_MOVERS,
    FOLLOW_UP_MOVERS,
    MOVERS,
    RESULT_MOVERS,
    SCREENING_MOVERS,
    SESSION_MOVERS,
    STRATEGY_MOVERS,
    Action,
)
from services.delivery.results import model as result
from services.delivery.screenings import model as screening
from services.delivery.sessions import model as session
from services.delivery.strategies import model as strategy

TEXT = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", re.M)
BESIDE = {"plan_session", "add_action_point", "record_effect", "draw_up_strategy"}
"""Moves that begin another record."""
OF_STRATEGIES = {move: roles for move, roles in STRATEGY_MOVERS.items() if move is not Action.ADD_ACTION_POINT}
ROLES = {str(role): role for role in (Role.FOCAL_POINT, Role.PROVIDER_OFFICER, Role.COORDINATOR, Role.OFFICIAL)}


def rows(heading: str) -> Mapping[str, tuple[set[str], set[Role]]]:
    """Return the statuses and roles of each move under a heading."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {
        move: (set(re.findall(r"`(\w+)`", states)), {ROLES[one] for one in who.split(", ") if one in ROLES})
        for move, states, who in ROW.findall(section)
    }


def test_state_tables_are_those_of_the_models() -> None:
    for heading, moves in (
        ("The delivery", delivery.MOVES),
        ("The agreement", agreement.MOVES),
        ("Sessions", session.MOVES),
        ("Results", result.MOVES),
        ("Action points", action_point.MOVES),
        ("Screenings", screening.MOVES),
        ("Experts", expert.MOVES),
        ("Follow-up", follow_up.MOVES),
        ("Effects", EFFECTS.statuses),
        ("Strategies", strategy.MOVES),
    ):
        assert {move: set(statuses) for move, statuses in moves.items()} == {
            move: states for move, (states, _) in rows(heading).items() if move not in BESIDE
        }


def test_roles_are_those_of_the_policy() -> None:
    headings = (
        *("The delivery", "The agreement", "Messages and files", "Sessions", "Results", "Action points", "Screenings"),
        *("Experts", "Follow-up", "Effects", "Strategies"),
    )
    policies = (
        *(MOVERS, SESSION_MOVERS, RESULT_MOVERS, ACTION_POINT_MOVERS, SCREENING_MOVERS, EXPERT_MOVERS),
        *(FOLLOW_UP_MOVERS, EFFECTS.movers, OF_STRATEGIES),
    )
    documented = {move: roles for heading in headings for move, (_, roles) in rows(heading).items()}
    assert {str(move): set(roles) for movers in policies for move, roles in movers.items()} == {
        move: roles for move, roles in documented.items() if move not in {"agree", "ask", "remind", "lapse"}
    }
