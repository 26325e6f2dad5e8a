"""The instalments of an agreement: what is due when, which condition it waits for, and which are late."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from contracts.pledges import Instalment

DUE_DAYS = 30
"""Where an agreement says nothing else all of it is due so many days after the signature."""


class Scheduled(Struct, frozen=True, kw_only=True):
    """An instalment by its number from 1; `minor` is what is left of it after reductions."""

    number: int
    due_on: date
    minor: int
    condition: str | None = None
    met_on: date | None = None
    reminders: int = 0

    @property
    def owed(self) -> bool:
        """False while its condition is not met."""
        return self.condition is None or self.met_on is not None


REMINDER_DAYS = (-14, 1, 30)
"""When a donor is reminded: before an instalment is due, and twice after it was."""


class Due(Struct, frozen=True, kw_only=True):
    """An instalment and how much of it has not come, in minor units of the agreement's currency."""

    instalment: Scheduled
    open_minor: int

    def reminder(self, today: date) -> int:
        """The number of the reminder whose day has come and that was not given; else 0. None is made up for."""
        part = self.instalment
        reached = sum(part.due_on + timedelta(days=days) <= today for days in REMINDER_DAYS)
        return reached if reached > part.reminders else 0


def at_once(minor: int, on: date) -> tuple[Instalment, ...]:
    """All of it in one instalment."""
    return (Instalment(due_on=on + timedelta(days=DUE_DAYS), minor=minor),)


def in_order(parts: Sequence[Instalment]) -> tuple[Instalment, ...]:
    """By the day each is due; what is due on the same day stays as it was given."""
    return tuple(sorted(parts, key=lambda part: part.due_on))


def unconditional(parts: Sequence[Instalment]) -> int:
    return sum(part.minor for part in parts if part.condition is None)


def scheduled(parts: Sequence[Instalment]) -> tuple[Scheduled, ...]:
    return tuple(
        Scheduled(number=number, due_on=part.due_on, minor=part.minor, condition=part.condition)
        for number, part in enumerate(parts, 1)
    )


def met(schedule: Sequence[Scheduled], number: int, on: date) -> tuple[Scheduled, ...]:
    return tuple(replace(part, met_on=on) if part.number == number else part for part in schedule)


def unmet(schedule: Sequence[Scheduled], number: int) -> tuple[Scheduled, ...]:
    """Nobody is reminded of what is not owed: once it is, they are anew."""
    return tuple(replace(part, met_on=None, reminders=0) if part.number == number else part for part in schedule)


def reminded(schedule: Sequence[Scheduled], number: int, reminder: int) -> tuple[Scheduled, ...]:
    return tuple(replace(part, reminders=reminder) if part.number == number else part for part in schedule)


def shortened(schedule: Sequence[Scheduled], minor: int) -> tuple[Scheduled, ...]:
    """With so much less: first of what waits for its condition, then of what is owed, each from the last one back."""
    left: list[Scheduled] = list(schedule)
    for owed in (False, True):
        for position in reversed(range(len(left))):
            part = left[position]
            if part.owed is owed:
                less = min(part.minor, minor)
                left[position] = replace(part, minor=part.minor - less)
                minor -= less
    return tuple(left)


def lengthened(schedule: Sequence[Scheduled], before: Sequence[Scheduled], minor: int) -> tuple[Scheduled, ...]:
    """With what `shortened` by so much had taken from each, when they were as they were `before`."""
    after = shortened(before, minor)
    taken = {part.number: part.minor - left.minor for part, left in zip(before, after, strict=True)}
    return tuple(replace(part, minor=part.minor + taken[part.number]) for part in schedule)


def restored(schedule: Sequence[Scheduled], minors: Mapping[int, int]) -> tuple[Scheduled, ...]:
    """With as much in each as is said by its number."""
    return tuple(replace(part, minor=minors[part.number]) for part in schedule)


def due(schedule: Sequence[Scheduled], received_minor: int) -> tuple[Due, ...]:
    """What of each owed instalment has not come. What came is counted against the earliest: nobody pays by number."""
    dues = []
    for part in schedule:
        if part.owed:
            settled = min(part.minor, received_minor)
            received_minor -= settled
            if part.minor > settled:
                dues.append(Due(instalment=part, open_minor=part.minor - settled))
    return tuple(dues)
