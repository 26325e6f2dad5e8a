"""Which appointment may do what with the records of SHERLOC's desk. Pure: the caller, the action and the record.

`store` repeats visibility in its WHERE (`may_see`); a test compares both for every appointment and record.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.values import Caller, Role
from services.sherloc.legislation.model import MOVES as LEGISLATION_MOVES
from services.sherloc.legislation.model import SHOWN_TO_ALL, Legislation
from services.sherloc.practices.model import MOVES as PRACTICE_MOVES
from services.sherloc.practices.model import Practice, PracticeStatus


class Action(StrEnum):
    """The actions of this service, one for each route."""

    FOLLOW = "follow"
    LIST_LEGISLATION = "list_legislation"
    SHOW_FRESHNESS = "show_freshness"
    SHOW_GAPS = "show_gaps"
    RECORD_LEGISLATION = "record_legislation"
    SHOW_LEGISLATION = "show_legislation"
    REVISE_LEGISLATION = "revise_legislation"
    SUBMIT_LEGISLATION = "submit_legislation"
    CONFIRM_UNCHANGED = "confirm_unchanged"
    REVIEW_LEGISLATION = "review_legislation"
    RETURN_LEGISLATION = "return_legislation"
    PUBLISH_LEGISLATION = "publish_legislation"
    VERIFY_LEGISLATION = "verify_legislation"
    MARK_OUTDATED = "mark_outdated"
    LIST_PRACTICES = "list_practices"
    RECORD_PRACTICE = "record_practice"
    SHOW_PRACTICE = "show_practice"
    REVISE_PRACTICE = "revise_practice"
    SUBMIT_PRACTICE = "submit_practice"
    RETURN_PRACTICE = "return_practice"
    CATALOGUE_PRACTICE = "catalogue_practice"
    WITHDRAW_PRACTICE = "withdraw_practice"
    ADD_USE = "add_use"
    REMOVE_USE = "remove_use"


_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_COORDINATORS = frozenset({Role.COORDINATOR})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
LEGISLATION_MOVERS: Mapping[Action, frozenset[Role]] = {
    **dict.fromkeys((Action.REVISE_LEGISLATION, Action.SUBMIT_LEGISLATION, Action.CONFIRM_UNCHANGED), _OF_STATE),
    **dict.fromkeys(
        (
            *(Action.REVIEW_LEGISLATION, Action.RETURN_LEGISLATION, Action.PUBLISH_LEGISLATION),
            *(Action.VERIFY_LEGISLATION, Action.MARK_OUTDATED),
        ),
        _COORDINATORS,
    ),
}
_AUTHORS = _OF_STATE | {Role.PROVIDER_OFFICER}
_OF_AUTHOR = (Action.REVISE_PRACTICE, Action.SUBMIT_PRACTICE, Action.WITHDRAW_PRACTICE)
PRACTICE_MOVERS: Mapping[Action, frozenset[Role]] = {
    **dict.fromkeys(_OF_AUTHOR, _AUTHORS),
    **dict.fromkeys((Action.RETURN_PRACTICE, Action.CATALOGUE_PRACTICE), _COORDINATORS),
    # The sides of the delivery.
    **dict.fromkeys((Action.ADD_USE, Action.REMOVE_USE), _AUTHORS | _COORDINATORS),
}
_LISTS = frozenset({Action.FOLLOW, Action.LIST_LEGISLATION, Action.LIST_PRACTICES})

EVENTS_FOR_ALL = frozenset({"published", "verified", "confirmed-unchanged", "catalogued"})
"""What others than the State or author and UNODC are sent of a record that they see: not what it was before."""


class NewLegislation(Struct, frozen=True, kw_only=True):
    """A record that a State is about to begin."""

    state: str


Record: TypeAlias = Legislation | NewLegislation | Practice


def decide(caller: Caller, action: Action, record: Record | None = None) -> Decision:
    """Whether the caller may do this; denied unless granted. Listing takes no record, and is decided for each one."""
    if isinstance(record, NewLegislation):
        if action is not Action.RECORD_LEGISLATION or caller.role not in _OF_STATE:
            return denied("not-for-your-role")
        return ALLOWED if caller.organization == record.state else denied("not-your-state")
    if isinstance(record, Practice):
        return _of_practice(caller, action, record)
    if action is Action.RECORD_PRACTICE and record is None:
        return ALLOWED if caller.role in _AUTHORS else denied("not-for-your-role")
    if action is Action.SHOW_GAPS and record is None:
        return ALLOWED if caller.role in _OF_STATE | _OVERSEERS else denied("not-for-your-role")
    if not isinstance(record, Legislation):
        return ALLOWED if action in _LISTS or action is Action.SHOW_FRESHNESS else HIDDEN
    if not may_see(caller, record):
        return HIDDEN
    if action in _LISTS or action is Action.SHOW_LEGISLATION:
        return ALLOWED
    if caller.role not in LEGISLATION_MOVERS.get(action, ()):
        return denied("not-for-your-role")
    if caller.role in _OF_STATE and caller.organization != record.state:
        return denied("not-your-state")
    return ALLOWED


def _of_practice(caller: Caller, action: Action, practice: Practice) -> Decision:
    if not may_see(caller, practice):
        return HIDDEN
    if action in _LISTS or action is Action.SHOW_PRACTICE:
        return ALLOWED
    if caller.role not in PRACTICE_MOVERS.get(action, ()):
        return denied("not-for-your-role")
    if action in _OF_AUTHOR and not is_author(caller, practice):
        return denied("practice-not-yours")
    return ALLOWED


def may_see(caller: Caller, record: Legislation | Practice) -> bool:
    """The State or author, and UNODC unless a practice was never submitted; all others what is published."""
    if isinstance(record, Practice):
        if record.submitted_at is None:
            return is_author(caller, record)
        return record.status is PracticeStatus.CATALOGUED or is_author_or_unodc(caller, record)
    return is_party_to(caller, record.state) or record.status in SHOWN_TO_ALL


def is_party_to(caller: Caller, state: str) -> bool:
    """Whether the caller reads what is not published: comments and earlier versions."""
    return caller.role in _OVERSEERS or (caller.role in _OF_STATE and caller.organization == state)


def is_author(caller: Caller, practice: Practice) -> bool:
    """Whether the caller acts for the State or the provider that recorded it."""
    if caller.role is Role.PROVIDER_OFFICER:
        return practice.provider == caller.organization
    return caller.role in _OF_STATE and practice.state == caller.organization


def is_author_or_unodc(caller: Caller, practice: Practice) -> bool:
    """Whether the caller reads what is not for all: comments, and the delivery from which it was learned."""
    return caller.role in _OVERSEERS or is_author(caller, practice)


def legislation_moves_open_to(caller: Caller, record: Legislation) -> tuple[str, ...]:
    """The moves of a record that this caller may make now."""
    return open_moves(caller, record, Action, decide, LEGISLATION_MOVES)


def practice_moves_open_to(caller: Caller, practice: Practice) -> tuple[str, ...]:
    """The moves of a practice that this caller may make now."""
    return open_moves(caller, practice, Action, decide, PRACTICE_MOVES)
