"""Authorization for funds, pledges, allocations and the ledger; shown as a table at /docs/permissions.

A donor sees its own pledges and contributions in kind, and no other donor's. A State sees the records of its own
requests. Totals are for all callers. `may_see` in SQL, in the WHERE clause of every read, equals the functions of that
name here; a test compares them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.values import Caller, Role
from services.pledges.activities.model import Activity, ActivityStatus
from services.pledges.allocations.model import Allocation, AllocationStatus, Requirement
from services.pledges.in_kind.model import InKindContribution, InKindStatus
from services.pledges.open_data.imports.model import FlowImport
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import MOVES, Pledge, Status
from services.pledges.proposals.model import Proposal, ProposalStatus


class Action(StrEnum):
    """The actions of this service, one for each route."""

    FOLLOW = "follow"
    OPEN_FUND = "open_fund"
    LIST_FUNDS = "list_funds"
    SHOW_FUND = "show_fund"
    SHOW_FUND_YEARS = "show_fund_years"
    REVISE_REQUIREMENT = "revise_requirement"
    LIST_REVISIONS = "list_revisions"
    STATE_GENDER_MARKER = "state_gender_marker"
    SHOW_IATI = "show_iati"
    PLEDGE = "pledge"
    LIST_PLEDGES = "list_pledges"
    SHOW_PLEDGE = "show_pledge"
    COMMIT = "commit"
    MEET_CONDITION = "meet_condition"
    RECEIVE = "receive"
    REWORD = "reword"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    REDUCE = "reduce"
    CARRY_OVER = "carry_over"
    CLOSE = "close"
    PROPOSE_WRITE_OFF = "propose_write_off"
    PROPOSE_REFUND = "propose_refund"
    PROPOSE_EARMARK_RELEASE = "propose_earmark_release"
    PROPOSE_REVERSAL = "propose_reversal"
    PROPOSE_REOPENING = "propose_reopening"
    LIST_PROPOSALS = "list_proposals"
    SHOW_PROPOSAL = "show_proposal"
    APPROVE_PROPOSAL = "approve_proposal"
    REFUSE_PROPOSAL = "refuse_proposal"
    LIST_PERIODS = "list_periods"
    SHOW_PERIOD = "show_period"
    CLOSE_YEAR = "close_year"
    ALLOCATE = "allocate"
    SPEND = "spend"
    GIVE_BACK = "give_back"
    LIST_ALLOCATIONS = "list_allocations"
    SHOW_ALLOCATION = "show_allocation"
    LIST_REQUIREMENTS = "list_requirements"
    LIST_UNFUNDED = "list_unfunded"
    LIST_ENTRIES = "list_entries"
    SHOW_BALANCES = "show_balances"
    SHOW_STATEMENT = "show_statement"
    DECLARE_IN_KIND = "declare_in_kind"
    LIST_IN_KIND = "list_in_kind"
    SHOW_IN_KIND = "show_in_kind"
    ACKNOWLEDGE_IN_KIND = "acknowledge_in_kind"
    WITHDRAW_IN_KIND = "withdraw_in_kind"
    STRIKE_IN_KIND = "strike_in_kind"
    REWORD_IN_KIND = "reword_in_kind"
    PLAN_ACTIVITY = "plan_activity"
    LIST_ACTIVITIES = "list_activities"
    SHOW_ACTIVITY = "show_activity"
    REVISE_ACTIVITY = "revise_activity"
    COMPLETE_ACTIVITY = "complete_activity"
    CANCEL_ACTIVITY = "cancel_activity"
    LOAD_RATES = "load_rates"
    LIST_RATES = "list_rates"
    LIST_FLOWS = "list_flows"
    EXPORT_FLOWS = "export_flows"
    IMPORT_FLOWS = "import_flows"
    LIST_IMPORTS = "list_imports"
    SHOW_IMPORT = "show_import"
    PLEDGE_FLOW = "pledge_flow"


class Entry(Struct, frozen=True):
    """The donor of a ledger entry, if its pledge has one."""

    donor: str | None


_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
# Exports, like lists, contain only what their caller may see.
_FOR_EVERYBODY = frozenset(
    {Action.LIST_FUNDS, Action.SHOW_FUND, Action.SHOW_FUND_YEARS, Action.LIST_REVISIONS, Action.LIST_RATES}
    | {Action.LIST_PERIODS, Action.EXPORT_FLOWS}
)
_LISTS = frozenset(
    {Action.FOLLOW, Action.LIST_PLEDGES, Action.LIST_ALLOCATIONS, Action.LIST_REQUIREMENTS, Action.LIST_ENTRIES}
    | {Action.LIST_PROPOSALS, Action.LIST_FLOWS, Action.LIST_IMPORTS, Action.LIST_IN_KIND, Action.LIST_ACTIVITIES}
)
_OF_FINANCE = frozenset(
    {Action.OPEN_FUND, Action.ALLOCATE, Action.LOAD_RATES, Action.PROPOSE_REVERSAL, Action.PROPOSE_REOPENING}
    | {Action.CLOSE_YEAR, Action.IMPORT_FLOWS, Action.REVISE_REQUIREMENT, Action.STATE_GENDER_MARKER}
)
_OF_PLEDGE = frozenset(
    {Action.COMMIT, Action.MEET_CONDITION, Action.RECEIVE, Action.LAPSE, Action.REDUCE, Action.CARRY_OVER}
    | {Action.CLOSE, Action.PROPOSE_WRITE_OFF, Action.PROPOSE_REFUND, Action.PROPOSE_EARMARK_RELEASE}
)
"""Actions of a UNODC finance officer on a donor's pledge."""
_WORDS = frozenset({Action.REWORD, Action.REWORD_IN_KIND})
"""Changes of texts, allowed to the author and to UNODC's office."""
_OF_ACTIVITY = frozenset({Action.REVISE_ACTIVITY, Action.COMPLETE_ACTIVITY, Action.CANCEL_ACTIVITY})
_READS = frozenset(
    {
        *_LISTS,
        Action.SHOW_PLEDGE,
        Action.SHOW_ALLOCATION,
        Action.SHOW_PROPOSAL,
        Action.SHOW_STATEMENT,
        Action.SHOW_IMPORT,
        Action.SHOW_IN_KIND,
        Action.SHOW_ACTIVITY,
    }
)
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_OWN_PROPOSAL = denied("own-proposal")

