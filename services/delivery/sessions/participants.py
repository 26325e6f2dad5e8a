"""Counts of the participants of a session, by sex, age band and function, and the counts that each reader may see.

A count from 1 to 4 can identify a person. Readers other than the two sides and the coordinators of UNODC see neither
such a count nor another count of the same breakdown from which it could be computed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.codes import ParticipantFunction
from contracts.sessions import ParticipantsBySex, Sex

SMALL_MAX = 4
"""The highest count that is not shown to all."""


class AgeBand(StrEnum):
    UNDER_25 = "under_25"
    FROM_25 = "25_34"
    FROM_35 = "35_44"
    FROM_45 = "45_54"
    FROM_55 = "55_over"
    NOT_STATED = "not_stated"


class Count(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of participants of this sex, age band and function."""

    sex: Sex
    age_band: AgeBand
    function: ParticipantFunction
    people: Annotated[int, Meta(ge=0, le=100_000)]


class Group(Struct, frozen=True, kw_only=True):
    """Number of persons with one code; null and `suppressed` if it is too small to show, or would reveal another."""

    code: str
    people: int | None
    suppressed: bool = False


class Participants(Struct, frozen=True, kw_only=True):
    """The participants of one delivery. `counts` are those reported; empty for readers who may not see small ones."""

    people: int | None
    suppressed: bool
    by_sex: tuple[Group, ...]
    by_age_band: tuple[Group, ...]
    by_function: tuple[Group, ...]
    counts: tuple[Count, ...]


class Reported(Struct, frozen=True, kw_only=True):
    """The participants of one delivery in a session."""

    delivery_id: UUID
    participants: Participants


def merged(counts: Iterable[Count]) -> tuple[Count, ...]:
    """Sum the counts by cell, without empty cells, in a fixed order."""
    cells: Counter[tuple[Sex, AgeBand, str]] = Counter()
    for one in counts:
        cells[one.sex, one.age_band, one.function] += one.people
    return tuple(
        Count(sex=sex, age_band=age, function=function, people=people)
        for (sex, age, function), people in sorted(cells.items())
        if people
    )


def by_sex(delivery_id: UUID, counts: Iterable[Count]) -> ParticipantsBySex:
    """Return the counts of a delivery by sex, which is all that facts contain."""
    people = Counter[str]()
    for one in counts:
        people[one.sex] += one.people
    return ParticipantsBySex(delivery_id=delivery_id, **people)


def suppressed_for(counts: Sequence[Count], functions: Iterable[str], *, exact: bool) -> Participants:
    """Return the counts for readers who may see each count (`exact`), or for other readers."""
    people = sum(one.people for one in counts)
    parts = [_by(counts, codes, of) for codes, of in _breakdowns(functions)]
    if not exact:
        parts = [_suppressed(groups, people) for groups in parts]
    hides_all = not exact and 0 < people <= SMALL_MAX
    by_sex, by_age_band, by_function = parts
    return Participants(
        people=None if hides_all else people,
        suppressed=hides_all,
        by_sex=by_sex,
        by_age_band=by_age_band,
        by_function=by_function,
        counts=tuple(counts) if exact else (),
    )


def total(parts: Sequence[Participants]) -> Participants:
    """Add up shown counts. A sum that includes a suppressed count is suppressed, so it reveals nothing more."""
    cells = merged(one for part in parts for one in part.counts)
    return Participants(
        people=_sum([one.people for one in parts]),
        suppressed=any(one.suppressed for one in parts),
        by_sex=_summed([one.by_sex for one in parts]),
        by_age_band=_summed([one.by_age_band for one in parts]),
        by_function=_summed([one.by_function for one in parts]),
        counts=cells,
    )


def _breakdowns(functions: Iterable[str]) -> Sequence[tuple[Iterable[str], Callable[[Count], str]]]:
    return (Sex, lambda one: one.sex), (AgeBand, lambda one: one.age_band), (functions, lambda one: one.function)


def _by(counts: Sequence[Count], codes: Iterable[str], of: Callable[[Count], str]) -> tuple[Group, ...]:
    found = dict.fromkeys(codes, 0)
    for one in counts:
        found[of(one)] += one.people
    return tuple(Group(code=code, people=people) for code, people in found.items())


def _suppressed(groups: Sequence[Group], people: int) -> tuple[Group, ...]:
    """Suppress the small counts and the largest one, so that neither can be computed from the total.

    If the total is small itself, all counts are suppressed, even a 0.
    """
    counts = [one.people or 0 for one in groups]
    if 0 < people <= SMALL_MAX:
        hidden = set(counts)
    else:
        small = {one for one in counts if 0 < one <= SMALL_MAX}
        hidden = small | {max(counts)} if small else set()
    return tuple(
        Group(code=one.code, people=None, suppressed=True) if count in hidden else one
        for one, count in zip(groups, counts, strict=True)
    )


def _summed(breakdowns: Sequence[tuple[Group, ...]]) -> tuple[Group, ...]:
    return tuple(
        Group(
            code=each[0].code,
            people=_sum([one.people for one in each]),
            suppressed=any(one.suppressed for one in each),
        )
        for each in zip(*breakdowns, strict=True)
    )


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [one for one in numbers if one is not None]
    return sum(known) if len(known) == len(numbers) else None
