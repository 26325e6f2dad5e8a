"""Suppression of small numbers in figures for all readers except UNODC.

A number below five is not shown, nor is any number from which it follows. Other numbers are shown in whole fives,
rounded down, so that the difference between two days or two codes is a multiple of five. If a single number is
suppressed, a second one is suppressed too, and then more until the exact total does not determine the suppressed ones.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

SMALL = 5
"""The lowest number that is shown."""


class Shown(Struct, frozen=True, kw_only=True):
    """The shown numbers of a figure; None is suppressed. If `withheld`, no cells are shown."""

    cells: Mapping[str, int | None]
    total: int | None
    withheld: bool = False


def in_fives(number: int) -> int | None:
    """Return the number in whole fives, rounded down; None if it is small."""
    return None if 0 < number < SMALL else number - number % SMALL


def protect(numbers: Mapping[str, int], total: int) -> Shown:
    """Suppress the small numbers of a table, and those from which they follow."""
    given = {value: number for value, number in numbers.items() if number}
    hidden = {value: number for value, number in given.items() if number < SMALL}
    shown = sorted(given.keys() - hidden.keys(), key=lambda value: (given[value], value))
    while hidden and shown and _follow(list(hidden.values())):
        value = shown.pop(0)
        hidden[value] = given[value]
    if hidden and not shown and len(given) > 1:
        # Showing which values exist would reveal more than the numbers.
        return Shown(cells={}, total=in_fives(total), withheld=True)
    return Shown(
        cells={value: None if value in hidden else in_fives(number) for value, number in given.items()},
        total=in_fives(total),
    )


def _follow(hidden: Sequence[int]) -> bool:
    """Check whether suppressed numbers follow from their sum: there is one, or all are the lowest or the highest."""
    return len(hidden) < 2 or sum(hidden) == len(hidden) or sum(hidden) == (SMALL - 1) * len(hidden)
