"""Settings of a round, decided by a coordinator: priorities, fixed decisions, and resources.

They have codes and numbers only. They are stored as sent, with the ledger's balances, and are visible to all who may
read rounds, so that priorities are published.
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
    """Thousandths added to the base value of 1000 of each line.

    They are added for its State's special groups (`ldc` least developed, `lldc` landlocked developing, `sids` small
    island developing), its State's statement that it is a need of the review mechanism or cannot wait, its triage
    priority, and each full 30 days of waiting since it was first submitted, at most 24 times.
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
    """Number of deliveries that a line needs, each from another offering; by default one."""

    line_id: UUID
    needed: Annotated[int, Meta(ge=1, le=20)]


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line and an offering."""

    line_id: UUID
    offering_id: UUID


class Earmark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The only lines that a budget may pay for: lines of these States, and these lines."""

    states: Annotated[tuple[State, ...], Meta(max_length=EARMARKS_MAX)] = ()
    line_ids: Annotated[tuple[UUID, ...], Meta(max_length=EARMARKS_MAX)] = ()


class FundBudget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The maximum that a fund pays in this round, for anything unless earmarked.

    It pays for offerings with a funding gap in the same currency.
    """

    fund: Code
    money: Money
    earmarked_for: Earmark | None = None


class Room(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Override of the number of deliveries left of an offering in the period that begins on a day."""

    offering_id: UUID
    starts: date = field(name="from")
    left: Annotated[int, Meta(ge=0, le=10_000)]


class RoundSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a round. Without `budgets` or `funds` money is not considered.

    `budgets` are in the currency of what they pay for. The balances of `funds` are read from the ledger; they pay for
    funding gaps in any currency, in US dollars at the rate in force. `fairness_loss` is how many thousandths of the
    plan's value may be given up for a more equal coverage of States; by default coverage is not considered. `based_on`
    is a round whose inputs are planned again, starting from its plan.
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
    """The settings, with the ledger's data of the `funds`: balances, their time and the rates."""

    taken: Budgeted | None = None
