"""The policy of parked events, which a service could not apply: the roles that may list, release and discard them.

It is the same for each service.
"""

from enum import StrEnum

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role

OPERATORS = frozenset({Role.ADMINISTRATOR, Role.COORDINATOR})


class ParkedAction(StrEnum):
    """The actions on parked events, one for each route."""

    LIST = "list_parked"
    RELEASE = "release_parked"
    DISCARD = "discard_parked"


_KNOWN = frozenset(ParkedAction)


def decide_on_parked(caller: Caller, action: ParkedAction, resource: object = None) -> Decision:
    """Decide on an action by role alone, because the events hold only ids, codes and dates.

    Row-level security of `inbox` allows the same roles.
    """
    if resource is not None or action not in _KNOWN:
        return HIDDEN
    return ALLOWED if caller.role in OPERATORS else denied("not-for-your-role")
