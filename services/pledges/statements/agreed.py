"""The terms of an agreement as of a value date.

Facts are recorded in one order and take effect in another: a reduction recorded today may take effect in March, and a
condition met in April may be recorded before it. The state after the facts of a period alone may never have existed.
The change by each fact when it was recorded is certain, so the terms on a day are the sum of the changes that took
effect by then.
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
    """The agreed amount and the owed instalments, in minor units of the agreement's currency."""

    support_cost_basis_points: int | None = None
    agreement_reference: str | None = None
    instalments: tuple[Instalment, ...] = ()


def agreed_by(facts: Iterable[Fact], ends: date) -> Agreed:
    """Return the terms at the end of that day, from all facts of a pledge in recorded order.

    The instalments add up to what the ledger's entries of these facts commit, or to 0 if that is negative: a reduction
    may take effect before its condition was met.
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
    """Take negative amounts from the other instalments, from the last one back, like a reduction."""
    lacking = -sum(minor for _, minor in parts if minor < 0)
    left = []
    for due_on, minor in reversed(parts):
        less = min(max(0, minor), lacking)
        lacking -= less
        left.append((due_on, max(0, minor) - less))
    return left[::-1]
