"""Rules for the outreach plan: every appointment reads it, coordinators maintain it."""

from collections.abc import Mapping

from contracts.decisions import ALLOWED, Decision, denied
from contracts.values import Caller, Role

_COORDINATORS = frozenset({Role.COORDINATOR})
MOVERS: Mapping[str, frozenset[Role]] = dict.fromkeys(
    ("revise_outreach_activity", "hold_outreach_activity", "cancel_outreach_activity"), _COORDINATORS
)
"""Maps each move to the roles that may make it."""


def decide_outreach(caller: Caller, action: str) -> Decision:
    """Decide on an action on an existing activity, or on planning one."""
    if action in {"show_outreach_activity", "list_outreach_activities", "follow"}:
        return ALLOWED
    roles = _COORDINATORS if action == "plan_outreach_activity" else MOVERS.get(action, frozenset())
    return ALLOWED if caller.role in roles else denied("not-for-your-role")
