"""What a coordinator decides of a round: what comes first, what is fixed, and what there is to be given out.

Everything here is codes and numbers. It is kept as it was sent, with what the ledger said to it, and shown to all who
may read rounds: that is how priorities are published.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from contracts.budgets import FUNDS_MAX, Budgeted, Funds
from contracts.values import Code, Money, State

SECONDS_MAX = 120
DECIDED_MAX = 1_000
BUDGETS_MAX = FUNDS_MAX
EARMARKS_MAX = 200
SEED_MAX = 2**31 - 1

Points = Annotated[int, Meta(ge=0, le=10_000)]


class Priorities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thousandths that a line is worth beside the thousand that each is worth, added up.

    By its State's special groups (`ldc` least developed, `lldc` landlocked developing, `sids` small island developing),
    by its State's word that it is a need of the review mechanism or cannot wait, by the priority that triage gave, and
    by each whole 30 days of waiting since it was first submitted, of which 24 count.
    """

    ldc: Points = 300
    lldc: Points = 200
    sids: Points = 200
    review: Points = 200
    cannot_wait: Points = 300
    high: Points = 200
    urgent: Points = 500
    waiting: Points = 20


class Deliveries(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many deliveries a line needs, each by another offering; a line that is not named needs one."""

    line_id: UUID
    needed: Annotated[int, Meta(ge=1, le=20)]


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line and an offering."""

    line_id: UUID
    offering_id: UUID


class Earmark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What alone a budget may pay for: lines of these States, and these lines."""

    states: Annotated[tuple[State, ...], Meta(max_length=EARMARKS_MAX)] = ()
    line_ids: Annotated[tuple[UUID, ...], Meta(max_length=EARMARKS_MAX)] = ()


class FundBudget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fund may pay of this round, for anything unless it is earmarked.

    It pays for offerings whose lacking money is in the same currency.
    """

    fund: Code
    money: Money
    earmarked_for: Earmark | None = None


class Room(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To plan as if an offering had so many deliveries left in the period that begins on a day."""

    offering_id: UUID
    starts: date = field(name="from")
    left: Annotated[int, Meta(ge=0, le=10_000)]


class RoundSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is decided of a round. Without `budgets` or `funds` money is not looked at.

    `budgets` are in the currency of what they pay for. Of `funds` the ledger is asked what they have: that pays for
    whatever offerings lack, in US dollars at the rate in force.
    `fairness_loss` is how many thousandths of the plan's value may be given up so that States stand closer together;
    without it they are not compared. `based_on` is a round whose lines and offerings are planned anew, as they stood
    there, from its plan on.
    """

    seconds: Annotated[int, Meta(ge=1, le=SECONDS_MAX)] = 20
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] = 0
    priorities: Priorities = Priorities()
    fairness_loss: Annotated[int, Meta(ge=0, le=1000)] | None = None
    deliveries: Annotated[tuple[Deliveries, ...], Meta(max_length=DECIDED_MAX)] = ()
    pinned: Annotated[tuple[Pair, ...], Meta(max_length=DECIDED_MAX)] = ()
    forbidden: Annotated[tuple[Pair, ...], Meta(max_length=DECIDED_MAX)] = ()
    budgets: Annotated[tuple[FundBudget, ...], Meta(max_length=BUDGETS_MAX)] | None = None
    funds: Funds | None = None
    rooms: Annotated[tuple[Room, ...], Meta(max_length=DECIDED_MAX)] = ()
    based_on: UUID | None = None


class KeptSettings(RoundSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided, and what the ledger said of the `funds`: how much each had, at what moment and which rates."""

    taken: Budgeted | None = None
