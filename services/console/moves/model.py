"""Nouns on pages: how records are listed and shown, what a person can do with one, and the forms for it.

A record of the API names the moves open to the caller (`moves`). For each of them a noun here has a button, a form and
the command that it sends. Pages offer only what the API offers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from services.console.fields import WORDS_MAX, Field
from services.console.translations import N_

COMMENT = Field(name="comment", label=N_("Comment"), kind="words", required=False, max_length=WORDS_MAX)


Kind = Literal[
    "text", "words", "number", "some", "count", "day", "time", "money", "period", "share",
    "state", "states", "organization", "label", "labels", "code", "codes", "usd", "moment", "fund",
]  # fmt: skip
"""How a value is shown.

`text` has no language of its own, `words` that of the record. `some` is a number but 0, `count` that of items, `share`
a number and its share of another, `usd` US cents, `fund` a link to a fund.
"""


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
    form: Literal["", "revises", "empty"] = ""
    """How the form of a page of its own begins: filled with what the record says, or empty."""


class Shown(Struct, frozen=True, kw_only=True):
    """A value of a record on a page. `field` is its name in the record, of a `period` or a `share` two names.

    `of` is the set of labels or the code list of a `label` or `code`; the value is not shown in the status `unless`.
    `none` is shown in place of an empty value.
    """

    label: str = ""
    field: str
    kind: Kind = "text"
    of: str = ""
    unless: str = ""
    none: str = ""


class Filter(Struct, frozen=True, kw_only=True):
    """A parameter by which a list is filtered, from a set of labels, a code list, or the States."""

    name: str
    label: str
    of: str
    kind: Literal["label", "code", "state"] = "label"


class Listed(Struct, frozen=True, kw_only=True):
    """A list of records, newest first. The first column links to the record, and has the value `beneath` under it."""

    columns: tuple[Shown, ...]
    none: str
    none_found: str
    caption: str = ""
    explains: str = ""
    beneath: Shown | None = None
    filters: tuple[Filter, ...] = ()
    parameters: tuple[str, ...] = ()
    """Other parameters by which an address may filter it."""
    link: tuple[str, str] | None = None
    """The path of another page, and its label."""


class Entered(Struct, frozen=True, kw_only=True):
    """The form in which these roles enter a record. `first` are its first values in the reader's language.

    Without `fields` its pages are written by hand.
    """

    button: str
    roles: frozenset[str]
    heading: str = ""
    fields: tuple[Field, ...] = ()
    explains: str = ""
    first: Callable[[str], Mapping[str, Any]] = lambda language: {"language": language}
    done: str = "saved"


def first_days(record: Mapping[str, Any]) -> dict[str, str]:
    """Map each move that the API opens to the caller on a later day to that day."""
    return {one["move"]: one["from"] for one in record.get("later") or ()}


class Noun(Struct, frozen=True, kw_only=True):
    """A noun whose records have moves. `path` is that of its pages, `api` that of its records.

    With `listed` its pages are declared: `key` and `items` are the fields with the id of a record and with the records
    of a list, `title` that of the list, `caption` and `heading` what is above a record and a form, `status` the labels
    of its statuses, `rows` the values that are shown, `labels` sets of labels by name.
    """

    path: str
    api: str
    moves: tuple[Move, ...]
    record: str = "moves/head.html"
    """Template that shows a record above a form."""
    places: Mapping[str, tuple[str, str]] = {}
    """Fields of a record that are typed on pages of their own: the label, and the path after the record's."""
    key: str = ""
    items: str = ""
    title: str = ""
    caption: tuple[Shown | str, ...] = ()
    heading: tuple[Shown, ...] = ()
    beneath: tuple[Shown, ...] = ()
    """Values under the heading above a form."""
    status: str = ""
    reasons: str = ""
    """The move whose coded reason is shown beside the status."""
    says: Mapping[str, str] = {}
    """A sentence beside a status."""
    rows: tuple[Shown, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = {}
    listed: Listed | None = None
    entered: Entered | None = None
    beside: str = ""
    """Template of links beside those of the moves."""
    more: str = ""
    """Template of what is shown under the rows."""

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
