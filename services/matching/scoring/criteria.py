"""The criteria of a score, each defined once for single offerings (numbers) and for many (columns).

A criterion gives integer thousandths, at most its weight.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial, reduce
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from contracts.reference import kinds, legal_system_of, region_of
from contracts.values import Period
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering, ResourceStatus
from services.matching.scoring.records import (
    COLUMN,
    OF_BITS,
    OF_TOPICS,
    STATUSES,
    Providers,
    Table,
    bits,
    free_spans,
    recorded,
    topic_similarities,
    understood_code,
)
from services.matching.scoring.weights import FIRST, WHOLE, Criterion, Weights

FULL = WHOLE

INTERPRETED = 500
BY_REGION = 800
SAME_REGION = 600
OPEN_TO_ALL = 300

PRACTISED = ((10, 600), (3, 450), (1, 300))
"""Degrees by the minimum number of deliveries of the line's kind that the provider has completed; none give 0."""
ON_TOPICS = 400
"""Degree for experience with every requested topic."""


class Rated(NamedTuple):
    """A step of ratings: a mean State rating from `least` to `most`, in hundredths, weighs deliveries by `counts`.

    `counts` is in thousandths.
    """

    least: int
    most: int
    counts: int


RATED = (Rated(400, 500, FULL), Rated(300, 400, 800), Rated(100, 300, 500))
"""Steps of ratings, so that a score does not reveal the last rating; the weight is never below half.

Without ratings deliveries count in full: a provider has no disadvantage from missing evaluations.
"""
RATING_STATES_MIN = 3
"""Minimum number of rating States; with fewer a score would reveal one State's rating."""

FAR, NEAR = 200, 600
"""Closeness of texts, in thousandths: no points up to the first, all points from the second.

Of the judged pairs, three in four of the unhelpful ones are below 220, and one in twenty of the exact matches is above
600.
"""

FUNDING = {ResourceStatus.FUNDED: FULL, ResourceStatus.PARTLY: 500, ResourceStatus.UNFUNDED: 0}


class Experience(Struct, frozen=True, kw_only=True):
    """A provider's completed deliveries: the number by kind, and the topics.

    `rating` is the mean of the States' ratings, in hundredths (100 to 500); None if too few States have rated.
    """

    deliveries: Mapping[str, int] = {}
    topics: frozenset[str] = frozenset()
    rating: int | None = None


class ScoringContext(Struct, frozen=True, kw_only=True):
    """Data for scores besides the line and the offering: the weights, and the experience of each provider."""

    weights: Weights = FIRST
    experience: Mapping[str, Experience] = {}

    def of(self, provider: str) -> Experience:
        return self.experience.get(provider, NO_EXPERIENCE)


NO_EXPERIENCE = Experience()
NOTHING_KNOWN = ScoringContext()


# -- one offering or many ---------------------------------------------------------------------------------------------

Cells = Any
"""A number, or a column of numbers."""


class Ops(NamedTuple):
    """Operations that differ between numbers and columns. `number` is the fastest form of a number to compare with."""

    none: Cells
    number: Callable[[int], Cells]
    most: Callable[[Cells, Cells], Cells]
    least: Callable[[Cells, Cells], Cells]
    closest: Callable[[Sequence[Cells]], Cells]
    total: Callable[[Sequence[Cells]], Cells]
    ones: Callable[[Cells], Cells]
    look: Callable[[Table, Cells], Cells]


# For single offerings, a numpy call is slower than plain Python.
SCALAR = Ops(
    none=0,
    number=int,
    most=max,
    least=min,
    closest=max,
    total=sum,
    ones=int.bit_count,
    look=lambda table, at: table.listed[at],
)
VECTOR = Ops(
    # A zero-dimensional array takes half the time of a number.
    none=np.array(0, np.int32),
    number=lambda number: np.array(number, np.int32),
    most=np.maximum,
    least=np.minimum,
    closest=partial(reduce, np.maximum),
    total=partial(reduce, operator.add),
    ones=np.bitwise_count,
    look=lambda table, at: table.array.take(at),
)