Record: TypeAlias = Pledge | Requirement | Allocation | Entry | Proposal | FlowImport | InKindContribution | Activity


def decide(caller: Caller, action: Action, resource: Record | None = None) -> Decision:
    """Decide whether the caller may do this; denied unless granted. Access is by record, never by field.

    Listing takes no resource (allowed for all) and is decided for each record in the list. An action on a record takes
    that record; all other actions take none.
    """
    if resource is not None:
        return _decide_record(caller, action, resource)
    if action in _FOR_EVERYBODY or action in _LISTS:
        return ALLOWED
    if action in _OF_FINANCE:
        return _allowed_if(is_finance_officer(caller))
    if action in {Action.PLEDGE, Action.DECLARE_IN_KIND}:
        return _allowed_if(caller.role is Role.DONOR_OFFICER)
    if action is Action.PLAN_ACTIVITY:
        return _allowed_if(plans_activities(caller))
    if action in {Action.SHOW_IATI, Action.LIST_UNFUNDED}:
        # The file is decided for each of its entries; consents decide which requests are shown.
        return _allowed_if(reads_all(caller) or caller.role is Role.DONOR_OFFICER)
    if action in {Action.SHOW_BALANCES, Action.SHOW_PERIOD}:
        # A balance in kroner may be that of one donor; a year's checklist shows whether there are proposals.
        return _allowed_if(reads_all(caller))
    return HIDDEN


