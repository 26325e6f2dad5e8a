"""Access policy of SHERLOC's desk: a pure function of the caller, the action and the record.

`store` repeats visibility in SQL (`may_see`); a test compares both for every appointment and record.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.nouns import Noun
from contracts.values import Caller, Role
from services.sherloc.checks.model import MOVES as CHECK_MOVES
from services.sherloc.checks.model import LegislationCheck
from services.sherloc.contributions.exports.model import Export
from services.sherloc.contributions.model import MOVES as CONTRIBUTION_MOVES
from services.sherloc.contributions.model import SHOWN_TO_ALL as CONTRIBUTIONS_SHOWN_TO_ALL
from services.sherloc.contributions.model import Contribution
from services.sherloc.extensions.model import EXTENSIONS
from services.sherloc.legislation.model import MOVES as LEGISLATION_MOVES
from services.sherloc.legislation.model import Legislation
from services.sherloc.meetings.model import MEETINGS
from services.sherloc.outreach import OUTREACH
from services.sherloc.practices.model import MOVES as PRACTICE_MOVES
from services.sherloc.practices.model import Practice
from services.sherloc.practices.rules import decide_practice
from services.sherloc.proposals.model import MOVES as PROPOSAL_MOVES
from services.sherloc.proposals.model import LegislationProposal
from services.sherloc.review_progress.model import REVIEW_PROGRESS


class Action(StrEnum):
    """The actions of this service, one for each route of a noun that is not declared."""

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
    LIST_CONTRIBUTIONS = "list_contributions"
    DRAFT_CONTRIBUTION = "draft_contribution"
    IMPORT_CONTRIBUTIONS = "import_contributions"
    SHOW_CONTRIBUTION = "show_contribution"
    REVISE_CONTRIBUTION = "revise_contribution"
    SUBMIT_CONTRIBUTION = "submit_contribution"
    CLEAR_MARKS = "clear_marks"
    RETURN_CONTRIBUTION = "return_contribution"
    ACCEPT_CONTRIBUTION = "accept_contribution"
    PUBLISH_CONTRIBUTION = "publish_contribution"
    SUPERSEDE_CONTRIBUTION = "supersede_contribution"
    WITHDRAW_CONTRIBUTION = "withdraw_contribution"
    LIST_EXPORTS = "list_exports"
    MAKE_EXPORT = "make_export"
    SHOW_EXPORT = "show_export"
    CONFIRM_EXPORT = "confirm_export"
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
    SHOW_PROGRESS_TABLE = "show_progress_table"
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
CONTRIBUTION_MOVERS: Mapping[Action, frozenset[Role]] = {
    **dict.fromkeys(
        (Action.REVISE_CONTRIBUTION, Action.SUBMIT_CONTRIBUTION, Action.WITHDRAW_CONTRIBUTION),
        _OF_STATE,
    ),
    Action.CLEAR_MARKS: _OF_STATE | _COORDINATORS,
    **dict.fromkeys(
        (
            *(Action.RETURN_CONTRIBUTION, Action.ACCEPT_CONTRIBUTION),
            *(Action.PUBLISH_CONTRIBUTION, Action.SUPERSEDE_CONTRIBUTION),
        ),
        _COORDINATORS,
    ),
}
_BY_STATE = frozenset({Action.DRAFT_CONTRIBUTION, Action.IMPORT_CONTRIBUTIONS})
_HANDS_OVER = frozenset({Action.MAKE_EXPORT, Action.CONFIRM_EXPORT})
_LISTS = frozenset(
    {Action.FOLLOW, Action.LIST_LEGISLATION, Action.LIST_CONTRIBUTIONS, Action.LIST_PRACTICES}
    | {Action.SHOW_PROGRESS_TABLE}
)
CHECK_MOVERS: Mapping[Action, frozenset[Role]] = {Action.ANSWER_CHECK: frozenset({Role.FOCAL_POINT})}
PROPOSAL_MOVERS: Mapping[Action, frozenset[Role]] = dict.fromkeys(
    (Action.ACCEPT_PROPOSAL, Action.DROP_PROPOSAL), _OF_STATE
)
_READ = frozenset({Action.FOLLOW, Action.LIST_CHECKS, Action.SHOW_CHECK, Action.LIST_PROPOSALS, Action.SHOW_PROPOSAL})
_WITHOUT_RECORD = _LISTS | {Action.SHOW_FRESHNESS, Action.LIST_CHECKS, Action.LIST_PROPOSALS}

EVENTS_FOR_ALL = frozenset(
    {"published", "verified", "confirmed-unchanged", "marked-outdated", "superseded", "catalogued"}
)
"""Events that callers other than the State or author and UNODC receive of a record that they see.

