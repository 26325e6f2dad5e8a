"""Suppression of small numbers in figures for everybody but UNODC.

A number below five is not shown, nor is any from which it follows. All others are shown in whole fives, rounded down:
whatever is subtracted from each other, of two days or two codes, the difference is a multiple of five. A second number
is suppressed where there is one alone, and more until the suppressed ones are not determined by the exact total.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

SMALL = 5
"""The lowest number that is shown."""


class Shown(Struct, frozen=True, kw_only=True):
    """What is shown of a figure: None is suppressed. If `withheld`, no cells are shown at all."""

    cells: Mapping[str, int | None]
    total: int | None
    withheld: bool = False


def in_fives(number: int) -> int | None:
    """The number in whole fives, rounded down; None if it is small."""
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
        # Which of its values there are at all would say more than the numbers.
        return Shown(cells={}, total=in_fives(total), withheld=True)
    return Shown(
        cells={value: None if value in hidden else in_fives(number) for value, number in given.items()},
        total=in_fives(total),
    )


def _follow(hidden: Sequence[int]) -> bool:
    """Whether suppressed numbers follow from their sum: there is one, or all of them are the lowest or highest."""
    return len(hidden) < 2 or sum(hidden) == len(hidden) or sum(hidden) == (SMALL - 1) * len(hidden)
