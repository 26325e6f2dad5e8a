"""Rules for extensions: every appointment reads them, coordinators maintain them, States vote."""

from collections.abc import Mapping

from contracts.decisions import ALLOWED, Decision, denied
from contracts.values import Caller, Role

_COORDINATORS = frozenset({Role.COORDINATOR})
MOVERS: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(
        (
            *("revise_extension", "plan_extension", "begin_extension", "release_extension", "drop_extension"),
            "note_progress",
        ),
        _COORDINATORS,
    ),
    **dict.fromkeys(("vote_for_extension", "withdraw_vote"), frozenset({Role.FOCAL_POINT})),
}
"""Maps each move to the roles that may make it. The vote of a State is that of its focal points."""


def decide_extension(caller: Caller, action: str) -> Decision:
    """Decide on an action on an existing extension, or on proposing one."""
    if action in {"show_extension", "list_extensions", "follow"}:
        return ALLOWED
    roles = _COORDINATORS if action == "propose_extension" else MOVERS.get(action, frozenset())
    return ALLOWED if caller.role in roles else denied("not-for-your-role")
