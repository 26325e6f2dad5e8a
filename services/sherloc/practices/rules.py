"""Rules for practices, challenges and tools: authors maintain them, coordinators catalogue them."""

from collections.abc import Mapping

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.sherloc.practices.model import Practice, PracticeStatus

_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_COORDINATORS = frozenset({Role.COORDINATOR})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
_AUTHORS = _OF_STATE | {Role.PROVIDER_OFFICER}
_OF_AUTHOR = ("revise_practice", "submit_practice", "withdraw_practice")
MOVERS: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(_OF_AUTHOR, _AUTHORS),
    **dict.fromkeys(("return_practice", "catalogue_practice"), _COORDINATORS),
    # The delivery must also be visible to the caller: `actions` checks this.
    **dict.fromkeys(("add_use", "remove_use"), _AUTHORS | _COORDINATORS),
}
"""Maps each move to the roles that may make it."""


def decide_practice(caller: Caller, action: str, practice: Practice | None) -> Decision:
    """Decide on an action on a practice, which is hidden if the caller may not see it, or on recording one."""
    if practice is None:
        return ALLOWED if caller.role in _AUTHORS else denied("not-for-your-role")
    if not may_see_practice(caller, practice):
        return HIDDEN
    if action in {"list_practices", "show_practice", "follow"}:
        return ALLOWED
    if caller.role not in MOVERS.get(action, ()):
        return denied("not-for-your-role")
    if action in _OF_AUTHOR and not is_author(caller, practice):
        return denied("practice-not-yours")
    return ALLOWED


def may_see_practice(caller: Caller, practice: Practice) -> bool:
    """Check whether the caller sees a practice: its author always, UNODC once submitted, all while catalogued."""
    if practice.submitted_at is None:
        return is_author(caller, practice)
    return practice.status is PracticeStatus.CATALOGUED or is_author_or_unodc(caller, practice)


def is_author(caller: Caller, practice: Practice) -> bool:
    """Check whether the caller acts for the State or the provider that recorded the practice."""
    if caller.role is Role.PROVIDER_OFFICER:
        return practice.provider == caller.organization
    return caller.role in _OF_STATE and practice.state == caller.organization


def is_author_or_unodc(caller: Caller, practice: Practice) -> bool:
    """Check whether the caller reads what others do not: comments, and the delivery from which it was learned."""
    return caller.role in _OVERSEERS or is_author(caller, practice)
