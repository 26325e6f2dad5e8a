"""Moves of records: what a person can do with a record that the API says they may, and the form that it needs.

A record of the API names the moves open to the caller (`moves`). For each of them a noun here has a button, a form and
the command that it sends; what the API does not offer, no page offers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from services.console.fields import WORDS_MAX, Field
from services.console.translations import N_

COMMENT = Field(name="comment", label=N_("Comment"), kind="words", required=False, max_length=WORDS_MAX)


def reason(of: str) -> Field:
    """A coded reason of a move, out of contracts/reference."""
    return Field(name="reason", label=N_("Reason"), kind="choice", options=f"reasons:{of}")


class Move(Struct, frozen=True, kw_only=True):
    """A move: `name` as the API lists it, `path` the last part of its address here and in the API.

    `roles` limits a form to some roles, where two roles make the same move with different reasons.
    """

    name: str
    path: str
    label: str
    fields: tuple[Field, ...] = (COMMENT,)
    explains: str = ""
    warns: bool = False
    """It cannot be undone, or others lose something by it."""
    method: str = "POST"
    roles: tuple[str, ...] = ()
    done: str = "sent"
    asks_sign_in: bool = False
    """It asks for a recent sign-in: it cannot be undone, or it is the consent of a second person."""
    elsewhere: str = ""
    """A page of its own makes this move: its path after that of the record. `path` is then empty for one that sends to
    the record itself."""


class Noun(Struct, frozen=True, kw_only=True):
    """A noun whose records have moves: `path` of its pages, `api` of its records."""

    path: str
    api: str
    moves: tuple[Move, ...]
    record: str
    """The template that shows a record above a form."""

    def open_to(self, record: Mapping[str, Any], role: str) -> Sequence[Move]:
        """The moves that the API opens to the caller, in the order of this noun."""
        allowed = record.get("moves") or ()
        return [one for one in self.moves if one.name in allowed and (not one.roles or role in one.roles)]

    def named(self, name: str) -> Move:
        return next(one for one in self.moves if one.name == name)

    def find(self, path: str, role: str) -> Move | None:
        return next((one for one in self.moves if one.path == path and (not one.roles or role in one.roles)), None)
