"""Regional cohorts: lines of several States that one delivery of an offering could serve together, and the savings.

Only what can be proposed is in one: lines that may be disclosed to the provider, without a match of the offering that
was shown or has ended, for the persons whom no confirmed match covers.

Members have the same kind and modality, a topic and a language in common, and a day in all of their windows; together
they fit the offering's group size, and each fits the offering alone. Every rule gets harder to meet as a cohort grows:
a line refused once stays refused, so one pass over the lines is enough.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from contracts.joint_deliveries import MEMBERS_MAX
from contracts.reference import region_of
from contracts.values import Money, Period, is_unodc
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import GROUP_SIZE, WINDOW, violated
from services.matching.scoring.criteria import SCALAR, free_days, ordinals
from services.matching.scoring.records import free_spans

COHORTS_MAX = 100
SAME_STATE = "same_state"


class Cohort(Struct, frozen=True, kw_only=True):
    """Lines of distinct States, the seed line first, and what they have in common.

    `maximal` is True if none of the given lines could be added.
    """

    offering: Offering
    lines: tuple[WantedLine, ...]
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    window: Period
    maximal: bool

    @property
    def region(self) -> str | None:
        """The regional group of all the States; None if they have several."""
        regions = {region_of(line.state) for line in self.lines}
        return regions.pop() if len(regions) == 1 else None

    @property
    def people(self) -> int:
        return sum(line.group_size for line in self.lines)

    @property
    def deliveries_saved(self) -> int:
        """Number of deliveries saved: one delivery serves all lines instead of one delivery each."""
        return len(self.lines) - 1

    @property
    def money_saved(self) -> Money | None:
        """The funding gap of the deliveries saved; None if the offering has no gap or does not state it."""
        lacking = self.offering.funding_lacking
        return Money(minor=lacking.minor * self.deliveries_saved, currency=lacking.currency) if lacking else None

    @property
    def place(self) -> tuple[bool, int, str, tuple[str, ...]]:
        """Sort key: cohorts of one region first, then by savings, then by id."""
        ids = tuple(sorted(str(line.line_id) for line in self.lines))
        return self.region is None, -self.deliveries_saved, str(self.offering.offering_id), ids


Begun = Mapping[tuple[UUID, UUID], tuple[bool, int | None]]
"""Of matches that are more than suggested, by line and offering: whether they may be presented, persons covered."""


def cohorts(
    lines: Sequence[WantedLine], offerings: Iterable[Offering], begun: Begun | None = None, *, today: date
) -> list[Cohort]:
    """Return the best `COHORTS_MAX` cohorts of lines open to proposals, independent of the order of the arguments.

    Before that limit, every line that an offering could serve together with another line is in one of its cohorts.
    """
    alike = _by_kind_and_modality(lines)
    neighbours: dict[UUID, list[WantedLine]] = {}
    found: dict[tuple[object, ...], Cohort] = {}
    for offering in offerings:
        for kind, modality in product(set(offering.terms.kinds), set(offering.terms.modalities)):
            group = alike.get((kind, modality), [])
            parts = [(line, _part(line, offering, begun or {})) for line in group]
            fitting = {line.line_id: part for line, part in parts if part is not None and not violated(part, offering)}
            alone = set(fitting)
            for seed in group:
                if seed.line_id not in alone:
                    continue
                if seed.line_id not in neighbours:
                    neighbours[seed.line_id] = _neighbours(seed, group)
                near = [fitting[one.line_id] for one in neighbours[seed.line_id] if one.line_id in fitting]
                cohort = _grow(fitting[seed.line_id], near, offering, today)
                if cohort.deliveries_saved:
                    found[cohort.place] = cohort
                    alone -= {line.line_id for line in cohort.lines}
    return [found[place] for place in sorted(found)[:COHORTS_MAX]]


def _part(line: WantedLine, offering: Offering, begun: Begun) -> WantedLine | None:
    """Return the line for the persons whom a match of the offering would serve; None if none can be presented."""
    if not (is_unodc(offering.provider) or line.may_be_disclosed_to(offering.provider)):
        return None
    held = begun.get((line.line_id, offering.offering_id))
    if held is None:
        return line.rest()
    presentable, covers = held
    return line.part(covers) if presentable else None


def _by_kind_and_modality(lines: Iterable[WantedLine]) -> dict[tuple[str, str], list[WantedLine]]:
    """Lines by kind and modality, soonest wanted first."""
    groups: defaultdict[tuple[str, str], list[WantedLine]] = defaultdict(list)
    for line in sorted(lines, key=_soonest):
        groups[line.kind, line.modality].append(line)
    return groups


def _soonest(line: WantedLine) -> tuple[date, str]:
    return line.window.starts, str(line.line_id)


def form_cohort(
    lines: Sequence[WantedLine], offering: Offering, *, today: date
) -> tuple[Cohort, Mapping[UUID, Sequence[str]]]:
    """Return the cohort that these lines form and, by line, the obstacles of those that cannot join it.

    Each line is compared with those before it. A line that the offering does not fit alone may be in the cohort.
    """
    first = lines[0]
    members, common, apart = [first], _of(first), dict[UUID, Sequence[str]]()
    if not _is_free(offering, first.window, today):
        apart[first.line_id] = [WINDOW]
    for line in lines[1:]:
        unlike = [name for name in ("kind", "modality") if getattr(line, name) != getattr(first, name)]
        if obstacles := [*unlike, *_obstacles(common, line, offering, today)]:
            apart[line.line_id] = obstacles
        else:
            members, common = [*members, line], _joined(common, line)
    return _cohort(offering, members, common), apart


# -- growing a cohort -------------------------------------------------------------------------------------------------


class _Common(NamedTuple):
    """Terms that the members so far have in common, and their number of people."""

    states: frozenset[str]
    topics: frozenset[str]
    languages: frozenset[str]
    window: Period
    people: int


def _of(line: WantedLine) -> _Common:
    return _Common(
        frozenset({line.state}), frozenset(line.topics), frozenset(line.languages), line.window, line.group_size
    )


def _neighbours(seed: WantedLine, group: Iterable[WantedLine]) -> list[WantedLine]:
    """Return the lines that some offering could serve together with the seed, best first.

    Those of the same region come first, then those with most common topics.
    """
    region, topics, languages = region_of(seed.state), set(seed.topics), set(seed.languages)
    near = [
        line
        for line in group
        if line.state != seed.state
        and line.window.overlaps(seed.window)
        and not topics.isdisjoint(line.topics)
        and not languages.isdisjoint(line.languages)
    ]
    # Stable sort: among equals, soonest wanted first.
    return sorted(near, key=lambda line: (region_of(line.state) != region, -len(topics & set(line.topics))))


def _grow(seed: WantedLine, neighbours: Iterable[WantedLine], offering: Offering, today: date) -> Cohort:
    members, common = [seed], _of(seed)
    for line in neighbours:
        joined = _join(common, line, offering, today)
        if joined is not None and len(members) < MEMBERS_MAX:
            members, common = [*members, line], joined
    return _cohort(offering, members, common)


def _cohort(offering: Offering, members: Sequence[WantedLine], common: _Common) -> Cohort:
    return Cohort(
        offering=offering,
        lines=tuple(members),
        topics=tuple(sorted(common.topics)),
        languages=tuple(sorted(common.languages)),
        window=common.window,
        maximal=len(members) < MEMBERS_MAX,
    )


def _join(common: _Common, line: WantedLine, offering: Offering, today: date) -> _Common | None:
    """Return the common terms after adding this line; None if one delivery could not serve all."""
    return None if any(_obstacles(common, line, offering, today)) else _joined(common, line)


def _joined(common: _Common, line: WantedLine) -> _Common:
    window = Period(
        starts=max(common.window.starts, line.window.starts), ends=min(common.window.ends, line.window.ends)
    )
    return _Common(
        common.states | {line.state},
        common.topics.intersection(line.topics),
        common.languages.intersection(line.languages),
        window,
        common.people + line.group_size,
    )


def _obstacles(common: _Common, line: WantedLine, offering: Offering, today: date) -> Iterator[str]:
    """Yield the obstacles to serving this line and the others by one delivery, the cheap ones first."""
    if line.state in common.states:
        yield SAME_STATE
    most, joined = offering.terms.group_size_max, _joined(common, line)
    if most is not None and joined.people > most:
        yield GROUP_SIZE
    if not joined.topics:
        yield "topics"
    if not joined.languages:
        yield "language"
    if not _is_free(offering, joined.window, today):
        yield WINDOW


def _is_free(offering: Offering, window: Period, today: date) -> bool:
    """Return True if on some day of the window, not before today, the offering is valid and has a delivery left."""
    first, after = ordinals(window)
    return bool(free_days(max(first, today.toordinal()), after, free_spans(offering), SCALAR))
