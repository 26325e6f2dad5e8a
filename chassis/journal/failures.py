"""Reasons for parking an event, without quoting its content."""

import msgspec

from contracts.refusals import Refusal


def reason_of(no: Exception) -> str:
    """The reason for an operator; the text of an error may quote personal data."""
    if isinstance(no, Refusal):
        return f"refused: {no.slug}"
    if isinstance(no, msgspec.ValidationError):
        return f"does not fit its type: {type(no).__name__}"
    return f"handler failed: {type(no).__name__}"
