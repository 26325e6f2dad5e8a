"""Reject duplicate names in JSON objects. RFC 8259 does not define which value counts."""

import json
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from chassis.http.bodies import NAME_SHOWN_MAX
from contracts.refusals import Invalid

T = TypeVar("T")


def reject_duplicate_fields(decoded: T, body: bytes) -> T:
    """Return `decoded`. Raises Invalid if a name is repeated in one object, also if written with escapes.

    Runs after decoding, so that the limits of a valid body bound its cost.
    """
    if not _all_fields_left(body):
        _DECODER.decode(body.decode())
    return decoded


def _all_fields_left(body: bytes) -> bool:
    """Check whether decoding keeps every field, by counting colons instead of comparing names.

    Each field has one colon outside of strings, and of repeated fields only the last is kept. Colons in strings are
    counted before and after, unless one is written as an escape. False if undecidable.
    """
    if b"\\u003" in body:
        return False
    try:
        left = msgspec.json.encode(msgspec.json.decode(body))
    except (msgspec.MsgspecError, OverflowError):  # a number out of range
        return False
    return left.count(b":") == body.count(b":")


def _check(pairs: Sequence[tuple[str, object]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) < len(pairs):
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                raise Invalid("duplicate-field", field=name[:NAME_SHOWN_MAX])
            names.add(name)


# Created once, since that takes longer than decoding a body. Long integers would be refused, but not as floats.
_DECODER = json.JSONDecoder(object_pairs_hook=_check, parse_int=float)