class Offered(NamedTuple):
    """An offering as numbers, or many as columns.

    `free` is the number of requested days on which it is valid and has capacity, `named` whether it names the line's
    State (None if none does). Columns only hold offerings of the line's kind.
    """

    record: Sequence[Cells]
    free: Cells
    topics: Sequence[Cells]
    named: Cells
    of_kind: bool = True


def offered(line: WantedLine, offering: Offering, provider: int = 0) -> Offered:
    record, _, more_topics = recorded(offering, provider)
    return Offered(
        record,
        free_days(*ordinals(line.window), free_spans(offering), SCALAR),
        [*(record[at] for at in OF_TOPICS), *more_topics],
        line.state in offering.terms.eligible.states,
        line.kind in offering.terms.kinds,
    )


# -- criteria ---------------------------------------------------------------------------------------------------------

Term = Callable[[Offered, Ops], Cells]
"""Function that computes the points of a criterion."""


def criteria(line: WantedLine, known: ScoringContext, providers: Providers) -> dict[Criterion, Term]:
    """Return a term for each criterion with a weight, except the meaning of the texts.

    The line's data is looked up once.
    """
    terms: dict[Criterion, Callable[[int], Term]] = {
        "topics": partial(_topics, line.topics),
        "articles": partial(_covered, "articles", line.articles),
        "kind": _kind,
        "paragraphs": partial(_covered, "paragraphs", line.paragraphs),
        "pillars": partial(_covered, "pillars", line.pillars),
        "language": partial(_languages, line.languages),
        "window": partial(_window, window_days(line.window)),
        "region": partial(_region, line.state, providers),
        "legal_system": partial(_legal_system, line.state, providers),
        "experience": partial(_experience, line, known, providers),
        "funding": _funding,
        "load": _load,
    }
    return {name: make(weight) for name, make in terms.items() if (weight := known.weights.weight(name))}


def nothing(_: Offered, _ops: Ops) -> Cells:
    """Return no points, for a criterion that the line does not ask for."""
    return 0


