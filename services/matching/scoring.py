"""How well an offering that may serve a line would serve it, judged by codes and by what the texts mean, and why.

A score is the sum of its criteria's shares, whole thousandths, so that it is the same on every machine and can be
shown in full. What a line does not ask for gives nothing: a score says how much speaks for an offering. So does the
meaning of the texts until a model has compared them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from contracts.matching import Judgement, Share
from contracts.reference import region_of, topic_distance
from contracts.values import Period
from services.matching.line import WantedLine
from services.matching.offering import Offering, ResourceStatus

ALGORITHM = "codes-2"
FULL = 1000
SUGGESTIONS_MAX = 20

Criterion = Literal[
    "topics", "articles", "kind", "paragraphs", "pillars", "language", "window", "region", "funding", "meaning"
]

WEIGHTS: Mapping[Criterion, int] = {
    "topics": 240,
    "articles": 110,
    "kind": 50,
    "paragraphs": 80,
    "pillars": 40,
    "language": 120,
    "window": 120,
    "region": 80,
    "funding": 60,
    "meaning": 100,
}
"""Thousandths of the whole; they add up to 1000."""

TOPIC_CLOSENESS = (FULL, 600, 300, 100)
"""By edges between two topics in the taxonomy: the same, parent and child, siblings, once removed; nothing beyond."""

NOT_JUDGED: Mapping[UUID, Judgement] = {}
INTERPRETED = 500
BY_REGION = 800
SAME_REGION = 600
OPEN_TO_ALL = 300
FAR, NEAR = 200, 600
"""By closeness of the texts, in thousandths: up to the one nothing, from the other on all. Of the judged pairs three in
four that are no help are less than 220 close, and one in twenty that is just what is needed is more than 600."""
FUNDING = {ResourceStatus.FUNDED: FULL, ResourceStatus.PARTLY: 500, ResourceStatus.UNFUNDED: 0}


class Scored(Struct, frozen=True, kw_only=True):
    """An offering's score for a line, with what each criterion gave."""

    offering: Offering
    score: int
    shares: tuple[Share, ...]
    judgement: Judgement | None = None
    """What a model said of the two texts, where it was asked."""

    @property
    def place(self) -> tuple[int, str]:
        """Sorts the best first; equal scores by offering id, so that no order of reading changes a ranking."""
        return -self.score, str(self.offering.offering_id)


def scored(line: WantedLine, offering: Offering, judgement: Judgement | None = None) -> Scored:
    degrees = _degrees(line, offering)
    if judgement is not None:
        degrees["meaning"] = meant(judgement.closeness)
    shares = tuple(
        Share(criterion=criterion, points=WEIGHTS[criterion] * degree // FULL, of=WEIGHTS[criterion])
        for criterion, degree in degrees.items()
    )
    score = sum(share.points for share in shares)
    return Scored(offering=offering, score=score, shares=shares, judgement=judgement)


def meant(closeness: int) -> int:
    """The degree to which an offering means what a line does, from how close their texts are; both in thousandths."""
    return min(max((closeness - FAR) * FULL // (NEAR - FAR), 0), FULL)


def ranked(
    line: WantedLine, offerings: Iterable[Offering], judgements: Mapping[UUID, Judgement] = NOT_JUDGED
) -> list[Scored]:
    """The offerings for a line, best first; `judgements` are by offering id."""
    found = (scored(line, offering, judgements.get(offering.offering_id)) for offering in offerings)
    return sorted(found, key=lambda one: one.place)


def _degrees(line: WantedLine, offering: Offering) -> dict[Criterion, int]:
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
        "funding": FUNDING[ResourceStatus(terms.resource_status)],
    }


def _topics(asked: Iterable[str], offered: Iterable[str]) -> int:
    return _mean(max((_closeness(topic, other) for other in offered), default=0) for topic in set(asked))


def _closeness(topic: str, other: str) -> int:
    distance = topic_distance(topic, other)
    return TOPIC_CLOSENESS[distance] if distance < len(TOPIC_CLOSENESS) else 0


def _covered(asked: Iterable[str], offered: Iterable[str]) -> int:
    return _mean(FULL * (code in offered) for code in set(asked))


def _languages(line: WantedLine, offering: Offering) -> int:
    terms = offering.terms
    return _mean(
        FULL if language in terms.languages else INTERPRETED if language in terms.interpretation else 0
        for language in set(line.languages)
    )


def _window(window: Period, offering: Offering) -> int:
    return FULL * free_days(window, offering) // window_days(window)


def free_days(window: Period, offering: Offering) -> int:
    """On how many of the days asked for the offering is valid and has room."""
    return sum(
        _days(window, offering.terms.valid, one.period) for one in offering.terms.capacity if offering.room(one) > 0
    )


def window_days(window: Period) -> int:
    """How many days are asked for: both ends count."""
    return _days(window)


def _days(*periods: Period) -> int:
    first: date = max(period.starts for period in periods)
    last: date = min(period.ends for period in periods)
    return max((last - first) // timedelta(days=1) + 1, 0)


def _region(state: str, offering: Offering) -> int:
    eligible, region = offering.terms.eligible, region_of(state)
    if state in eligible.states:
        return FULL
    if region is not None and region in eligible.regions:
        return BY_REGION
    if region is not None and region == region_of(offering.provider):
        return SAME_REGION
    return OPEN_TO_ALL


def _mean(degrees: Iterable[int]) -> int:
    every = list(degrees)
    return sum(every) // len(every) if every else 0
