"""Score of how well an offering would serve a line, by codes, experience and text meaning, by criterion.

A score is the sum of its criteria's shares, integer thousandths, so that it is the same on every machine and fully
explained. What a line does not ask for gives no points; neither does text meaning until a model has compared the texts.
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
    meaning_degree,
    offered,
)
from services.matching.scoring.records import Providers
from services.matching.scoring.weights import Criterion, Weights

ALGORITHM = "codes-4"
"""The version of the algorithm for degrees."""

NOT_JUDGED: Mapping[UUID, Judgement] = {}


class Scored(Struct, frozen=True, kw_only=True):
    """An offering's score for a line, with the share of each criterion."""

    offering: Offering
    score: int
    shares: tuple[Share, ...]
    algorithm: str
    judgement: Judgement | None = None
    """The model's judgement of the two texts, if any."""

    @property
    def place(self) -> tuple[int, str]:
        """Sort key: best first, equal scores by offering id."""
        return -self.score, str(self.offering.offering_id)


def scored(
    line: WantedLine, offering: Offering, judgement: Judgement | None = None, *, known: ScoringContext = NOTHING_KNOWN
) -> Scored:
    """Score an offering, with a share for each criterion with a weight; for text meaning only with a judgement."""
    judgements = {} if judgement is None else {offering.offering_id: judgement}
    return ranked(line, [offering], judgements, known=known)[0]


def ranked(
    line: WantedLine,
    offerings: Iterable[Offering],
    judgements: Mapping[UUID, Judgement] = NOT_JUDGED,
    *,
    known: ScoringContext = NOTHING_KNOWN,
) -> list[Scored]:
    """Return the offerings scored for a line, best first; `judgements` are by offering id."""
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
        points["meaning"] = weight * meaning_degree(judgement.closeness) // FULL
    return Scored(
        offering=offering,
        score=sum(points.values()),
        shares=tuple([Share(criterion=name, points=each, of=weights.of[name]) for name, each in points.items()]),
        algorithm=algorithm_of(weights),
        judgement=judgement,
    )


def algorithm_of(weights: Weights) -> str:
    """The algorithm recorded with a match: the version of degrees and of the weights."""
    return f"{ALGORITHM}:weights-{weights.version}"
