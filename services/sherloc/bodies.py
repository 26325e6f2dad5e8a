"""Bodies of commands that several nouns share: a coded reason, or nothing."""

from msgspec import Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.values import Code


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body."""


class CodedReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons/…`)."""

    reason: Code


def check_reason(move: str, reason: str) -> str:
    """Return the reason. Raises Invalid for a reason that does not belong to this move."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason
