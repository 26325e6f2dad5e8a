"""The access policy for deliveries, their files and messages; /docs/permissions lists it.

`may_see` in SQL implements `may_see` in the WHERE of every read; a test compares them.
"""

from collections.abc import Mapping
from enum import StrEnum

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.values import Caller, Role, side_of
from services.delivery.agreements.model import MOVES as AGREEMENT_MOVES
from services.delivery.agreements.model import Agreement
from services.delivery.deliveries.model import MOVES, NOT_ENDED, Delivery
from services.delivery.files.model import MOVES as FILE_MOVES
from services.delivery.files.model import File, author_side
from services.delivery.thread.model import MOVES as MESSAGE_MOVES
from services.delivery.thread.model import Message


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
    LIST_FILES = "list_files"
    ADD_FILE = "add_file"
    READ_FILE = "read_file"
    REMOVE_FILE = "remove_file"
    OPEN_PRIVATE_TOPIC = "open_private_topic"
    LIST_MESSAGES = "list_messages"
    SEND_MESSAGE = "send_message"
    MARK_READ = "mark_read"
    SHOW_MESSAGE = "show_message"
    WITHDRAW_MESSAGE = "withdraw_message"


_SIDES = frozenset({Role.FOCAL_POINT, Role.PROVIDER_OFFICER})
"""Those who act for the State and for the provider."""
_SIDES_AND_OFFICE = _SIDES | {Role.COORDINATOR}
_READERS = _SIDES_AND_OFFICE | {Role.OFFICIAL}
"""Who read the thread: auditors see only that there are messages and files."""
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
    Action.OPEN_PRIVATE_TOPIC: _SIDES,
    Action.ADD_FILE: _SIDES_AND_OFFICE,
    Action.SEND_MESSAGE: _SIDES_AND_OFFICE,
    Action.MARK_READ: _READERS,
}
_OF_FILES: Mapping[Action, frozenset[Role]] = {
    Action.READ_FILE: _READERS,
    Action.REMOVE_FILE: _SIDES_AND_OFFICE,
}
"""Who may do this with a file that they see."""
_READS = frozenset(
    {Action.SHOW_DELIVERY, Action.SHOW_AGREEMENT, Action.LIST_FILES, Action.LIST_MESSAGES, Action.SHOW_MESSAGE}
)
_LISTS = frozenset({Action.FOLLOW, Action.LIST_DELIVERIES})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


def decide(caller: Caller, action: Action, record: Delivery | File | Message | None = None) -> Decision:
    """Whether the caller may do this; denied unless granted.

    Listing takes no record (allowed for all) and is decided for each one in the list. Files and messages are listed,
    added and sent on their delivery.
    """
    if not isinstance(record, Delivery | File | Message):
        return ALLOWED if action in _LISTS else HIDDEN
    if not may_see(caller, record):
        return HIDDEN
    if action in _READS or action in _LISTS:
        return ALLOWED
    if isinstance(record, Message):
        wrote = action is Action.WITHDRAW_MESSAGE and record.author_id == caller.person_id
        return ALLOWED if wrote else denied("not-for-your-role")
    movers = _OF_FILES if isinstance(record, File) else MOVERS
    if caller.role not in movers.get(action, ()):
        return denied("not-for-your-role")
    if action is Action.REMOVE_FILE and isinstance(record, File) and record.side != author_side(caller.role):
        return denied("not-for-your-role")
    return ALLOWED


def may_see(caller: Caller, record: Delivery | File | Message) -> bool:
    """UNODC's office except what is private, the State, and the provider's officers."""
    if caller.role in _OVERSEERS:
        return isinstance(record, Delivery) or not record.private
    if caller.role in _OF_STATE:
        return record.state == caller.organization
    return caller.role is Role.PROVIDER_OFFICER and record.provider == caller.organization


def moves_open_to(caller: Caller, record: Delivery | File | Message) -> tuple[str, ...]:
    """The moves that this caller may make now; what else a move asks for is checked when it is made."""
    if isinstance(record, File):
        return open_moves(caller, record, Action, decide, FILE_MOVES)
    if isinstance(record, Message):
        return open_moves(caller, record, Action, decide, MESSAGE_MOVES)
    found = open_moves(caller, record, Action, decide, MOVES)
    closed = {Action.BEGIN} if record.agreed_at is None else {Action.WAIVE_AGREEMENT}
    if caller.role in _SIDES and record.has_opened_private_topic(side_of(caller.role)):
        closed.add(Action.OPEN_PRIVATE_TOPIC)
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
