"""Who may see a pledge, a requirement, an allocation, an entry. Pure: `may_see` says the same in SQL.

A donor sees its own pledges and no other donor's; a State what concerns its own requests; totals are for everybody.
"""

from contracts.refusals import Forbidden
from contracts.values import Caller, Role
from services.pledges.allocations import Allocation, Requirement
from services.pledges.domain import MOVES, Pledge

_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


def is_finance_officer(caller: Caller) -> bool:
    """True for a finance officer of UNODC, who alone moves money."""
    return caller.role is Role.FINANCE_OFFICER and caller.of_unodc


def reads_all(caller: Caller) -> bool:
    return caller.role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE} or is_finance_officer(caller)


def may_see_pledge(caller: Caller, pledge: Pledge) -> bool:
    return reads_all(caller) or (caller.role is Role.DONOR_OFFICER and pledge.donor == caller.organization)


def may_see_entry(caller: Caller, donor: str | None) -> bool:
    return reads_all(caller) or (caller.role is Role.DONOR_OFFICER and donor == caller.organization)


def may_see_requirement(caller: Caller, requirement: Requirement) -> bool:
    return reads_all(caller) or _is_party(caller, requirement.state, requirement.provider)


def may_see_allocation(caller: Caller, allocation: Allocation) -> bool:
    # Work packages name no State; what a request got is for those it concerns.
    return (
        reads_all(caller)
        or (caller.role is Role.DONOR_OFFICER and allocation.work_package is not None)
        or _is_party(caller, allocation.state, allocation.provider)
    )


def _is_party(caller: Caller, state: str | None, provider: str | None) -> bool:
    if caller.role in _OF_STATE:
        return state == caller.organization
    return caller.role is Role.PROVIDER_OFFICER and provider == caller.organization


def check_is_finance_officer(caller: Caller) -> None:
    """Raises Forbidden for anybody but a finance officer of UNODC."""
    if not is_finance_officer(caller):
        raise Forbidden("not-for-your-role")


def check_reads_all(caller: Caller) -> None:
    """Raises Forbidden for those who see only their own part of the ledger: an account in kroner is one donor's."""
    if not reads_all(caller):
        raise Forbidden("not-for-your-role")


def check_may_pledge(caller: Caller) -> None:
    """Raises Forbidden for anybody but a donor, who pledges for the own organization."""
    if caller.role is not Role.DONOR_OFFICER:
        raise Forbidden("not-for-your-role")


def check_may_move(caller: Caller, move: str) -> None:
    """Raises Forbidden where the caller's role never makes this move."""
    role = MOVES[move].role
    if caller.role is not role or (role is Role.FINANCE_OFFICER and not caller.of_unodc):
        raise Forbidden("not-for-your-role")
