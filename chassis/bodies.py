"""What is wrong with a body, in the terms of the API."""

import msgspec

from contracts.refusals import Invalid

FIELD_NAME_SHOWN_MAX = 64


def invalid_field(error: msgspec.ValidationError) -> Invalid:
    """What does not fit, and where, without repeating what was sent but the beginning of an unknown field's name."""
    message, at, place = str(error).rpartition(" - at `")
    if not at:
        message, place = place, "$"
    pointer = place.removesuffix("`")
    if message.startswith("Invalid enum value"):
        return Invalid("invalid-field", pointer=pointer, expected="one of its values")
    if "unknown field" in message:
        field = message.partition("`")[2].rstrip("`")[:FIELD_NAME_SHOWN_MAX]
        return Invalid("unknown-field", pointer=pointer, field=field)
    if "missing required field" in message:
        return Invalid("missing-field", pointer=pointer, field=message.partition("`")[2].rstrip("`"))
    if "out of range" in message or ("int" in message and ("<=" in message or ">=" in message)):
        return Invalid("number-out-of-range", pointer=pointer)
    return Invalid("invalid-field", pointer=pointer, expected=message)
