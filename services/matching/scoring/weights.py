"""Weights of a score's criteria: thousandths that add up to 1000, in adopted versions.

Version 0 comes with the program and applies until a coordinator adopts another. A version applies to scores made after
its adoption; each match records the version of its score.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts.codes import unknown_code
from contracts.refusals import Invalid
from contracts.weights import Weight, WeightsAdopted

WHOLE = 1000

Criterion = Literal[
    "topics",
    "articles",
    "kind",
    "paragraphs",
    "pillars",
    "meaning",
    "language",
    "window",
    "region",
    "legal_system",
    "experience",
    "funding",
    "load",
]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)

WEIGHTS_ID: UUID = uuid5(NAMESPACE_URL, "entraide:weights")
"""The id of the only set of weights."""


class Weights(Struct, frozen=True, kw_only=True):
    """Thousandths by criterion; a criterion left out is not scored."""

    version: int
    of: Mapping[Criterion, int]
    reason: str | None = None
    adopted_at: datetime | None = None

    def weight(self, criterion: Criterion) -> int:
        return self.of.get(criterion, 0)


FIRST = Weights(
    version=0,
    of={
        "topics": 220,
        "articles": 110,
        "kind": 50,
        "paragraphs": 60,
        "pillars": 30,
        "meaning": 100,
        "language": 100,
        "window": 100,
        "region": 60,
        "legal_system": 30,
        "experience": 60,
        "funding": 50,
        "load": 30,
    },
)


def adopt(in_force: Weights, given: Iterable[Weight], reason: str, *, now: datetime) -> WeightsAdopted:
    """Return the next version. Raise Invalid for unknown or duplicate criteria, and if the sum is not 1000."""
    of: dict[str, int] = {}
    for one in given:
        if one.criterion not in CRITERIA:
            raise unknown_code("weights.criterion", one.criterion, CRITERIA)
        if one.criterion in of:
            raise Invalid("weights-criterion-twice", criterion=one.criterion)
        of[one.criterion] = one.of
    if sum(of.values()) != WHOLE:
        raise Invalid("weights-not-whole", sum=sum(of.values()), whole=WHOLE)
    return WeightsAdopted(
        weights_id=WEIGHTS_ID,
        version=in_force.version + 1,
        weights=tuple(Weight(criterion=name, of=of[name]) for name in CRITERIA if name in of),
        reason=reason,
        adopted_at=now,
    )


def counted(given: Iterable[Weight]) -> Mapping[Criterion, int]:
    """The weights by criterion, without criteria that were removed from the program."""
    return {one.criterion: one.of for one in given if one.criterion in CRITERIA}
