"""The shares of a score in few bytes, as they are kept of what is suggested by the twenty: `topics 90/220, load 0/30`.

As JSON objects, forty of them a request, they were most of what a suggestion cost.
"""

from collections.abc import Iterable

import msgspec

from contracts.matching import Share

_BEGINS_PACKED = '"'


def packed(shares: Iterable[tuple[str, int, int]]) -> str:
    """Of the criterion, the points, and of how many."""
    return ", ".join(f"{criterion} {points}/{of}" for criterion, points, of in shares)


def unpacked(kept: str) -> tuple[Share, ...]:
    """What a column says in JSON: a string as above, or a list of objects."""
    if not kept.startswith(_BEGINS_PACKED):
        return msgspec.json.decode(kept, type=tuple[Share, ...])
    return tuple(map(_share, msgspec.json.decode(kept, type=str).split(", ")))


def _share(one: str) -> Share:
    criterion, _, given = one.partition(" ")
    points, _, of = given.partition("/")
    return Share(criterion=criterion, points=int(points), of=int(of))
