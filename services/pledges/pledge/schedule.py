"""Instalments of an agreement: amounts, due dates, conditions, and late instalments."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from contracts.pledges import Instalment

DUE_DAYS = 30
"""Days after the signature on which the whole amount is due, by default."""


class Scheduled(Struct, frozen=True, kw_only=True):
    """An instalment by its number from 1; `minor` is the amount after reductions."""

    number: int
    due_on: date
    minor: int
    condition: str | None = None
    met_on: date | None = None
    reminders: int = 0

    @property
    def owed(self) -> bool:
        """False while the instalment's condition is not met."""
        return self.condition is None or self.met_on is not None


REMINDER_DAYS = (-14, 1, 30)
"""Days of reminders relative to the due date: one before, two after."""


class Due(Struct, frozen=True, kw_only=True):
    """An instalment and its outstanding amount, in minor units of the agreement's currency."""

    instalment: Scheduled
    open_minor: int

    def reminder(self, today: date) -> int:
        """Return the number of the reminder that is due and not sent, else 0. Missed reminders are not sent later."""
        part = self.instalment
        reached = sum(part.due_on + timedelta(days=days) <= today for days in REMINDER_DAYS)
        return reached if reached > part.reminders else 0


def single_instalment(minor: int, on: date) -> tuple[Instalment, ...]:
    """Return one instalment for the whole amount, due `DUE_DAYS` days after that day."""
    return (Instalment(due_on=on + timedelta(days=DUE_DAYS), minor=minor),)


def sorted_by_due_date(parts: Sequence[Instalment]) -> tuple[Instalment, ...]:
    """Return the instalments sorted by due date; those of the same day keep their order."""
    return tuple(sorted(parts, key=lambda part: part.due_on))


def unconditional(parts: Sequence[Instalment]) -> int:
    return sum(part.minor for part in parts if part.condition is None)


def scheduled(parts: Sequence[Instalment]) -> tuple[Scheduled, ...]:
    return tuple(
        Scheduled(number=number, due_on=part.due_on, minor=part.minor, condition=part.condition)
        for number, part in enumerate(parts, 1)
    )


def condition_met(schedule: Sequence[Scheduled], number: int, on: date) -> tuple[Scheduled, ...]:
    return tuple(replace(part, met_on=on) if part.number == number else part for part in schedule)


def condition_unmet(schedule: Sequence[Scheduled], number: int) -> tuple[Scheduled, ...]:
    """Clear the date of the condition and the reminders, which restart once the condition is met again."""
    return tuple(replace(part, met_on=None, reminders=0) if part.number == number else part for part in schedule)


def reminded(schedule: Sequence[Scheduled], number: int, reminder: int) -> tuple[Scheduled, ...]:
    return tuple(replace(part, reminders=reminder) if part.number == number else part for part in schedule)


def reduced(schedule: Sequence[Scheduled], minor: int) -> tuple[Scheduled, ...]:
    """Reduce by `minor`: conditional instalments first, then owed ones, each from the last one back."""
    left: list[Scheduled] = list(schedule)
    for owed in (False, True):
        for position in reversed(range(len(left))):
            part = left[position]
            if part.owed is owed:
                less = min(part.minor, minor)
                left[position] = replace(part, minor=part.minor - less)
                minor -= less
    return tuple(left)


def reduction_reversed(schedule: Sequence[Scheduled], before: Sequence[Scheduled], minor: int) -> tuple[Scheduled, ...]:
    """Undo a reduction by `minor` that was applied to `before`."""
    after = reduced(before, minor)
    taken = {part.number: part.minor - left.minor for part, left in zip(before, after, strict=True)}
    return tuple(replace(part, minor=part.minor + taken[part.number]) for part in schedule)


def with_amounts(schedule: Sequence[Scheduled], minors: Mapping[int, int]) -> tuple[Scheduled, ...]:
    """Set each instalment's amount, by its number."""
    return tuple(replace(part, minor=minors[part.number]) for part in schedule)


def due(schedule: Sequence[Scheduled], received_minor: int) -> tuple[Due, ...]:
    """Return the outstanding amount of each owed instalment.

    Receipts count against the earliest instalments, since payments do not name one.
    """
    dues = []
    for part in schedule:
        if part.owed:
            settled = min(part.minor, received_minor)
            received_minor -= settled
            if part.minor > settled:
                dues.append(Due(instalment=part, open_minor=part.minor - settled))
    return tuple(dues)
