"""Facts of the matching service about rounds: plans of who gets what when there is not enough."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code


class RoundAsked(Fact, frozen=True, kw_only=True, tag="matching.round.asked.v1"):
    """A coordinator asked for a plan of who gets what; what was asked in full is told by the round, under its hash.

    `seconds` is how long may be searched; `based_on` is the round whose lines and offerings are planned anew.
    """

    round_id: UUID
    settings_hash: str
    seed: Annotated[int, Meta(ge=0)]
    seconds: Annotated[int, Meta(ge=1)]
    based_on: UUID | None = None
    asked_at: datetime


class RoundPlanned(Fact, frozen=True, kw_only=True, tag="matching.round.planned.v1"):
    """There is a plan: so many of the lines' deliveries, worth `value`, where no plan is worth more than `bound`.

    `ended` is how the search came to its end, `gap_millionths` what the plan falls short of the bound by.
    """

    round_id: UUID
    ended: Code
    lines: Annotated[int, Meta(ge=0)]
    deliveries: Annotated[int, Meta(ge=0)]
    value: Annotated[int, Meta(ge=0)]
    bound: Annotated[int, Meta(ge=0)]
    gap_millionths: Annotated[int, Meta(ge=0)]
    answer_hash: str
    planned_at: datetime


class RoundFailed(Fact, frozen=True, kw_only=True, tag="matching.round.failed.v1"):
    """The search came to no end of its own, or could not begin; `outcome` says why."""

    round_id: UUID
    outcome: Code
    answer_hash: str
    failed_at: datetime


class RoundAdopted(Fact, frozen=True, kw_only=True, tag="matching.round.adopted.v1"):
    """A coordinator adopted the plan: so many matches were presented, each caused by this."""

    round_id: UUID
    presented: Annotated[int, Meta(ge=0)]
    adopted_at: datetime


class RoundDiscarded(Fact, frozen=True, kw_only=True, tag="matching.round.discarded.v1"):
    """A coordinator let the round go."""

    round_id: UUID
    discarded_at: datetime


FACTS: tuple[type[Fact], ...] = (RoundAsked, RoundPlanned, RoundFailed, RoundAdopted, RoundDiscarded)
