"""Rules for informal meetings: States and UNODC's office read them, coordinators maintain them, States sign up."""

from collections.abc import Mapping

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role

_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_COORDINATORS = frozenset({Role.COORDINATOR})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
MOVERS: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(
        ("revise_meeting", "invite_states", "hold_meeting", "cancel_meeting", "remove_lesson"), _COORDINATORS
    ),
    **dict.fromkeys(("sign_up", "withdraw_sign_up"), _OF_STATE),
    "add_lesson": _OF_STATE | _COORDINATORS,
}
"""Maps each move to the roles that may make it."""

EVENTS_FOR_ALL = frozenset({"planned", "revised", "invited", "held", "cancelled", "lesson-removed"})
"""Events of a meeting that every State receives. Sign-ups are not among them."""


def decide_meeting(caller: Caller, action: str) -> Decision:
    """Decide on an action on an existing meeting, or on planning one."""
    if action == "plan_meeting":
        return ALLOWED if caller.role in _COORDINATORS else denied("not-for-your-role")
    if caller.role not in _OF_STATE | _OVERSEERS:
        return HIDDEN
    if action in {"show_meeting", "list_meetings", "follow"}:
        return ALLOWED
    return ALLOWED if caller.role in MOVERS.get(action, ()) else denied("not-for-your-role")


def oversees(caller: Caller) -> bool:
    """Check whether the caller may see which States have signed up."""
    return caller.role in _OVERSEERS
