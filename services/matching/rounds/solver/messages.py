"""Messages of the child process to its parent, one JSON document per line."""

from typing import Literal

from msgspec import Struct

from services.matching.rounds.solver.plan import Plan
from services.matching.rounds.solver.solve import Solution


class Better(Struct, frozen=True, kw_only=True, tag="better"):
    """The best plan so far."""

    plan: Plan
    bound: int


class Solved(Struct, frozen=True, kw_only=True, tag="solved"):
    """The final solution."""

    solution: Solution


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """The reason for which the child does not start: an invalid problem, or pins that exceed what is available."""

    outcome: Literal["refused", "pins"]
    fault: str
    where: tuple[str, ...] = ()


Message = Better | Solved | Refused