def _decide_record(caller: Caller, action: Action, record: Record) -> Decision:
    if not _may_see(caller, record):
        return HIDDEN
    if action in _READS:
        return ALLOWED
    match record:
        case Pledge() | InKindContribution() if action in _WORDS:
            return _allowed_if(caller.role is Role.DONOR_OFFICER or is_finance_officer(caller))
        case Pledge() if action is Action.WITHDRAW:
            return _allowed_if(caller.role is Role.DONOR_OFFICER)
        case Pledge():
            return _allowed_if(action in _OF_PLEDGE and is_finance_officer(caller))
        case Allocation():
            return _allowed_if(action in {Action.SPEND, Action.GIVE_BACK} and is_finance_officer(caller))
        case InKindContribution() if action is Action.WITHDRAW_IN_KIND:
            return _allowed_if(caller.role is Role.DONOR_OFFICER)
        case InKindContribution():
            return _allowed_if(
                action in {Action.ACKNOWLEDGE_IN_KIND, Action.STRIKE_IN_KIND} and is_finance_officer(caller)
            )
        case Activity():
            return _allowed_if(action in _OF_ACTIVITY and plans_activities(caller))
        case FlowImport():
            return _allowed_if(action is Action.PLEDGE_FLOW and is_finance_officer(caller))
        case Proposal():
            return _decide_proposal(caller, action, record)
    return _NOT_FOR_YOUR_ROLE


def _decide_proposal(caller: Caller, action: Action, proposal: Proposal) -> Decision:
    """Decide about a proposal: its proposer may not approve it, but may withdraw it."""
    if not is_finance_officer(caller):
        return _NOT_FOR_YOUR_ROLE
    if action is Action.APPROVE_PROPOSAL:
        return _OWN_PROPOSAL if proposal.proposed_by == caller.person_id else ALLOWED
    return _allowed_if(action is Action.REFUSE_PROPOSAL)


PLEDGE_MOVES: Mapping[str, frozenset[Status]] = {
    Action.COMMIT: MOVES["commit"],
    Action.RECEIVE: MOVES["receive"],
    Action.MEET_CONDITION: MOVES["meet_condition"],
    Action.REDUCE: MOVES["reduce"],
    Action.CARRY_OVER: MOVES["carry_over"],
    Action.CLOSE: MOVES["close"],
    Action.PROPOSE_REFUND: MOVES["refund"],
    Action.PROPOSE_WRITE_OFF: MOVES["write_off"],
    Action.PROPOSE_EARMARK_RELEASE: frozenset(Status),
    Action.REWORD: frozenset(Status),
    Action.LAPSE: MOVES["lapse"],
    Action.WITHDRAW: MOVES["withdraw"],
}
ALLOCATION_MOVES: Mapping[str, frozenset[AllocationStatus]] = {
    Action.SPEND: frozenset({AllocationStatus.MADE}),
    Action.GIVE_BACK: frozenset({AllocationStatus.MADE}),
}
PROPOSAL_MOVES: Mapping[str, frozenset[ProposalStatus]] = {
    Action.APPROVE_PROPOSAL: frozenset({ProposalStatus.OPEN}),
    Action.REFUSE_PROPOSAL: frozenset({ProposalStatus.OPEN}),
}
IN_KIND_MOVES: Mapping[str, frozenset[InKindStatus]] = {
    Action.ACKNOWLEDGE_IN_KIND: frozenset({InKindStatus.DECLARED}),
    Action.REWORD_IN_KIND: frozenset(InKindStatus),
    Action.WITHDRAW_IN_KIND: frozenset({InKindStatus.DECLARED}),
    Action.STRIKE_IN_KIND: frozenset({InKindStatus.ACKNOWLEDGED}),
}
ACTIVITY_MOVES: Mapping[str, frozenset[ActivityStatus]] = {
    Action.COMPLETE_ACTIVITY: frozenset({ActivityStatus.PLANNED}),
    Action.REVISE_ACTIVITY: frozenset(ActivityStatus),
    Action.CANCEL_ACTIVITY: frozenset({ActivityStatus.PLANNED}),
}


