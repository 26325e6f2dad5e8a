"""The access policy for deliveries and their records, for experts and strategies; /docs/permissions lists it.

`may_see` in SQL implements `may_see` in the WHERE of every read; a test compares them.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.nouns import Noun
from contracts.values import Caller, Role, side_of
from services.delivery.action_points.model import MOVES as ACTION_POINT_MOVES
from services.delivery.action_points.model import ROLES as OWNING_ROLES
from services.delivery.action_points.model import ActionPoint
from services.delivery.agreements.model import MOVES as AGREEMENT_MOVES
from services.delivery.agreements.model import Agreement
from services.delivery.deliveries.model import BEGUN, MOVES, Delivery, DeliveryStatus
from services.delivery.effects.model import EFFECTS
from services.delivery.experts.model import MOVES as EXPERT_MOVES
from services.delivery.experts.model import Expert
from services.delivery.files.model import MOVES as FILE_MOVES
from services.delivery.files.model import File, author_side
from services.delivery.follow_ups.model import MOVES as FOLLOW_UP_MOVES
from services.delivery.follow_ups.model import FollowUp
from services.delivery.readers import OF_STATE, OVERSEERS, reads_along
from services.delivery.results.model import MOVES as RESULT_MOVES
from services.delivery.results.model import Result
from services.delivery.screenings.model import MOVES as SCREENING_MOVES
from services.delivery.screenings.model import OPEN_FOR as SCREENED_IN
from services.delivery.screenings.model import Screening
from services.delivery.sessions.model import MOVES as SESSION_MOVES
from services.delivery.sessions.model import OPEN_FOR as SESSION_OPEN_FOR
from services.delivery.sessions.model import PLANNED_IN, Session
from services.delivery.strategies.model import ACTIVE as STRATEGY_OPEN_FOR
from services.delivery.strategies.model import MOVES as STRATEGY_MOVES
from services.delivery.strategies.model import Strategy
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
    PROPOSE_COMPLETION = "propose_completion"
    CONFIRM_COMPLETION = "confirm_completion"
    OBJECT_TO_COMPLETION = "object_to_completion"
    WITHDRAW_COMPLETION = "withdraw_completion"
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
    LIST_SESSIONS = "list_sessions"
    PLAN_SESSION = "plan_session"
    SHOW_SESSION = "show_session"
    REVISE_SESSION = "revise_session"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    HOLD = "hold"
    REPORT_PARTICIPANTS = "report_participants"
    LIST_RESULTS = "list_results"
    REPORT_RESULT = "report_result"
    SHOW_RESULT = "show_result"
    CONFIRM_RESULT = "confirm_result"
    DISPUTE_RESULT = "dispute_result"
    LIST_ACTION_POINTS = "list_action_points"
    ADD_ACTION_POINT = "add_action_point"
    SHOW_ACTION_POINT = "show_action_point"
    REVISE_ACTION_POINT = "revise_action_point"
    REPORT_DONE = "report_done"
    VERIFY = "verify"
    REOPEN_ACTION_POINT = "reopen_action_point"
    DROP_ACTION_POINT = "drop_action_point"
    LIST_SCREENINGS = "list_screenings"
    ANSWER_SCREENING = "answer_screening"
    SHOW_SCREENING = "show_screening"
    COMPLETE_SCREENING = "complete_screening"
    REOPEN_SCREENING = "reopen_screening"
    RECORD_EFFECT = "record_effect"
    LIST_FOLLOW_UPS = "list_follow_ups"
    SHOW_FOLLOW_UP = "show_follow_up"
    ANSWER = "answer"
    LIST_EXPERTS = "list_experts"
    ENTER_EXPERT = "enter_expert"
    SHOW_EXPERT = "show_expert"
    REVISE_EXPERT = "revise_expert"
    RECORD_CONSENT = "record_consent"
    WITHDRAW_EXPERT = "withdraw_expert"
    LIST_STRATEGIES = "list_strategies"
    DRAW_UP_STRATEGY = "draw_up_strategy"
    SHOW_STRATEGY = "show_strategy"
    REVISE_STRATEGY = "revise_strategy"
    CONCLUDE_STRATEGY = "conclude_strategy"
    REOPEN_STRATEGY = "reopen_strategy"


_SIDES = frozenset({Role.FOCAL_POINT, Role.PROVIDER_OFFICER})
"""Roles that act for the State and for the provider."""
_SIDES_AND_OFFICE = _SIDES | {Role.COORDINATOR}
_SCREENERS = frozenset({Role.PROVIDER_OFFICER, Role.COORDINATOR})
_READERS = _SIDES_AND_OFFICE | {Role.OFFICIAL}
"""Roles that read the thread; auditors see only that there are messages and files."""
MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.NAME_CONTACTS: _SIDES,
    Action.PLAN_SESSION: _SIDES,
    Action.REPORT_RESULT: _SIDES,
    Action.ADD_ACTION_POINT: _SIDES_AND_OFFICE,
    Action.ANSWER_SCREENING: _SCREENERS,
    Action.RECORD_EFFECT: EFFECTS.create.by,
    Action.WAIVE_AGREEMENT: _SIDES,
    Action.PROPOSE: _SIDES,
    Action.SIGN: _SIDES,
    Action.DROP_AMENDMENT: _SIDES,
    Action.BEGIN: _SIDES,
    Action.SUSPEND: _SIDES_AND_OFFICE,
    Action.RESUME: _SIDES_AND_OFFICE,
    Action.PROPOSE_COMPLETION: _SIDES,
    Action.CONFIRM_COMPLETION: _SIDES,
    Action.OBJECT_TO_COMPLETION: _SIDES,
    Action.WITHDRAW_COMPLETION: _SIDES,
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
"""Roles that may make each move with a file that they see."""
SESSION_MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.REVISE_SESSION: _SIDES,
    Action.RESCHEDULE: _SIDES,
    Action.CANCEL: _SIDES,
    Action.HOLD: _SIDES,
    Action.REPORT_PARTICIPANTS: _SIDES,
}
OF_PROVIDER = frozenset(SESSION_MOVERS) - {Action.REPORT_PARTICIPANTS}
"""Moves that only the provider may make for a session that serves several States."""

RESULT_MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.REPORT_RESULT: _SIDES,
    Action.CONFIRM_RESULT: frozenset({Role.FOCAL_POINT}),
    Action.DISPUTE_RESULT: frozenset({Role.FOCAL_POINT}),
}
ACTION_POINT_MOVERS: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (
        *(Action.REVISE_ACTION_POINT, Action.REPORT_DONE, Action.VERIFY, Action.REOPEN_ACTION_POINT),
        Action.DROP_ACTION_POINT,
    ),
    _SIDES_AND_OFFICE,
)
"""Roles that may make each move; only the owner reports an action point done."""

SCREENING_MOVERS: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (Action.ANSWER_SCREENING, Action.COMPLETE_SCREENING, Action.REOPEN_SCREENING), _SCREENERS
)

FOLLOW_UP_MOVERS: Mapping[Action, frozenset[Role]] = {Action.ANSWER: _SIDES}
EXPERT_MOVERS: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (Action.REVISE_EXPERT, Action.RECORD_CONSENT, Action.WITHDRAW_EXPERT), frozenset({Role.PROVIDER_OFFICER})
)
STRATEGY_MOVERS: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (
        *(Action.DRAW_UP_STRATEGY, Action.REVISE_STRATEGY, Action.CONCLUDE_STRATEGY, Action.REOPEN_STRATEGY),
        Action.ADD_ACTION_POINT,
    ),
    frozenset({Role.FOCAL_POINT, Role.COORDINATOR}),
)
_READS = frozenset(
    {Action.SHOW_DELIVERY, Action.SHOW_AGREEMENT, Action.LIST_FILES, Action.LIST_MESSAGES, Action.SHOW_MESSAGE}
    | {Action.LIST_SESSIONS, Action.LIST_RESULTS, Action.SHOW_RESULT, Action.LIST_FOLLOW_UPS}
    | {Action.LIST_ACTION_POINTS, Action.SHOW_ACTION_POINT, Action.LIST_SCREENINGS, Action.SHOW_SCREENING}
)
_LISTS = frozenset({Action.FOLLOW, Action.LIST_DELIVERIES, Action.LIST_EXPERTS, Action.LIST_STRATEGIES})
_ACTIONS = frozenset(Action)
NOUNS: tuple[Noun[Any], ...] = (EFFECTS,)
"""The nouns of this service that are declared."""

OfDelivery: TypeAlias = Delivery | File | Message | Result | ActionPoint | Screening
Record: TypeAlias = OfDelivery | Session | Expert | FollowUp | Strategy | Struct


def decide(caller: Caller, action: StrEnum, record: Record | None = None) -> Decision:
    """Decide whether the caller may perform the action; it is denied unless granted.

    Listing takes no record (allowed for all) and is decided for each record in the list. Files and messages are
    listed, added and sent on their delivery.
    """
    for noun in NOUNS:
        if noun.decides(action, record):
            return noun.decide(caller, action, record)
    if action not in _ACTIONS:
        return HIDDEN
    action = Action(action)
    if isinstance(record, Session):
        return _of_session(caller, action, record)
    if isinstance(record, FollowUp):
        return _of_follow_up(caller, action, record)
    if isinstance(record, Expert):
        return _of_expert(caller, action, record)
    if isinstance(record, Strategy):
        return _of_strategy(caller, action, record)
    if action is Action.ENTER_EXPERT:
        return ALLOWED if caller.role is Role.PROVIDER_OFFICER else denied("not-for-your-role")
    if action is Action.DRAW_UP_STRATEGY:
        return ALLOWED if caller.role in STRATEGY_MOVERS[action] else denied("not-for-your-role")
    if not isinstance(record, OfDelivery):
        return ALLOWED if action in _LISTS else HIDDEN
    if not may_see(caller, record):
        return HIDDEN
    if action in _READS or action in _LISTS:
        return ALLOWED
    if isinstance(record, Message):
        wrote = action is Action.WITHDRAW_MESSAGE and record.author_id == caller.person_id
        return ALLOWED if wrote else denied("not-for-your-role")
    movers = _MOVERS_OF.get(type(record), MOVERS).get(action, frozenset())
    if isinstance(record, ActionPoint) and record.strategy_id is not None:
        movers &= STRATEGY_MOVERS[Action.ADD_ACTION_POINT]
    if caller.role not in movers:
        return denied("not-for-your-role")
    if action is Action.REPORT_DONE and isinstance(record, ActionPoint) and caller.role != OWNING_ROLES[record.owner]:
        return denied("not-its-owner")
    if action is Action.REMOVE_FILE and isinstance(record, File) and record.side != author_side(caller.role):
        return denied("not-for-your-role")
    return ALLOWED


_MOVERS_OF: Mapping[type, Mapping[Action, frozenset[Role]]] = {
    File: _OF_FILES,
    Result: RESULT_MOVERS,
    ActionPoint: ACTION_POINT_MOVERS,
    Screening: SCREENING_MOVERS,
}


def _of_session(caller: Caller, action: Action, session: Session) -> Decision:
    if not may_see(caller, session):
        return HIDDEN
    if action in {Action.SHOW_SESSION, Action.FOLLOW}:
        return ALLOWED
    if caller.role not in SESSION_MOVERS.get(action, ()):
        return denied("not-for-your-role")
    if session.serves_several and action in OF_PROVIDER and caller.role is not Role.PROVIDER_OFFICER:
        return denied("session-of-several")
    return ALLOWED


def _of_follow_up(caller: Caller, action: Action, follow_up: FollowUp) -> Decision:
    if not may_see(caller, follow_up):
        return HIDDEN
    if action in {Action.SHOW_FOLLOW_UP, Action.FOLLOW}:
        return ALLOWED
    asked = action in FOLLOW_UP_MOVERS and caller.role is follow_up.role
    return ALLOWED if asked else denied("not-for-your-role")


def _of_expert(caller: Caller, action: Action, expert: Expert) -> Decision:
    if not may_see_expert(caller, expert):
        return HIDDEN
    if action in {Action.SHOW_EXPERT, Action.LIST_EXPERTS, Action.FOLLOW}:
        return ALLOWED
    return ALLOWED if caller.role in EXPERT_MOVERS.get(action, ()) else denied("not-for-your-role")


def _of_strategy(caller: Caller, action: Action, strategy: Strategy) -> Decision:
    if not may_see(caller, strategy):
        return HIDDEN
    if action in {Action.SHOW_STRATEGY, Action.LIST_STRATEGIES, Action.LIST_ACTION_POINTS, Action.FOLLOW}:
        return ALLOWED
    return ALLOWED if caller.role in STRATEGY_MOVERS.get(action, ()) else denied("not-for-your-role")


def may_see_expert(caller: Caller, expert: Expert) -> bool:
    """Check whether the caller may see an expert.

    The provider may; after the expert's consent also coordinators, and the States of sessions in which the expert
    teaches.
    """
    if caller.role is Role.SERVICE:
        return True
    if caller.role is Role.PROVIDER_OFFICER:
        return expert.provider == caller.organization
    if not expert.is_shown:
        return False
    return caller.role is Role.COORDINATOR or (caller.role in OF_STATE and caller.organization in expert.states)


def may_see(caller: Caller, record: OfDelivery | Session | FollowUp | Strategy) -> bool:
    """Check whether the caller may see a record: UNODC's office unless it is private, its States, its provider.

    A strategy, and its action points, are visible to all providers with a delivery of its request that is not
    terminated.
    """
    if caller.role in OVERSEERS:
        return not (isinstance(record, File | Message) and record.private)
    of_state, of_provider = caller.role in OF_STATE, caller.role is Role.PROVIDER_OFFICER
    if isinstance(record, Session):
        states, providers = record.states, (record.provider,)
        return caller.organization in (states if of_state else providers if of_provider else ())
    if isinstance(record, Strategy) or (isinstance(record, ActionPoint) and record.strategy_id is not None):
        return caller.organization in ((record.state,) if of_state else record.providers if of_provider else ())
    return reads_along(caller, record)


def may_read_counts(caller: Caller) -> bool:
    """Check whether a caller who sees a delivery may read small counts of its participants."""
    return caller.role not in {Role.AUDITOR, Role.SERVICE}


_MOVES = {
    "name_contacts": MOVES["name_contacts"],
    "plan_session": PLANNED_IN,
    "report_result": frozenset(DeliveryStatus) - {DeliveryStatus.OPEN},
    "add_action_point": frozenset(DeliveryStatus),
    "answer_screening": SCREENED_IN,
    **MOVES,
    "record_effect": BEGUN,
}
"""Moves of a delivery. Its sessions, results, action points, screenings and effects are stored in their own tables."""


_STRATEGY_MOVES = {"add_action_point": STRATEGY_OPEN_FOR, **STRATEGY_MOVES}
"""Moves of a strategy. Its action points are stored in their own table."""


_ANSWERS = {Action.CONFIRM_COMPLETION, Action.OBJECT_TO_COMPLETION}
"""Moves of the side that did not propose the completion."""


def moves_open_to(caller: Caller, record: Delivery | File | Message) -> tuple[str, ...]:
    """Return the moves that the caller may make now. Other conditions of a move are checked when it is made."""
    if isinstance(record, File):
        return open_moves(caller, record, Action, decide, FILE_MOVES)
    if isinstance(record, Message):
        return open_moves(caller, record, Action, decide, MESSAGE_MOVES)
    found = open_moves(caller, record, Action, decide, _MOVES)
    closed = {Action.BEGIN} if record.agreed_at is None else {Action.WAIVE_AGREEMENT}
    if record.begun_at is None:
        closed |= {Action.REPORT_RESULT, Action.RECORD_EFFECT}
    if caller.role in _SIDES:
        own = side_of(caller.role)
        if record.has_opened_private_topic(own):
            closed.add(Action.OPEN_PRIVATE_TOPIC)
        closed |= _ANSWERS if record.completion_by is own else {Action.WITHDRAW_COMPLETION}
    return tuple(move for move in found if move not in closed)


def agreement_moves_open_to(caller: Caller, delivery: Delivery, agreement: Agreement) -> tuple[str, ...]:
    """Return the moves of the agreement that the caller may make now, which depend on the turn."""
    side = side_of(caller.role)
    return tuple(
        move
        for move, statuses in AGREEMENT_MOVES.items()
        if decide(caller, Action(move), delivery).allowed
        and delivery.status in agreement.open_in(move)
        and agreement.status in statuses
        and (move == Action.DROP_AMENDMENT or agreement.turn in {None, side})
    )


def session_moves_open_to(caller: Caller, session: Session, of: Collection[DeliveryStatus]) -> tuple[str, ...]:
    """Return the moves of a session that the caller may make now; `of` are the statuses of its deliveries."""
    found = open_moves(caller, session, Action, decide, SESSION_MOVES)
    return tuple(move for move in found if not SESSION_OPEN_FOR[move].isdisjoint(of))


def result_moves_open_to(caller: Caller, result: Result) -> tuple[str, ...]:
    """Return the moves of a result that the caller may make now, unless the request is closed."""
    return open_moves(caller, result, Action, decide, RESULT_MOVES)


def action_point_moves_open_to(caller: Caller, point: ActionPoint) -> tuple[str, ...]:
    """Return the moves of an action point that the caller may make now, without `verify` if it reported it done."""
    found = open_moves(caller, point, Action, decide, ACTION_POINT_MOVES)
    return tuple(move for move in found if move != Action.VERIFY or caller.person_id != point.done_by)


def screening_moves_open_to(caller: Caller, screening: Screening) -> tuple[str, ...]:
    """Return the moves of a screening that the caller may make now, unless the delivery is terminated."""
    return open_moves(caller, screening, Action, decide, SCREENING_MOVES)


def strategy_moves_open_to(caller: Caller, strategy: Strategy) -> tuple[str, ...]:
    """Return the moves of a strategy that the caller may make now."""
    return open_moves(caller, strategy, Action, decide, _STRATEGY_MOVES)


def follow_up_moves_open_to(caller: Caller, follow_up: FollowUp) -> tuple[str, ...]:
    """Return the moves of a follow-up that the caller may make now: those of the side that is asked."""
    return open_moves(caller, follow_up, Action, decide, FOLLOW_UP_MOVES)


def expert_moves_open_to(caller: Caller, expert: Expert) -> tuple[str, ...]:
    """Return the moves of an expert that the caller may make now."""
    return open_moves(caller, expert, Action, decide, EXPERT_MOVES)
