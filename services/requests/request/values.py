"""The statuses of a request with its moves, and the values of its coded fields."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REGISTERED = "registered"
    OPEN = "open"
    IN_DELIVERY = "in_delivery"
    DELIVERED = "delivered"
    CLOSED = "closed"
    ON_HOLD = "on_hold"
    NOT_ACCEPTED = "not_accepted"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Circulation(StrEnum):
    """The circulation of a request beyond UNODC."""

    NONE = "none"
    WINDOW_RUNNING = "window_running"
    GRANTED = "granted"
    OBJECTED = "objected"


class CirculationRule(StrEnum):
    """The circulation that the State chose when it filed."""

    NONE = "none"
    GRANTED = "granted"
    SILENCE = "silence"


class Visibility(StrEnum):
    PRIVATE = "private"
    NAMED = "named"
    PROVIDERS = "providers"
    PUBLIC_SUMMARY = "public_summary"


class Addressee(StrEnum):
    ANY = "any"
    UNODC = "unodc"
    STATES = "states"


class FilingChannel(StrEnum):
    """Channels by which a request that UNODC filed on a State's behalf reached it."""

    NOTE_VERBALE = "note_verbale"
    MAIL = "mail"
    MEETING = "meeting"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


_UNDER_WAY = frozenset({Status.SUBMITTED, Status.REGISTERED, Status.OPEN, Status.IN_DELIVERY})
_ENDED = frozenset({Status.CLOSED, Status.NOT_ACCEPTED, Status.LAPSED, Status.WITHDRAWN})
_NOT_ENDED = frozenset(Status) - _ENDED

MOVES: Mapping[str, frozenset[Status]] = {
    "revise": frozenset({Status.DRAFT, Status.RETURNED}),
    "submit": frozenset({Status.DRAFT, Status.RETURNED}),
    "record_confirmation": frozenset({Status.DRAFT}),
    "register": frozenset({Status.SUBMITTED}),
    "assess": frozenset({Status.SUBMITTED, Status.REGISTERED}),
    "return": frozenset({Status.SUBMITTED, Status.REGISTERED}),
    "decline": frozenset({Status.SUBMITTED, Status.REGISTERED}),
    "open": frozenset({Status.REGISTERED}),
    "start": frozenset({Status.OPEN}),
    "assign": _NOT_ENDED,
    "hold": _UNDER_WAY,
    "resume": frozenset({Status.ON_HOLD}),
    "reopen": frozenset({Status.IN_DELIVERY, Status.CLOSED}),
    "deliver": frozenset({Status.IN_DELIVERY}),
    "close": frozenset({Status.DELIVERED}),
    "remind": frozenset({Status.RETURNED, Status.ON_HOLD}),
    "lapse": frozenset({Status.RETURNED, Status.ON_HOLD}),
    "withdraw": _NOT_ENDED,
    "consent": _NOT_ENDED,
    "scan_note": _NOT_ENDED,
    "record_consent": _NOT_ENDED - {Status.DRAFT},
}
"""The statuses from which each move is allowed; the policy decides who may make it."""
