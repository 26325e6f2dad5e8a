"""The kinds of refusals.

A refusal has a stable slug and details. The sentences are in `reference/refusals/`, so that the domain depends on no
language and no status code. HTTP maps each kind to a status in one place, and the inbox to an outcome in another.
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
    """The record does not exist or is hidden from this caller; the two cannot be distinguished."""


class Conflict(Refusal):
    """The state of the record does not allow the command."""


class Stale(Refusal):
    """The record has changed since the caller read it."""


class Unconditional(Refusal):
    """A change of an existing record requires its revision."""


class Mismatch(Refusal):
    """The idempotency key was used for another command, or a rule across records is violated."""


class Excessive(Refusal):
    """A limit of the caller is reached."""


class Unavailable(Refusal):
    """Temporarily unavailable; as far as known, nothing was changed."""
