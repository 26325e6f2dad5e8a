"""The kinds of refusals.

A refusal has a stable slug and details; the sentences are in `reference/refusals/`, so that the domain knows no
language and no status code. HTTP maps a kind to its status in one place, the inbox to its outcome in another.
"""

from msgspec import Struct


class FieldError(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One validation error of a body: its place (`lines[0].kind`; `body` for the whole) and its slug.

    `allowed` are the valid values, if few; `code_list` is the list of all of them. `nearest` is the most similar valid
    value or field name.
    """

    field: str
    problem: str
    expected: str | None = None
    allowed: tuple[str | int, ...] = ()
    code_list: str | None = None
    nearest: str | None = None


class Refusal(Exception):
    """A rule was violated; nothing was changed."""

    def __init__(self, slug: str, /, **details: object) -> None:
        super().__init__(slug, details)
        self.slug = slug
        self.details = details

    def __str__(self) -> str:
        return f"{self.slug} {self.details}" if self.details else self.slug


class Invalid(Refusal):
    """The input is invalid."""


class Unidentified(Refusal):
    """The caller is not identified."""


class Forbidden(Refusal):
    """The caller's role does not have this permission for any record."""


class Missing(Refusal):
    """No such record, or hidden from this caller: both look the same."""


class Conflict(Refusal):
    """The record's state does not allow it."""


class Stale(Refusal):
    """The record has changed since the caller read it."""


class Unconditional(Refusal):
    """A change of an existing record needs its revision."""


class Mismatch(Refusal):
    """The idempotency key was used for another command, or a rule across records is violated."""


class Excessive(Refusal):
    """A limit of the caller is reached."""


class Unavailable(Refusal):
    """Temporarily unavailable; nothing is known to have changed."""
