"""docs/delivery.md has the state tables of the models, and the roles of the policy."""

import re
from collections.abc import Mapping
from pathlib import Path

from contracts.values import Role
from services.delivery.agreements import model as agreement
from services.delivery.deliveries import model as delivery
from services.delivery.effects import model as effect
from services.delivery.experts import model as expert
from services.delivery.follow_ups import model as follow_up
from services.delivery.policy import EFFECT_MOVERS, EXPERT_MOVERS, FOLLOW_UP_MOVERS, MOVERS, SESSION_MOVERS
from services.delivery.sessions import model as session

TEXT = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", re.M)
ROLES = {
    "focal point": Role.FOCAL_POINT,
    "provider officer": Role.PROVIDER_OFFICER,
    "coordinator": Role.COORDINATOR,
    "official": Role.OFFICIAL,
}


def rows(heading: str) -> Mapping[str, tuple[set[str], set[Role]]]:
    """Move → its states and its roles, under a heading."""
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
        ("Experts", expert.MOVES),
        ("Follow-up", follow_up.MOVES),
        ("Effects", effect.MOVES),
    ):
        assert {move: set(statuses) for move, statuses in moves.items()} == {
            move: states for move, (states, _) in rows(heading).items() if move not in {"plan_session", "record_effect"}
        }


def test_roles_are_those_of_the_policy() -> None:
    headings = ("The delivery", "The agreement", "Messages and files", "Sessions", "Experts", "Follow-up", "Effects")
    told = {move: roles for heading in headings for move, (_, roles) in rows(heading).items()}
    known = {**MOVERS, **SESSION_MOVERS, **EXPERT_MOVERS, **FOLLOW_UP_MOVERS, **EFFECT_MOVERS}
    assert {str(move): set(roles) for move, roles in known.items()} == {
        move: roles for move, roles in told.items() if move not in {"agree", "ask", "remind", "lapse"}
    }
