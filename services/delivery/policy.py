"""The access policy for deliveries; /docs/permissions lists it.

`may_see` in SQL implements `may_see` in the WHERE of every read; a test compares them.
"""

from collections.abc import Mapping
from enum import StrEnum

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.values import Caller, Role, side_of
from services.delivery.agreements.model import MOVES as AGREEMENT_MOVES
from services.delivery.agreements.model import Agreement
from services.delivery.deliveries.model import MOVES, NOT_ENDED, Delivery


class Action(StrEnum):
    """The actions of this service, one for each route."""

    FOLLOW = "follow"
    LIST_DELIVERIES = "list_deliveries"
    SHOW_DELIVERY = "show_delivery"
    NAME_CONTACTS = "name_contacts"
    WAIVE_AGREEMENT = "waive_agreement"
    SHOW_AGREEMENT = "show_agreement"
    PROPOSE = "propose"
    SIGN = "sign"
    DROP_AMENDMENT = "drop_amendment"
    BEGIN = "begin"
    SUSPEND = "suspend"
    RESUME = "resume"
    COMPLETE = "complete"
    TERMINATE = "terminate"


_SIDES = frozenset({Role.FOCAL_POINT, Role.PROVIDER_OFFICER})
"""Those who act for the State and for the provider."""
_SIDES_AND_OFFICE = _SIDES | {Role.COORDINATOR}
MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.NAME_CONTACTS: _SIDES,
    Action.WAIVE_AGREEMENT: _SIDES,
    Action.PROPOSE: _SIDES,
    Action.SIGN: _SIDES,
    Action.DROP_AMENDMENT: _SIDES,
    Action.BEGIN: _SIDES,
    Action.SUSPEND: _SIDES_AND_OFFICE,
    Action.RESUME: _SIDES_AND_OFFICE,
    Action.COMPLETE: _SIDES,
    Action.TERMINATE: _SIDES_AND_OFFICE,
}
_READS = frozenset({Action.SHOW_DELIVERY, Action.SHOW_AGREEMENT})
_LISTS = frozenset({Action.FOLLOW, Action.LIST_DELIVERIES})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


def decide(caller: Caller, action: Action, delivery: Delivery | None = None) -> Decision:
    """Whether the caller may do this; denied unless granted.

    Listing takes no delivery (allowed for all) and is decided for each one in the list.
    """
    if not isinstance(delivery, Delivery):
        return ALLOWED if action in _LISTS else HIDDEN
    if not may_see(caller, delivery):
        return HIDDEN
    if action in _READS or action in _LISTS:
        return ALLOWED
    return ALLOWED if caller.role in MOVERS.get(action, ()) else denied("not-for-your-role")


def may_see(caller: Caller, delivery: Delivery) -> bool:
    """UNODC's office, the State, and the provider's officers."""
    if caller.role in _OVERSEERS:
        return True
    if caller.role in _OF_STATE:
        return delivery.state == caller.organization
    return caller.role is Role.PROVIDER_OFFICER and delivery.provider == caller.organization


def moves_open_to(caller: Caller, delivery: Delivery) -> tuple[str, ...]:
    """The moves that this caller may make now; what else a move asks for is checked when it is made."""
    found = open_moves(caller, delivery, Action, decide, MOVES)
    settled = delivery.agreed_at is not None
    closed = {Action.WAIVE_AGREEMENT} if settled else {Action.BEGIN}
    return tuple(move for move in found if move not in closed)


def agreement_moves_open_to(caller: Caller, delivery: Delivery, agreement: Agreement) -> tuple[str, ...]:
    """The moves of the agreement that this caller may make now: those of whose turn it is."""
    side = side_of(caller.role)
    if delivery.status not in NOT_ENDED:
        return ()
    return tuple(
        move
        for move, statuses in AGREEMENT_MOVES.items()
        if decide(caller, Action(move), delivery).allowed
        and agreement.status in statuses
        and (move == Action.DROP_AMENDMENT or agreement.turn in {None, side})
    )
