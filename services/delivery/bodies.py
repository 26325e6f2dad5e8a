"""Bodies of commands that several nouns share: a comment, a coded reason, or nothing."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.values import Code

Words = Annotated[str, Meta(max_length=2000)]


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body."""


class Comment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An optional comment on the move, which both sides read."""

    comment: Words = ""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`), and a comment, which both sides read."""

    reason: Code
    comment: Words = ""


def check_reason(move: str, reason: str) -> str:
    """Return the reason. Raises Invalid if it is not a reason for this move."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason
