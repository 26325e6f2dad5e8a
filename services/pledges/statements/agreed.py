"""What an agreement says by a value date.

Facts are recorded in one order and take effect in another: a reduction of today may be of March, and a condition met
in April may have been recorded before it. So the state after the facts of a period alone is no state there ever was.
What each fact changed when it was recorded is certain, and what changed by a day is the sum of what took effect by it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from contracts.facts import Fact
from contracts.pledges import PledgeCommitted
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge
from services.pledges.statements.model import Instalment


class Agreed(Struct, frozen=True, kw_only=True):
    """What was signed for, and of the instalments those that are owed, in minor units of the agreement's currency."""

    support_cost_basis_points: int | None = None
    agreement_reference: str | None = None
    instalments: tuple[Instalment, ...] = ()


def agreed_by(facts: Iterable[Fact], ends: date) -> Agreed:
    """Of all facts of a pledge, as they were recorded, by those that had taken effect at the end of that day.

    The instalments come to what the ledger's entries of these facts commit, or to nothing where that is less than
    nothing: of what was reduced before its condition was met.
    """
    pledge: Pledge | None = None
    signed: PledgeCommitted | None = None
    owed: Counter[int] = Counter()
    for fact in facts:
        before, pledge = _owed(pledge), evolve(pledge, fact)
        on: date | None = getattr(fact, "effective_on", None)
        if on is None or on > ends:
            continue
        if isinstance(fact, PledgeCommitted):
            signed = fact
        for number, minor in _owed(pledge).items():
            owed[number] += minor - before.get(number, 0)
    if pledge is None or signed is None:
        return Agreed()
    left = _none_below_zero([(part.due_on, owed[part.number]) for part in pledge.schedule])
    return Agreed(
        support_cost_basis_points=signed.support_cost_basis_points,
        agreement_reference=signed.agreement,
        instalments=tuple(Instalment(due_on, minor) for due_on, minor in left if minor),
    )


def _owed(pledge: Pledge | None) -> Mapping[int, int]:
    return {} if pledge is None else {part.number: part.minor if part.owed else 0 for part in pledge.schedule}


def _none_below_zero(parts: list[tuple[date, int]]) -> list[tuple[date, int]]:
    """What is lacking of one is taken from the others, from the last one back, as a reduction is."""
    lacking = -sum(minor for _, minor in parts if minor < 0)
    left = []
    for due_on, minor in reversed(parts):
        less = min(max(0, minor), lacking)
        lacking -= less
        left.append((due_on, max(0, minor) - less))
    return left[::-1]
