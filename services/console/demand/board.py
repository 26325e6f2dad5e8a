"""Groups of a provider's matches by whose turn it is, and the requests that it may serve, for the page of demand."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

ASKED = ("confirm", "decline")
UNDER_WAY = frozenset({"confirmed", "in_delivery"})
WAITING = ("interested", "shortlisted", "accepted", "provider_confirmed", "presented")

Record = Mapping[str, Any]


class Board(Struct, frozen=True):
    """Matches that the provider has to answer, those that it delivers, and those where others decide."""

    asked: Sequence[Record]
    under_way: Sequence[Record]
    waiting: Sequence[Record]


def board(matches: Sequence[Record]) -> Board:
    asked = [one for one in matches if "confirm" in one["moves"]]
    under_way = [one for one in matches if one["status"] in UNDER_WAY or "evaluate" in one["moves"]]
    rest = [one for one in matches if one not in asked and one not in under_way]
    return Board(asked, under_way, [one for one in rest if one["status"] in WAITING])


def kinds_of(offerings: Sequence[Record]) -> set[str]:
    """Return the kinds of assistance of offerings that can be matched."""
    return {kind for one in offerings if one["status"] == "available" for kind in one["kinds"]}


def chosen(requests: Sequence[Record], *, kind: str, fitting: bool, offered: Collection[str]) -> list[Record]:
    """Return the requests with this kind of assistance, if given; with `fitting`, only those of an offered kind."""
    return [
        one
        for one in requests
        if (not kind or kind in one["kinds"]) and (not fitting or not set(one["kinds"]).isdisjoint(offered))
    ]


def candidates(offerings: Sequence[Record], kind: str | None) -> list[Record]:
    """Return the offerings that can be matched, those of the kind first."""
    return sorted((one for one in offerings if one["status"] == "available"), key=lambda one: kind not in one["kinds"])
