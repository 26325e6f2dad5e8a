"""Regional cohorts: lines of several States that one delivery of an offering could serve together, and what that saves.

Members are of one kind and modality, ask for a topic and a language in common, can be served on a day that all of their
windows share, fill no larger group than the offering takes, and each fits the offering by itself. Every rule only gets
harder to meet as a cohort grows: so whoever was refused stays refused, and one pass over the lines leaves none out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from contracts.reference import region_of
from contracts.values import Money, Period
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import violated
from services.matching.scoring.criteria import SCALAR, free_days, ordinals
from services.matching.scoring.records import free_spans

COHORTS_MAX = 100
MEMBERS_MAX = 20


class Cohort(Struct, frozen=True, kw_only=True):
    """Lines of distinct States, the first the one it was grown from, and what they have in common.

    `maximal`: none of the lines that were given could be added.
    """

    offering: Offering
    lines: tuple[WantedLine, ...]
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    window: Period
    maximal: bool

    @property
    def region(self) -> str | None:
        """The regional group that all of the States belong to; None where there is none."""
        regions = {region_of(line.state) for line in self.lines}
        return regions.pop() if len(regions) == 1 else None

    @property
    def people(self) -> int:
        return sum(line.group_size for line in self.lines)

    @property
    def deliveries_saved(self) -> int:
        """One delivery serves all of them, where each would have taken one."""
        return len(self.lines) - 1

    @property
    def money_saved(self) -> Money | None:
        """What the deliveries saved would have lacked; None where the offering lacks nothing, or does not say."""
        lacking = self.offering.funding_lacking
        return Money(minor=lacking.minor * self.deliveries_saved, currency=lacking.currency) if lacking else None

    @property
    def place(self) -> tuple[bool, int, str, tuple[str, ...]]:
        """Sorts those of one region first, then those that save most; the rest by id."""
        ids = tuple(sorted(str(line.line_id) for line in self.lines))
        return self.region is None, -self.deliveries_saved, str(self.offering.offering_id), ids


def cohorts(lines: Sequence[WantedLine], offerings: Iterable[Offering], *, today: date) -> list[Cohort]:
    """The best `COHORTS_MAX`; the same for the same lines and offerings in whatever order.

    Before that cut, of each offering every line that it could serve together with another stands in one of its cohorts.
    """
    alike = _by_kind_and_modality(lines)
    neighbours: dict[UUID, list[WantedLine]] = {}
    found: dict[tuple[object, ...], Cohort] = {}
    for offering in offerings:
        for kind, modality in product(set(offering.terms.kinds), set(offering.terms.modalities)):
            group = alike.get((kind, modality), [])
            fitting = {line.line_id for line in group if not violated(line, offering)}
            alone = set(fitting)
            for seed in group:
                if seed.line_id not in alone:
                    continue
                if seed.line_id not in neighbours:
                    neighbours[seed.line_id] = _neighbours(seed, group)
                cohort = _grown(
                    seed, [one for one in neighbours[seed.line_id] if one.line_id in fitting], offering, today
                )
                if cohort.deliveries_saved:
                    found[cohort.place] = cohort
                    alone -= {line.line_id for line in cohort.lines}
    return [found[place] for place in sorted(found)[:COHORTS_MAX]]


def _by_kind_and_modality(lines: Iterable[WantedLine]) -> dict[tuple[str, str], list[WantedLine]]:
    """Those wanted soonest first."""
    groups: defaultdict[tuple[str, str], list[WantedLine]] = defaultdict(list)
    for line in sorted(lines, key=_soonest):
        groups[line.kind, line.modality].append(line)
    return groups


def _soonest(line: WantedLine) -> tuple[date, str]:
    return line.window.starts, str(line.line_id)


# -- growing ----------------------------------------------------------------------------------------------------------


class _Common(NamedTuple):
    """What the members so far have in common, and how many people they are."""

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
    """The lines that could be served with it by some offering: of its region first, then of most topics in common."""
    region, topics, languages = region_of(seed.state), set(seed.topics), set(seed.languages)
    near = [
        line
        for line in group
        if line.state != seed.state
        and line.window.overlaps(seed.window)
        and not topics.isdisjoint(line.topics)
        and not languages.isdisjoint(line.languages)
    ]
    # Stable: those wanted soonest stay first among equals.
    return sorted(near, key=lambda line: (region_of(line.state) != region, -len(topics & set(line.topics))))


def _grown(seed: WantedLine, neighbours: Iterable[WantedLine], offering: Offering, today: date) -> Cohort:
    members, common = [seed], _of(seed)
    for line in neighbours:
        joined = _joined(common, line, offering, today)
        if joined is not None and len(members) < MEMBERS_MAX:
            members, common = [*members, line], joined
    return Cohort(
        offering=offering,
        lines=tuple(members),
        topics=tuple(sorted(common.topics)),
        languages=tuple(sorted(common.languages)),
        window=common.window,
        maximal=len(members) < MEMBERS_MAX,
    )


def _joined(common: _Common, line: WantedLine, offering: Offering, today: date) -> _Common | None:
    """What would be common with this line among them; None where one delivery could not serve them any more."""
    most, people = offering.terms.group_size_max, common.people + line.group_size
    if line.state in common.states or (most is not None and people > most):
        return None
    topics, languages = common.topics.intersection(line.topics), common.languages.intersection(line.languages)
    if not topics or not languages:
        return None
    window = Period(
        starts=max(common.window.starts, line.window.starts), ends=min(common.window.ends, line.window.ends)
    )
    if not _is_free(offering, window, today):
        return None
    return _Common(common.states | {line.state}, topics, languages, window, people)


def _is_free(offering: Offering, window: Period, today: date) -> bool:
    """On some day of the window that is not past the offering is valid and a delivery is left."""
    first, after = ordinals(window)
    return bool(free_days(max(first, today.toordinal()), after, free_spans(offering), SCALAR))
