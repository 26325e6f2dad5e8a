"""What a child tells who started it, a JSON document a line."""

from typing import Literal

from msgspec import Struct

from services.matching.rounds.solver.plan import Plan
from services.matching.rounds.solver.solve import Solution


class Better(Struct, frozen=True, kw_only=True, tag="better"):
    """What a child has found so far."""

    plan: Plan
    bound: int


class Solved(Struct, frozen=True, kw_only=True, tag="solved"):
    """What a child has found in the end."""

    solution: Solution


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """Why a child does not begin: the problem cannot be meant, or what is pinned cannot be."""

    outcome: Literal["refused", "pins"]
    fault: str
    where: tuple[str, ...] = ()


Said = Better | Solved | Refused
