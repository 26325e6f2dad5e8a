"""Which appointment may do what with the records of SHERLOC's desk. Pure: the caller, the action and the record.

`store` repeats visibility in its WHERE (`may_see`); a test compares both for every appointment and record.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.values import Caller, Role
from services.sherloc.checks.model import MOVES as CHECK_MOVES
from services.sherloc.checks.model import LegislationCheck
from services.sherloc.legislation.model import MOVES as LEGISLATION_MOVES
from services.sherloc.legislation.model import SHOWN_TO_ALL, Legislation
from services.sherloc.proposals.model import MOVES as PROPOSAL_MOVES
from services.sherloc.proposals.model import LegislationProposal


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
    LIST_CHECKS = "list_checks"
    SHOW_CHECK = "show_check"
    ANSWER_CHECK = "answer_check"
    LIST_PROPOSALS = "list_proposals"
    SHOW_PROPOSAL = "show_proposal"
    ACCEPT_PROPOSAL = "accept_proposal"
    DROP_PROPOSAL = "drop_proposal"


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
CHECK_MOVERS: Mapping[Action, frozenset[Role]] = {Action.ANSWER_CHECK: frozenset({Role.FOCAL_POINT})}
PROPOSAL_MOVERS: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (Action.ACCEPT_PROPOSAL, Action.DROP_PROPOSAL), _OF_STATE
)
_LISTS = frozenset({Action.FOLLOW, Action.LIST_LEGISLATION})
_READ = frozenset({Action.FOLLOW, Action.LIST_CHECKS, Action.SHOW_CHECK, Action.LIST_PROPOSALS, Action.SHOW_PROPOSAL})
_WITHOUT_RECORD = _LISTS | {Action.SHOW_FRESHNESS, Action.LIST_CHECKS, Action.LIST_PROPOSALS}

EVENTS_FOR_ALL = frozenset({"published", "verified", "confirmed-unchanged"})
"""What others than the State and UNODC are sent of a record that they see: not what it was before."""


class NewLegislation(Struct, frozen=True, kw_only=True):
    """A record that a State is about to begin."""

    state: str


Record: TypeAlias = Legislation | NewLegislation | LegislationCheck | LegislationProposal


def decide(caller: Caller, action: Action, record: Record | None = None) -> Decision:
    """Whether the caller may do this; denied unless granted. Listing takes no record, and is decided for each one."""
    if isinstance(record, NewLegislation):
        if action is not Action.RECORD_LEGISLATION or caller.role not in _OF_STATE:
            return denied("not-for-your-role")
        return ALLOWED if caller.organization == record.state else denied("not-your-state")
    if action is Action.SHOW_GAPS and record is None:
        return ALLOWED if caller.role in _OF_STATE | _OVERSEERS else denied("not-for-your-role")
    if isinstance(record, LegislationCheck):
        return _of_the_state(caller, action, record.state, CHECK_MOVERS)
    if isinstance(record, LegislationProposal):
        return _of_the_state(caller, action, record.state, PROPOSAL_MOVERS)
    if not isinstance(record, Legislation):
        return ALLOWED if action in _WITHOUT_RECORD else HIDDEN
    if not may_see(caller, record):
        return HIDDEN
    if action in _LISTS or action is Action.SHOW_LEGISLATION:
        return ALLOWED
    if caller.role not in LEGISLATION_MOVERS.get(action, ()):
        return denied("not-for-your-role")
    if caller.role in _OF_STATE and caller.organization != record.state:
        return denied("not-your-state")
    return ALLOWED


def _of_the_state(caller: Caller, action: Action, state: str, movers: Mapping[Action, frozenset[Role]]) -> Decision:
    """Records that the State and UNODC read."""
    if not is_party_to(caller, state):
        return HIDDEN
    if action in _READ or caller.role in movers.get(action, ()):
        return ALLOWED
    return denied("not-for-your-role")


def may_see(caller: Caller, record: Legislation) -> bool:
    """The State and UNODC's office; all others what is on SHERLOC."""
    return is_party_to(caller, record.state) or record.status in SHOWN_TO_ALL


def is_party_to(caller: Caller, state: str) -> bool:
    """Whether the caller reads what is not published: comments and earlier versions."""
    return caller.role in _OVERSEERS or (caller.role in _OF_STATE and caller.organization == state)


def legislation_moves_open_to(caller: Caller, record: Legislation) -> tuple[str, ...]:
    """The moves of a record that this caller may make now."""
    return open_moves(caller, record, Action, decide, LEGISLATION_MOVES)


def check_moves_open_to(caller: Caller, check: LegislationCheck) -> tuple[str, ...]:
    """The moves of a check that this caller may make until it closes."""
    return open_moves(caller, check, Action, decide, CHECK_MOVES)


def proposal_moves_open_to(caller: Caller, proposal: LegislationProposal) -> tuple[str, ...]:
    """The moves of a proposal that this caller may make now."""
    return open_moves(caller, proposal, Action, decide, PROPOSAL_MOVES)
