"""Moves of records: what a person can do with a record, as far as the API allows it, and the form for it.

A record of the API names the moves open to the caller (`moves`). For each of them a noun here has a button, a form and
the command that it sends. Pages offer only what the API offers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.console.fields import WORDS_MAX, Field
from services.console.translations import N_

COMMENT = Field(name="comment", label=N_("Comment"), kind="words", required=False, max_length=WORDS_MAX)


def reason(of: str) -> Field:
    """Return the field of a coded reason of a move, from contracts/reference."""
    return Field(name="reason", label=N_("Reason"), kind="choice", options=f"reasons:{of}")


class Move(Struct, frozen=True, kw_only=True):
    """A move. `name` is as the API lists it, `path` the last part of its address here and in the API.

    `roles` limits a form to some roles, where two roles make the same move with different reasons.
    """

    name: str
    path: str
    label: str
    fields: tuple[Field, ...] = (COMMENT,)
    explains: str = ""
    warns: bool = False
    """True if the move cannot be undone, or others lose something by it."""
    method: str = "POST"
    roles: tuple[str, ...] = ()
    done: str = "sent"
    asks_sign_in: bool = False
    """True if the move asks for a recent sign-in: it cannot be undone, or it is the consent of a second person."""
    begins: str = ""
    """First day on which the move of a record is possible, if that is a later one (`later` of the API)."""
    elsewhere: str = ""
    """Path, after the record's, of a page of its own for the move; `path` is empty if it sends to the record itself."""


def first_days(record: Mapping[str, Any]) -> dict[str, str]:
    """Map each move that the API opens to the caller on a later day to that day."""
    return {one["move"]: one["from"] for one in record.get("later") or ()}


class Noun(Struct, frozen=True, kw_only=True):
    """A noun whose records have moves. `path` is that of its pages, `api` that of its records."""

    path: str
    api: str
    moves: tuple[Move, ...]
    record: str
    """Template that shows a record above a form."""
    places: Mapping[str, tuple[str, str]] = {}
    """Fields of a record that are typed on pages of their own: the label, and the path after the record's."""

    def open_to(self, record: Mapping[str, Any], role: str) -> Sequence[Move]:
        """Return the moves that the API opens to the caller now or later, in the order of this noun."""
        allowed = dict.fromkeys(record.get("moves") or (), "") | first_days(record)
        return [
            replace(one, begins=allowed[one.name])
            for one in self.moves
            if one.name in allowed and (not one.roles or role in one.roles)
        ]

    def named(self, name: str) -> Move:
        return next(one for one in self.moves if one.name == name)

    def find(self, path: str, role: str) -> Move | None:
        return next((one for one in self.moves if one.path == path and (not one.roles or role in one.roles)), None)