Events from before the publication are not among them.
"""


_ACTIONS = frozenset(Action)
NOUNS: tuple[Noun[Any], ...] = (EXTENSIONS, MEETINGS, OUTREACH, REVIEW_PROGRESS)
"""The nouns of this service that are declared."""


class NewLegislation(Struct, frozen=True, kw_only=True):
    """A record that a State is about to create."""

    state: str


Record: TypeAlias = (
    Legislation | NewLegislation | LegislationCheck | LegislationProposal | Contribution | Export | Practice | Struct
)


def decide(caller: Caller, action: StrEnum, record: Record | None = None) -> Decision:
    """Decide whether the caller may take this action; denied unless granted.

    A list is decided without a record, and again for each record listed.
    """
    for noun in NOUNS:
        if noun.decides(action, record):
            return noun.decide(caller, action, record)
    if action not in _ACTIONS:
        return HIDDEN
    action = Action(action)
    if isinstance(record, NewLegislation):
        if action is not Action.RECORD_LEGISLATION or caller.role not in _OF_STATE:
            return denied("not-for-your-role")
        return ALLOWED if caller.organization == record.state else denied("not-your-state")
    if action is Action.SHOW_GAPS and record is None:
        return ALLOWED if caller.role in _OF_STATE | _OVERSEERS else denied("not-for-your-role")
    if isinstance(record, Practice) or (record is None and action is Action.RECORD_PRACTICE):
        return decide_practice(caller, action, record)
    if isinstance(record, Contribution):
        return _on_contribution(caller, action, record)
    if isinstance(record, Export):
        return _on_exports(caller, action)
    if action in _BY_STATE:
        return ALLOWED if caller.role in _OF_STATE else denied("not-for-your-role")
    if action in _HANDS_OVER or action is Action.LIST_EXPORTS:
        decision = _on_exports(caller, action)
        return denied("not-for-your-role") if decision.hidden else decision
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


def _on_contribution(caller: Caller, action: Action, record: Contribution) -> Decision:
    if not may_see(caller, record):
        return HIDDEN
    if action in _LISTS or action is Action.SHOW_CONTRIBUTION:
        return ALLOWED
    if caller.role not in CONTRIBUTION_MOVERS.get(action, ()):
        return denied("not-for-your-role")
    if caller.role in _OF_STATE and caller.organization != record.state:
        return denied("not-your-state")
    return ALLOWED


def _on_exports(caller: Caller, action: Action) -> Decision:
    if not may_read_exports(caller):
        return HIDDEN
    reads = action in {Action.LIST_EXPORTS, Action.SHOW_EXPORT, Action.FOLLOW}
    return ALLOWED if reads or (action in _HANDS_OVER and is_of_portal(caller)) else denied("not-for-your-role")


def is_of_portal(caller: Caller) -> bool:
    """Check whether the caller takes contributions over to SHERLOC: a coordinator, or a provider officer of UNODC.

    The portal's API client has the latter role.
    """
    return caller.role is Role.COORDINATOR or (caller.role is Role.PROVIDER_OFFICER and caller.of_unodc)


def may_read_exports(caller: Caller) -> bool:
    """Check whether the caller takes contributions over to SHERLOC, or oversees this."""
    return is_of_portal(caller) or caller.role in _OVERSEERS


def _of_the_state(caller: Caller, action: Action, state: str, movers: Mapping[Action, frozenset[Role]]) -> Decision:
    """Decide on an action on a record that only the State and UNODC read."""
    if not is_party_to(caller, state):
        return HIDDEN
    if action in _READ or caller.role in movers.get(action, ()):
        return ALLOWED
    return denied("not-for-your-role")


def may_see(caller: Caller, record: Legislation | Contribution) -> bool:
    """Check whether the caller sees a record: always for its State and UNODC's office, else once it is on SHERLOC."""
    if is_party_to(caller, record.state):
        return True
    return record.status in CONTRIBUTIONS_SHOWN_TO_ALL if isinstance(record, Contribution) else is_public(record)


def is_public(record: Legislation) -> bool:
    """Check whether a record is public as open data; the SQL function `is_public` is the same rule."""
    return record.portal_status is not None


def is_party_to(caller: Caller, state: str) -> bool:
    """Check whether the caller reads unpublished content: comments and earlier versions."""
    return caller.role in _OVERSEERS or (caller.role in _OF_STATE and caller.organization == state)


def legislation_moves_open_to(caller: Caller, record: Legislation) -> tuple[str, ...]:
    """The moves of a record that this caller may make now."""
    return open_moves(caller, record, Action, decide, LEGISLATION_MOVES)


def contribution_moves_open_to(caller: Caller, record: Contribution) -> tuple[str, ...]:
    """The moves of a contribution that this caller may make now. `clear_marks` requires marks that are not cleared."""
    found = open_moves(caller, record, Action, decide, CONTRIBUTION_MOVES)
    open_marks = bool(record.marks) and not record.marks_cleared
    return tuple(one for one in found if open_marks or one != Action.CLEAR_MARKS)


def check_moves_open_to(caller: Caller, check: LegislationCheck) -> tuple[str, ...]:
    """The moves of a check that this caller may make until it closes."""
    return open_moves(caller, check, Action, decide, CHECK_MOVES)


def proposal_moves_open_to(caller: Caller, proposal: LegislationProposal) -> tuple[str, ...]:
    """The moves of a proposal that this caller may make now."""
    return open_moves(caller, proposal, Action, decide, PROPOSAL_MOVES)


def practice_moves_open_to(caller: Caller, practice: Practice) -> tuple[str, ...]:
    """The moves of a practice that this caller may make now."""
    return open_moves(caller, practice, Action, decide, PRACTICE_MOVES)
