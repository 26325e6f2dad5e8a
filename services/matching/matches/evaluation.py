"""Evaluations of a completed delivery by each of its two sides."""

from datetime import datetime
from enum import StrEnum

from contracts.matching import Evaluation


class Result(StrEnum):
    """Results of a delivery; the codes are those of a closed request's outcome."""

    MET = "met"
    PARTIALLY_MET = "partially_met"
    UNMET = "unmet"


class Evaluated(Evaluation, frozen=True, kw_only=True):
    """One side's current evaluation; `revision` is the match's revision after it."""

    revision: int
    evaluated_at: datetime
