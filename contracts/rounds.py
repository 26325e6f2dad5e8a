"""Facts of the matching service about allocation rounds: plans for scarce capacity."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code


class RoundAsked(Fact, frozen=True, kw_only=True, tag="matching.round.asked.v1"):
    """A coordinator started an allocation round; its full input is stored with the round; the fact has its hash.

    `seconds` is the time limit of the search; `based_on` is the round whose lines and offerings are planned again.
    """

    round_id: UUID
    settings_hash: str
    seed: Annotated[int, Meta(ge=0)]
    seconds: Annotated[int, Meta(ge=1)]
    based_on: UUID | None = None
    asked_at: datetime


class RoundPlanned(Fact, frozen=True, kw_only=True, tag="matching.round.planned.v1"):
    """The round has a plan: a number of deliveries for its lines, worth `value`; no plan is worth more than `bound`.

    `ended` is how the search ended, `gap_millionths` the relative distance of the plan to the bound.
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
    """The search failed or could not start; `outcome` is the reason."""

    round_id: UUID
    outcome: Code
    answer_hash: str
    failed_at: datetime


class RoundAdopted(Fact, frozen=True, kw_only=True, tag="matching.round.adopted.v1"):
    """A coordinator adopted the plan: its matches were presented, each caused by this fact."""

    round_id: UUID
    presented: Annotated[int, Meta(ge=0)]
    adopted_at: datetime


class RoundDiscarded(Fact, frozen=True, kw_only=True, tag="matching.round.discarded.v1"):
    """A coordinator discarded the round."""

    round_id: UUID
    discarded_at: datetime


FACTS: tuple[type[Fact], ...] = (RoundAsked, RoundPlanned, RoundFailed, RoundAdopted, RoundDiscarded)
