"""The criteria of a score, each written once, for one offering by numbers and for many by columns.

What a criterion gives are whole thousandths, of which its weight is the most.
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
    alike,
    bits,
    free_spans,
    recorded,
    understood_code,
)
from services.matching.scoring.weights import FIRST, WHOLE, Criterion, Weights

FULL = WHOLE

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


# -- one offering or many ---------------------------------------------------------------------------------------------

Cells = Any
"""A number, or a column of them."""


class Ops(NamedTuple):
    """What is done differently with numbers and with columns. `number` is how a number is best compared with cells."""

    none: Cells
    number: Callable[[int], Cells]
    most: Callable[[Cells, Cells], Cells]
    least: Callable[[Cells, Cells], Cells]
    closest: Callable[[Sequence[Cells]], Cells]
    total: Callable[[Sequence[Cells]], Cells]
    ones: Callable[[Cells], Cells]
    look: Callable[[Table, Cells], Cells]


# Where there are few, a call of numpy takes longer than what it does.
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
    # An array of no dimension takes half the time of a number.
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
    """An offering in numbers, or many in columns.

    `free` is on how many of the days asked for it is valid and has room, `named` whether it names the line's State
    (None where none does). All of many are for the line's kind.
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
"""The points that a criterion gives."""


def criteria(line: WantedLine, known: ScoringContext, providers: Providers) -> dict[Criterion, Term]:
    """Of each criterion that has a weight, all but the meaning of the texts, with what the line asks looked up once."""
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
    """What is not asked for gives nothing."""
    return 0


# Terms are kept: many lines ask for the same.
@lru_cache(1 << 14)
def _topics(topics: tuple[str, ...], weight: int) -> Term:
    likeness, points = [alike(topic) for topic in set(topics)], _points(weight)

    def term(one: Offered, ops: Ops) -> Cells:
        closest = [ops.closest([ops.look(table, topic) for topic in one.topics]) for table in likeness]
        return ops.look(points, ops.total(closest) // len(likeness))

    return term if likeness else nothing


@lru_cache(1 << 14)
def _covered(what: str, codes: tuple[str, ...], weight: int) -> Term:
    """By how many of the codes asked for are offered."""
    asked = tuple(sorted(set(codes)))
    if not asked:
        return nothing
    known = [(at, word) for at, word in zip(OF_BITS[what], bits(what, asked), strict=True) if word]
    words = known or [(OF_BITS[what][0], 0)]
    points = _shares(weight, len(asked))
    return lambda one, ops: ops.look(points, ops.total([ops.ones(one.record[at] & word) for at, word in words]))


@lru_cache(1 << 10)
def _languages(languages: tuple[str, ...], weight: int) -> Term:
    assert 2 * INTERPRETED == FULL, "of a language that is interpreted one of its two codes is offered"
    return _covered("languages", tuple(code for one in languages for code in (one, understood_code(one))), weight)


@lru_cache(1 << 10)
def _kind(weight: int) -> Term:
    # An offering made for this kind alone is likelier to be what is meant than one that lists many.
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
    """Nothing where one is not known, or there is none as with a unit of UNODC: what is not known speaks for nobody."""
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
        return weight * (practised(line.kind, experience) + on_topics) // FULL

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
    # The less is taken, the more: of two that fit alike, the one that has more left.
    points = _points(weight)
    return lambda one, ops: ops.look(points, one.record[_LEFT])


_KINDS, _LEFT, _PROVIDER, _STATUS = (COLUMN[name] for name in ("kinds", "left", "provider", "resource_status"))


@lru_cache(1 << 10)
def _points(weight: int) -> Table:
    """The points for a degree in thousandths."""
    return Table(weight * degree // FULL for degree in range(FULL + 1))


@lru_cache(1 << 12)
def _shares(weight: int, count: int) -> Table:
    """The points for how many of so many are met."""
    return Table(weight * (FULL * met // count) // FULL for met in range(count + 1))


# -- degrees, in thousandths ------------------------------------------------------------------------------------------


def meant(closeness: Cells, ops: Ops = SCALAR) -> Cells:
    """To which degree an offering means what a line does, from how close their texts are, in thousandths."""
    return ops.least(ops.most((closeness - FAR) * FULL // (NEAR - FAR), ops.none), ops.number(FULL))


def coverage(asked: Iterable[str], had: Iterable[str]) -> int:
    every = set(asked)
    return FULL * len(every.intersection(had)) // len(every) if every else 0


def free_days(first: Cells, after: Cells, spans: Iterable[tuple[Cells, Cells]], ops: Ops) -> Cells:
    """How many days, from the first to the one before `after`, lie in spans that are given likewise."""
    most, least, none = ops.most, ops.least, ops.none
    return ops.total([most(least(end, after) - most(start, first), none) for start, end in spans])


def ordinals(window: Period) -> tuple[int, int]:
    """Of the first day and the day after the last."""
    return window.starts.toordinal(), window.ends.toordinal() + 1


def window_days(window: Period) -> int:
    """How many days are asked for: both ends count."""
    return (window.ends - window.starts).days + 1


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
