"""Facts of the matching service about the weights of scores."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.rankings import CRITERIA_MAX
from contracts.values import Code


class Weight(Struct, frozen=True, kw_only=True):
    """The weight of a criterion, in thousandths of the whole."""

    criterion: Code
    of: Annotated[int, Meta(ge=1, le=1000)]


class WeightsAdopted(Fact, frozen=True, kw_only=True, tag="matching.weights.adopted.v1"):
    """A coordinator adopted new score weights, for a coded reason; they apply to later scores.

    The weights add up to 1000; an omitted criterion is not scored.
    """

    weights_id: UUID
    version: Annotated[int, Meta(ge=1)]
    weights: Annotated[tuple[Weight, ...], Meta(min_length=1, max_length=CRITERIA_MAX)]
    reason: Code
    adopted_at: datetime


FACTS: tuple[type[Fact], ...] = (WeightsAdopted,)
