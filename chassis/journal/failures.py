"""Why an event was parked, in words that quote nothing of it."""

import msgspec

from contracts.refusals import Refusal


def reason_of(no: Exception) -> str:
    """For an operator; an error's own text may hold words that were sent."""
    if isinstance(no, Refusal):
        return f"refused: {no.slug}"
    if isinstance(no, msgspec.ValidationError):
        return f"does not fit its type: {type(no).__name__}"
    return f"handler failed: {type(no).__name__}"
