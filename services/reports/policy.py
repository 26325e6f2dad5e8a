"""The access policy for figures; /docs/permissions lists it. `may_see` in SQL implements it for the rows of a State."""

from enum import StrEnum

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role

OVERSEEING = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.FINANCE_OFFICER, Role.SERVICE})
"""Who sees all figures, and small numbers."""

OF_A_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


class Action(StrEnum):
    """The actions of this service, one for each route."""

    SHOW_FIGURE = "show_figure"


class Scope(Struct, frozen=True):
    """The records that a figure counts: those of a State, or all if None."""

    state: str | None


def oversees(caller: Caller) -> bool:
    return caller.role in OVERSEEING


def scope_of(caller: Caller, state: str | None) -> Scope:
    """The scope asked for: without a State a State's people ask for their own."""
    return Scope(caller.organization if state is None and caller.role in OF_A_STATE else state)


def decide(caller: Caller, action: Action, resource: Scope | None = None) -> Decision:
    """Whether the caller may do this; everything not granted is denied. Public figures need no caller.

    Without a scope it is decided on the caller's own.
    """
    if action is not Action.SHOW_FIGURE:
        return denied("not-for-your-role")
    if oversees(caller):
        return ALLOWED
    if caller.role not in OF_A_STATE:
        return denied("not-for-your-role")
    if not isinstance(resource, Scope):
        return ALLOWED
    return ALLOWED if resource.state == caller.organization else HIDDEN
