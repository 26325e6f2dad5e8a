"""How well an offering that may serve a line would serve it, by codes, deliveries and the texts' meaning, and why.

A score is the sum of its criteria's shares, whole thousandths, so that it is the same on every machine and can be
shown in full. What a line does not ask for gives nothing: a score says how much speaks for an offering. So does the
meaning of the texts until a model has compared them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from contracts.matching import Judgement, Share
from contracts.reference import legal_system_of, region_of, topic_similarity
from contracts.values import Period
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering, ResourceStatus
from services.matching.scoring.weights import FIRST, WHOLE, Criterion, Weights

ALGORITHM = "codes-4"
"""How degrees are counted."""

FULL = WHOLE
NOT_JUDGED: Mapping[UUID, Judgement] = {}

INTERPRETED = 500
BY_REGION = 800
SAME_REGION = 600
OPEN_TO_ALL = 300

PRACTISED = ((10, 600), (3, 450), (1, 300))
"""By how many deliveries of the line's kind the provider has completed, at least; none give nothing."""
ON_TOPICS = 400
"""For having completed something on every topic asked for."""


class Rated(NamedTuple):
    """Deliveries that States rate from `least` to `most` on average, in hundredths, count for `counts` thousandths."""

    least: int
    most: int
    counts: int


RATED = (Rated(400, 500, FULL), Rated(300, 400, 800), Rated(100, 300, 500))
"""In steps, so that a score that changes does not tell the last rating, and never less than half. Unrated they count in
full: nobody loses by not being evaluated."""
RATING_STATES_MIN = 3
"""Of fewer States that have evaluated, a score would tell what one of them said."""

FAR, NEAR = 200, 600
"""By closeness of the texts, in thousandths: up to the one nothing, from the other on all. Of the judged pairs three in
four that are no help are less than 220 close, and one in twenty that is just what is needed is more than 600."""

FUNDING = {ResourceStatus.FUNDED: FULL, ResourceStatus.PARTLY: 500, ResourceStatus.UNFUNDED: 0}


class Experience(Struct, frozen=True, kw_only=True):
    """What a provider has completed: how many deliveries of each kind, and on which topics.

    `rating` is the mean of what States rated, in hundredths (100 to 500); None where too few of them have.
    """

    deliveries: Mapping[str, int] = {}
    topics: frozenset[str] = frozenset()
    rating: int | None = None


class ScoringContext(Struct, frozen=True, kw_only=True):
    """What a score rests on beside the line and the offering: the weights, and what each provider has completed."""

    weights: Weights = FIRST
    experience: Mapping[str, Experience] = {}

    def of(self, provider: str) -> Experience:
        return self.experience.get(provider, NO_EXPERIENCE)


