"""How well an offering that may serve a line would serve it, by codes, deliveries and the texts' meaning, and why.

A score is the sum of its criteria's shares, whole thousandths, so that it is the same on every machine and can be
shown in full. What a line does not ask for gives nothing: a score says how much speaks for an offering. So does the
meaning of the texts until a model has compared them.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec import Struct

from contracts.matching import Judgement, Share
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.criteria import (
    FULL,
    NOTHING_KNOWN,
    SCALAR,
    ScoringContext,
    Term,
    criteria,
    meant,
    offered,
)
from services.matching.scoring.records import Providers
from services.matching.scoring.weights import Criterion, Weights

ALGORITHM = "codes-4"
"""How degrees are counted."""

NOT_JUDGED: Mapping[UUID, Judgement] = {}


class Scored(Struct, frozen=True, kw_only=True):
    """An offering's score for a line, with what each criterion gave."""

    offering: Offering
    score: int
    shares: tuple[Share, ...]
    algorithm: str
    judgement: Judgement | None = None
    """What a model said of the two texts, where it was asked."""

    @property
    def place(self) -> tuple[int, str]:
        """Sorts the best first; equal scores by offering id, so that no order of reading changes a ranking."""
        return -self.score, str(self.offering.offering_id)


def scored(
    line: WantedLine, offering: Offering, judgement: Judgement | None = None, *, known: ScoringContext = NOTHING_KNOWN
) -> Scored:
    """With a share for each criterion that has a weight; for the meaning of the texts only where it was judged."""
    judgements = {} if judgement is None else {offering.offering_id: judgement}
    return ranked(line, [offering], judgements, known=known)[0]


def ranked(
    line: WantedLine,
    offerings: Iterable[Offering],
    judgements: Mapping[UUID, Judgement] = NOT_JUDGED,
    *,
    known: ScoringContext = NOTHING_KNOWN,
) -> list[Scored]:
    """The offerings for a line, best first; `judgements` are by offering id."""
    every = list(offerings)
    providers = Providers(one.provider for one in every)
    terms = criteria(line, known, providers)
    found = (
        _scored(line, one, judgements.get(one.offering_id), known.weights, terms, providers.number(one.provider))
        for one in every
    )
    return sorted(found, key=lambda one: one.place)


def _scored(
    line: WantedLine,
    offering: Offering,
    judgement: Judgement | None,
    weights: Weights,
    terms: Mapping[Criterion, Term],
    provider: int,
) -> Scored:
    one = offered(line, offering, provider)
    points = {criterion: term(one, SCALAR) for criterion, term in terms.items()}
    if judgement is not None and (weight := weights.weight("meaning")):
        points["meaning"] = weight * meant(judgement.closeness) // FULL
    return Scored(
        offering=offering,
        score=sum(points.values()),
        shares=tuple([Share(criterion=name, points=each, of=weights.of[name]) for name, each in points.items()]),
        algorithm=algorithm_of(weights),
        judgement=judgement,
    )


def algorithm_of(weights: Weights) -> str:
    """What a match calls the way it was scored: how degrees are counted, and with which version of the weights."""
    return f"{ALGORITHM}:weights-{weights.version}"
