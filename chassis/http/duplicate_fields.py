"""Fields that come twice in an object of JSON: RFC 8259 leaves open which of the two counts, so none does."""

import json
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from chassis.http.bodies import NAME_SHOWN_MAX
from contracts.refusals import Invalid

T = TypeVar("T")


def reject_duplicate_fields(decoded: T, body: bytes) -> T:
    """What the body was decoded into. Raises Invalid where a name comes twice in one object, also with escapes.

    After decoding, so that the limits of a valid body bound what it costs.
    """
    if not _all_fields_left(body):
        _DECODER.decode(body.decode())
    return decoded


def _all_fields_left(body: bytes) -> bool:
    """Whether decoding leaves out no field, by counting colons in place of looking at every name.

    Each field has one outside of strings, and of fields with one name the last is left. Those inside of strings are
    counted before and after, unless one is written as an escape. False where that cannot be told.
    """
    if b"\\u003" in body:
        return False
    try:
        left = msgspec.json.encode(msgspec.json.decode(body))
    except (msgspec.MsgspecError, OverflowError):  # a number that is larger than any
        return False
    return left.count(b":") == body.count(b":")


def _check(pairs: Sequence[tuple[str, object]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) < len(pairs):
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                raise Invalid("duplicate-field", field=name[:NAME_SHOWN_MAX])
            names.add(name)


# Made once, since that takes longer than reading a body. Integers as floats: a long one would be refused.
_DECODER = json.JSONDecoder(object_pairs_hook=_check, parse_int=float)