NO_EXPERIENCE = Experience()
NOTHING_KNOWN = ScoringContext()


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
    degrees = _degrees(line, offering, known.of(offering.provider))
    if judgement is not None:
        degrees["meaning"] = meant(judgement.closeness)
    weight_of = known.weights.of.get
    shares = tuple(
        [
            Share(criterion=criterion, points=weight * degree // FULL, of=weight)
            for criterion, degree in degrees.items()
            if (weight := weight_of(criterion))
        ]
    )
    return Scored(
        offering=offering,
        score=sum([share.points for share in shares]),
        shares=shares,
        algorithm=algorithm_of(known.weights),
        judgement=judgement,
    )


def algorithm_of(weights: Weights) -> str:
    """What a match calls the way it was scored: how degrees are counted, and with which version of the weights."""
    return f"{ALGORITHM}:weights-{weights.version}"


def meant(closeness: int) -> int:
    """The degree to which an offering means what a line does, from how close their texts are; both in thousandths."""
    return min(max((closeness - FAR) * FULL // (NEAR - FAR), 0), FULL)


def ranked(
    line: WantedLine,
    offerings: Iterable[Offering],
    judgements: Mapping[UUID, Judgement] = NOT_JUDGED,
    *,
    known: ScoringContext = NOTHING_KNOWN,
) -> list[Scored]:
    """The offerings for a line, best first; `judgements` are by offering id."""
    found = (scored(line, one, judgements.get(one.offering_id), known=known) for one in offerings)
    return sorted(found, key=lambda one: one.place)


def _degrees(line: WantedLine, offering: Offering, experience: Experience) -> dict[Criterion, int]:
    """How far each criterion is met, in thousandths of its own."""
    terms = offering.terms
    return {
        "topics": _topics(line.topics, terms.topics),
        "articles": _covered(line.articles, terms.articles),
        # An offering made for this kind alone is likelier to be what is meant than one that lists many.
        "kind": FULL // len(set(terms.kinds)) if line.kind in terms.kinds else 0,
        "paragraphs": _covered(line.paragraphs, terms.paragraphs),
        "pillars": _covered(line.pillars, terms.pillars),
        "language": _languages(line, offering),
        "window": _window(line.window, offering),
        "region": _region(line.state, offering),
        "legal_system": _legal_system(line.state, offering.provider),
        "experience": practised(line.kind, experience) + ON_TOPICS * _covered(line.topics, experience.topics) // FULL,
        "funding": FUNDING[ResourceStatus(terms.resource_status)],
        "load": load_degree(*load(offering)),
    }


def _topics(asked: Iterable[str], offered: Iterable[str]) -> int:
    return _mean([max([topic_similarity(topic, other) for other in offered], default=0) for topic in set(asked)])


def _covered(asked: Iterable[str], offered: Iterable[str]) -> int:
    every = set(asked)
    return FULL * len(every.intersection(offered)) // len(every) if every else 0


def _languages(line: WantedLine, offering: Offering) -> int:
    spoken, interpreted = offering.terms.languages, offering.terms.interpretation
    return _mean(
        [
            FULL if language in spoken else INTERPRETED if language in interpreted else 0
            for language in set(line.languages)
        ]
    )


def _window(window: Period, offering: Offering) -> int:
    return FULL * free_days(window, offering) // window_days(window)


def free_days(window: Period, offering: Offering) -> int:
    """On how many of the days asked for the offering is valid and has room."""
    valid = offering.terms.valid
    starts, ends = max(window.starts, valid.starts), min(window.ends, valid.ends)
    return sum(
        [
            max(_days(max(starts, one.period.starts), min(ends, one.period.ends)), 0)
            for one in offering.terms.capacity
            if offering.room(one) > 0
        ]
    )


def window_days(window: Period) -> int:
    """How many days are asked for: both ends count."""
    return _days(window.starts, window.ends)


def _days(first: date, last: date) -> int:
    return (last - first).days + 1


def _region(state: str, offering: Offering) -> int:
    eligible, region = offering.terms.eligible, region_of(state)
    if state in eligible.states:
        return FULL
    if region is not None and region in eligible.regions:
        return BY_REGION
    if region is not None and region == region_of(offering.provider):
        return SAME_REGION
    return OPEN_TO_ALL


def _legal_system(state: str, provider: str) -> int:
    """Nothing where one is not known, or there is none as with a unit of UNODC: what is not known speaks for nobody."""
    return _covered(legal_system_of(state), legal_system_of(provider))


def practised(kind: str, experience: Experience) -> int:
    """The degree for deliveries of a kind, as States rate what was delivered."""
    completed = experience.deliveries.get(kind, 0)
    counts = FULL if experience.rating is None else rated(experience.rating).counts
    return next((degree for least, degree in PRACTISED if completed >= least), 0) * counts // FULL


def rated(rating: int) -> Rated:
    """The step that a mean is on."""
    return next(step for step in RATED if rating >= step.least)


def mean_rating(states: int, total: int, count: int) -> int | None:
    """Of so many ratings by so many States, in hundredths; None where it would tell what one State said."""
    return 100 * total // count if states >= RATING_STATES_MIN else None


def load(offering: Offering) -> tuple[int, int]:
    """How many of the deliveries that the offering can take on are taken, and how many there are.

    None are, as far as a score goes, where to tell it would put somebody at risk.
    """
    units = sum(one.units for one in offering.terms.capacity)
    if offering.confidential:
        return 0, units
    return units - sum(offering.room(one) for one in offering.terms.capacity), units


def load_degree(taken: int, units: int) -> int:
    """The less is taken, the more: of two that fit alike, the one that has more left."""
    return FULL * (units - taken) // units if units else 0


def _mean(degrees: Sequence[int]) -> int:
    return sum(degrees) // len(degrees) if degrees else 0
