"""What confirmed matches cover of a line's group: one computation, for lines and requests.

Matching adds the same up in SQL, where it selects lines by it (`residue`); a test compares both.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

COMPLETED = "completed"
REVOKED = "revoked"


class Fulfilment(StrEnum):
    """How far a line or a request is met.

    `covered`: confirmed matches cover the whole group, and not all of it is delivered yet.
    """

    NONE = "none"
    PARTIAL = "partial"
    COVERED = "covered"
    COMPLETE = "complete"


WHOLE = frozenset({Fulfilment.COVERED, Fulfilment.COMPLETE})
"""Values of a line for which no offering is looked for."""


class Delivery(NamedTuple):
    """A match confirmed for a line: its status, and the number of persons it serves, None for the whole group."""

    status: str
    covers: int | None


def residue_of(group_size: int, deliveries: Iterable[Delivery]) -> int:
    """Return the number of persons of a line's group that none of its deliveries covers, except revoked ones."""
    return max(0, group_size - sum(one.covers or group_size for one in deliveries if one.status != REVOKED))


def fulfilment_of(group_size: int, deliveries: Sequence[Delivery]) -> Fulfilment:
    """Return how far a line is met, given all deliveries ever confirmed for it."""
    statuses = {one.status for one in deliveries} - {REVOKED}
    if not statuses:
        return Fulfilment.NONE
    if residue_of(group_size, deliveries):
        return Fulfilment.PARTIAL
    return Fulfilment.COMPLETE if statuses == {COMPLETED} else Fulfilment.COVERED


def fulfilment_of_request(lines: Iterable[Fulfilment]) -> Fulfilment:
    """Return how far a request is met, given its lines."""
    found = set(lines)
    if found <= {Fulfilment.NONE}:
        return Fulfilment.NONE
    if found <= WHOLE:
        return Fulfilment.COVERED if Fulfilment.COVERED in found else Fulfilment.COMPLETE
    return Fulfilment.PARTIAL
