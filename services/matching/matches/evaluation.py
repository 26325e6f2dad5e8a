"""How a completed delivery went, as one of its two sides says."""

from datetime import datetime
from enum import StrEnum

from contracts.matching import Evaluation
from contracts.values import Role


class Side(StrEnum):
    STATE = "state"
    PROVIDER = "provider"


class Result(StrEnum):
    """The codes of a closed request's outcome."""

    MET = "met"
    PARTIALLY_MET = "partially_met"
    UNMET = "unmet"


class Evaluated(Evaluation, frozen=True, kw_only=True):
    """What one side says now; `revision` is the match's that it led to."""

    revision: int
    evaluated_at: datetime


def side_of(role: Role) -> Side:
    """Whom somebody in this role speaks for who may evaluate."""
    return Side.STATE if role is Role.FOCAL_POINT else Side.PROVIDER