# Cached, because many lines ask for the same.
@lru_cache(1 << 14)
def _topics(topics: tuple[str, ...], weight: int) -> Term:
    similarities, points = [topic_similarities(topic) for topic in set(topics)], _points(weight)

    def term(one: Offered, ops: Ops) -> Cells:
        closest = [ops.closest([ops.look(table, topic) for topic in one.topics]) for table in similarities]
        return ops.look(points, ops.total(closest) // len(similarities))

    return term if similarities else nothing


@lru_cache(1 << 14)
def _covered(what: str, codes: tuple[str, ...], weight: int) -> Term:
    """Return the points by how many of the requested codes are offered."""
    asked = tuple(sorted(set(codes)))
    if not asked:
        return nothing
    known = [(at, word) for at, word in zip(OF_BITS[what], bits(what, asked), strict=True) if word]
    words = known or [(OF_BITS[what][0], 0)]
    points = _shares(weight, len(asked))
    return lambda one, ops: ops.look(points, ops.total([ops.ones(one.record[at] & word) for at, word in words]))


@lru_cache(1 << 10)
def _languages(languages: tuple[str, ...], weight: int) -> Term:
    assert 2 * INTERPRETED == FULL, "an interpreted language has one of its two codes"
    return _covered("languages", tuple(code for one in languages for code in (one, understood_code(one))), weight)


@lru_cache(1 << 10)
def _kind(weight: int) -> Term:
    # An offering for this kind only is more likely to fit than one that lists many.
    points = Table([0, *(weight * (FULL // count) // FULL for count in range(1, len(kinds()) + 1))])
    return lambda one, ops: ops.look(points, one.record[_KINDS]) if one.of_kind else 0


def _window(days: int, weight: int) -> Term:
    return lambda one, _: weight * (FULL * one.free // days) // FULL


def _region(state: str, providers: Providers, weight: int) -> Term:
    region = region_of(state)

    def near(provider: str) -> int:
        same = region is not None and region_of(provider) == region
        return weight * (SAME_REGION if same else OPEN_TO_ALL) // FULL

    by_provider = providers.table(near, ("region", region, weight))
    in_region = nothing if region is None else _covered("regions", (region,), weight * BY_REGION // FULL)

    def term(one: Offered, ops: Ops) -> Cells:
        points = ops.most(ops.look(by_provider, one.record[_PROVIDER]), in_region(one, ops))
        return points if one.named is None else ops.most(points, one.named * weight)

    return term


def _legal_system(state: str, providers: Providers, weight: int) -> Term:
    """Return the points; none if a legal system is unknown or there is none, as for a unit of UNODC."""
    own = legal_system_of(state)
    by_provider = providers.table(
        lambda provider: weight * coverage(own, legal_system_of(provider)) // FULL, ("legal_system", state, weight)
    )
    return lambda one, ops: ops.look(by_provider, one.record[_PROVIDER])


def _experience(line: WantedLine, known: ScoringContext, providers: Providers, weight: int) -> Term:
    def points(provider: str) -> int:
        experience = known.experience.get(provider)
        if experience is None:
            return 0
        on_topics = ON_TOPICS * coverage(line.topics, experience.topics) // FULL
        return weight * (experience_degree(line.kind, experience) + on_topics) // FULL

    if not known.experience:
        return nothing
    by_provider = providers.table(points)
    return lambda one, ops: ops.look(by_provider, one.record[_PROVIDER])


@lru_cache(1 << 10)
def _funding(weight: int) -> Term:
    points = Table(weight * FUNDING[status] // FULL for status in STATUSES)
    return lambda one, ops: ops.look(points, one.record[_STATUS])


@lru_cache(1 << 10)
def _load(weight: int) -> Term:
    # The less is taken, the more points, so that of two equal offerings the one with more left is first.
    points = _points(weight)
    return lambda one, ops: ops.look(points, one.record[_LEFT])


_KINDS, _LEFT, _PROVIDER, _STATUS = (COLUMN[name] for name in ("kinds", "left", "provider", "resource_status"))


@lru_cache(1 << 10)
def _points(weight: int) -> Table:
    """Points by degree in thousandths."""
    return Table(weight * degree // FULL for degree in range(FULL + 1))


@lru_cache(1 << 12)
def _shares(weight: int, count: int) -> Table:
    """Points by how many of `count` are met."""
    return Table(weight * (FULL * met // count) // FULL for met in range(count + 1))


# -- degrees, in thousandths ------------------------------------------------------------------------------------------


def meaning_degree(closeness: Cells, ops: Ops = SCALAR) -> Cells:
    """The degree for text meaning, by the closeness of the texts in thousandths."""
    return ops.least(ops.most((closeness - FAR) * FULL // (NEAR - FAR), ops.none), ops.number(FULL))


def coverage(asked: Iterable[str], had: Iterable[str]) -> int:
    every = set(asked)
    return FULL * len(every.intersection(had)) // len(every) if every else 0


def free_days(first: Cells, after: Cells, spans: Iterable[tuple[Cells, Cells]], ops: Ops) -> Cells:
    """The number of days from `first` to before `after` that lie in the spans, given the same way."""
    most, least, none = ops.most, ops.least, ops.none
    return ops.total([most(least(end, after) - most(start, first), none) for start, end in spans])


def ordinals(window: Period) -> tuple[int, int]:
    """The ordinals of the first day and the day after the last."""
    return window.starts.toordinal(), window.ends.toordinal() + 1


def window_days(window: Period) -> int:
    """The number of days in the window, both ends included."""
    return (window.ends - window.starts).days + 1


def experience_degree(kind: str, experience: Experience) -> int:
    """The degree for deliveries of a kind, weighed by State ratings."""
    completed = experience.deliveries.get(kind, 0)
    counts = FULL if experience.rating is None else rated(experience.rating).counts
    return next((degree for least, degree in PRACTISED if completed >= least), 0) * counts // FULL


def rated(rating: int) -> Rated:
    """The step of a mean rating."""
    return next(step for step in RATED if rating >= step.least)


def mean_rating(states: int, total: int, count: int) -> int | None:
    """The mean rating in hundredths; None if there are too few States."""
    return 100 * total // count if states >= RATING_STATES_MIN else None
