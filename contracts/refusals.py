"""The kinds of "no", and what each is called in the six languages.

A refusal carries a stable slug and the values that explain it; the words are in `reference/refusals.json`, so that the
domain speaks no language and knows no status code. HTTP maps a kind to its status in one place, the inbox to its
outcome in another.
"""

from msgspec import Struct


class FieldError(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing of a body that does not fit: where (`lines[0].kind`; `body` for the whole), and by which slug.

    `allowed` are the values there are, where they are few; `code_list` is where all of them are shown. `nearest` is the
    one, or the name of a field, that is most like what was sent.
    """

    field: str
    problem: str
    expected: str | None = None
    allowed: tuple[str | int, ...] = ()
    code_list: str | None = None
    nearest: str | None = None


class Refusal(Exception):
    """The rules say no; nothing has been changed."""

    def __init__(self, slug: str, /, **details: object) -> None:
        super().__init__(slug, details)
        self.slug = slug
        self.details = details

    def __str__(self) -> str:
        return f"{self.slug} {self.details}" if self.details else self.slug


class Invalid(Refusal):
    """What was sent cannot be meant."""


class Unidentified(Refusal):
    """Nobody known is asking."""


class Forbidden(Refusal):
    """Somebody known asks for what their role never does, whatever the record."""


class Missing(Refusal):
    """There is no such record, or none for this caller: the two look the same."""


class Conflict(Refusal):
    """The record's state does not allow it."""


class Stale(Refusal):
    """The record has changed since the caller read it."""


class Unconditional(Refusal):
    """A change of an existing record has to say which revision it changes."""


class Mismatch(Refusal):
    """The same key was used for something else, or a rule across records does not hold."""


class Excessive(Refusal):
    """The caller has as much of it as one may have at a time."""


class Unavailable(Refusal):
    """Not now; nothing is known to have been changed."""
