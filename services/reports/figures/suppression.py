"""Which numbers are shown: the rule for persons, and the one for the public.

Of persons, a number below five is not shown, nor is any number from which it follows. Other numbers are shown in whole
fives, rounded down, so that the difference between two days or two codes is a multiple of five. If a single number is
suppressed, a second one is suppressed too, and then more until the exact total does not determine the suppressed ones.

The public sees a cell if the records of at least five publishers are in it, and not all that are counted; nothing else
is listed. `services/reports/open_data/issues.py` states when a number may change.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

FEW = 5
"""The lowest number of persons, or of publishers behind a number, that is shown."""


class Shown(Struct, frozen=True, kw_only=True):
    """The shown numbers of persons; None is suppressed. If `withheld`, no cells are shown."""

    cells: Mapping[str, int | None]
    total: int | None
    withheld: bool = False


class Behind(Struct, frozen=True):
    """A number, and how many States or providers published the records that it counts."""

    number: int
    publishers: int


def in_fives(number: int) -> int | None:
    """Return the number in whole fives, rounded down; None if it is small."""
    return None if 0 < number < FEW else number - number % FEW


def for_the_public(cells: Mapping[str, Behind], whole: Behind) -> tuple[Mapping[str, int], int | None]:
    """Return the cells that the public sees, and the total, in whole fives; the total is None if it sees nothing.

    As everybody knows who has published something, a cell that may be all of it would tell what each of them asked for.
    """
    if whole.publishers <= FEW or whole.number < FEW:
        return {}, None
    lowest = {value: one.number - one.number % FEW for value, one in cells.items() if one.publishers >= FEW}
    return {value: number for value, number in lowest.items() if 0 < number < whole.number}, in_fives(whole.number)


def of_persons(numbers: Mapping[str, int], total: int) -> Shown:
    """Suppress the small numbers of a table of persons, and those from which they follow."""
    given = {value: number for value, number in numbers.items() if number}
    hidden = {value: number for value, number in given.items() if number < FEW}
    shown = sorted(given.keys() - hidden.keys(), key=lambda value: (given[value], value))
    while hidden and shown and _follow(list(hidden.values())):
        value = shown.pop(0)
        hidden[value] = given[value]
    if hidden and not shown:
        # Showing which values exist would reveal more than the numbers.
        return Shown(cells={}, total=in_fives(total), withheld=True)
    return Shown(
        cells={value: None if value in hidden else in_fives(number) for value, number in given.items()},
        total=in_fives(total),
    )


def _follow(hidden: Sequence[int]) -> bool:
    """Check whether suppressed numbers follow from their sum: there is one, or all are the lowest or the highest."""
    return len(hidden) < 2 or sum(hidden) == len(hidden) or sum(hidden) == (FEW - 1) * len(hidden)