def moves_open_to(
    caller: Caller, record: Pledge | Allocation | Proposal | InKindContribution | Activity
) -> tuple[str, ...]:
    """Return the moves that this caller may make now."""
    match record:
        case Pledge():
            found = open_moves(caller, record, Action, decide, PLEDGE_MOVES)
            return tuple(move for move in found if _has_something_to(Action(move), record))
        case Allocation():
            return open_moves(caller, record, Action, decide, ALLOCATION_MOVES) if record.unspent_usd_minor else ()
        case Proposal():
            return open_moves(caller, record, Action, decide, PROPOSAL_MOVES)
        case InKindContribution():
            found = open_moves(caller, record, Action, decide, IN_KIND_MOVES)
            is_office = is_finance_officer(caller) or record.status is InKindStatus.DECLARED
            return found if is_office else tuple(move for move in found if move != Action.REWORD_IN_KIND)
        case Activity():
            return open_moves(caller, record, Action, decide, ACTIVITY_MOVES)


def _has_something_to(move: Action, pledge: Pledge) -> bool:
    """Check whether the pledge has what the move needs: an owed, conditional or usable amount, or an earmark."""
    match move:
        case Action.MEET_CONDITION:
            return pledge.conditional_minor > 0
        case Action.RECEIVE | Action.PROPOSE_WRITE_OFF:
            return pledge.outstanding_minor > 0
        case Action.CARRY_OVER | Action.PROPOSE_REFUND:
            return pledge.usable_usd_minor > 0
        case Action.PROPOSE_EARMARK_RELEASE:
            return pledge.earmarking is Earmarking.TIGHTLY_EARMARKED
        case _:
            return True


def _allowed_if(given: bool) -> Decision:
    return ALLOWED if given else _NOT_FOR_YOUR_ROLE


def _may_see(caller: Caller, record: Record) -> bool:
    match record:
        case Proposal():
            return reads_all(caller)
        case Pledge():
            return may_see_pledge(caller, record)
        case Requirement():
            return may_see_requirement(caller, record)
        case Allocation():
            return may_see_allocation(caller, record)
        case Entry():
            return may_see_entry(caller, record.donor)
        case FlowImport():
            return reads_all(caller)
        case InKindContribution():
            return may_see_in_kind(caller, record)
        case Activity():
            # An activity names no State and no donor, and is published with its fund.
            return True


def is_finance_officer(caller: Caller) -> bool:
    """Return True for a finance officer of UNODC, the only role that moves money."""
    return caller.role is Role.FINANCE_OFFICER and caller.of_unodc


def plans_activities(caller: Caller) -> bool:
    """Return True for the roles of UNODC that run its programmes or pay for them."""
    return caller.role is Role.COORDINATOR or is_finance_officer(caller)


def reads_all(caller: Caller) -> bool:
    return caller.role in _OVERSEERS or is_finance_officer(caller)


def may_see_pledge(caller: Caller, pledge: Pledge) -> bool:
    return reads_all(caller) or (caller.role is Role.DONOR_OFFICER and pledge.donor == caller.organization)


def may_see_in_kind(caller: Caller, contribution: InKindContribution) -> bool:
    return reads_all(caller) or (caller.role is Role.DONOR_OFFICER and contribution.donor == caller.organization)


def may_see_entry(caller: Caller, donor: str | None) -> bool:
    return reads_all(caller) or (caller.role is Role.DONOR_OFFICER and donor == caller.organization)


def may_see_requirement(caller: Caller, requirement: Requirement) -> bool:
    return reads_all(caller) or _is_party(caller, requirement.state, requirement.provider)


def may_see_allocation(caller: Caller, allocation: Allocation) -> bool:
    # Work packages and activities name no State. An allocation to a request is shown to its parties only.
    of_office = allocation.work_package is not None or allocation.activity_id is not None
    return (
        reads_all(caller)
        or (caller.role is Role.DONOR_OFFICER and of_office)
        or _is_party(caller, allocation.state, allocation.provider)
    )


def _is_party(caller: Caller, state: str | None, provider: str | None) -> bool:
    if caller.role in _OF_STATE:
        return state == caller.organization
    return caller.role is Role.PROVIDER_OFFICER and provider == caller.organization
