"""Who may do what with a request, and what of it they are shown: one pure decision; docs/permissions.md is its table.

`may_see` in SQL says in the WHERE of every read what `may_see` says here; a test compares them.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role, is_unodc
from services.requests.domain import Addressee, Circulation, Request, Status, Visibility


class Action(StrEnum):
    """All that can be asked of this service, one for each route."""

    FILE = "file"
    CHECK = "check"
    LIST = "list"
    SHOW = "show"
    READ_HISTORY = "read_history"
    REVISE = "revise"
    SUBMIT = "submit"
    REGISTER = "register"
    RETURN = "return"
    DECLINE = "decline"
    OPEN = "open"
    HOLD = "hold"
    RESUME = "resume"
    REOPEN = "reopen"
    DELIVER = "deliver"
    SAY_IT_SUFFICES = "say_it_suffices"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    CONSENT = "consent"
    OBJECT = "object"


class Guarded(StrEnum):
    """The fields that not everybody who sees a request is shown."""

    INSTITUTION_NAME = "institution_name"
    """Of a line: whom to turn to. A provider learns it once both sides have accepted."""
    COMMENT = "comment"
    """Of the history: what the State and UNODC write to each other."""
    DATA = "data"
    """Of the history: what the request was before, and which matches it has."""


class Filing(Struct, frozen=True):
    """A request that is not there yet: for which State, where that is said, and whether it is submitted at once."""

    state: str | None = None
    submit: bool = False


FILERS = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_FOCAL_POINT = frozenset({Role.FOCAL_POINT})
_COORDINATOR = frozenset({Role.COORDINATOR})
_EITHER = _FOCAL_POINT | _COORDINATOR
_FILINGS = frozenset({Action.FILE, Action.CHECK})
_READS = frozenset({Action.LIST, Action.SHOW, Action.READ_HISTORY})
_SHOWN = frozenset({Status.OPEN, Status.IN_DELIVERY, Status.DELIVERED})
_AGREED = frozenset({"confirmed", "in_delivery", "completed"})

MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.REVISE: FILERS,
    Action.SUBMIT: _FOCAL_POINT,
    Action.REGISTER: _COORDINATOR,
    Action.RETURN: _COORDINATOR,
    Action.DECLINE: _COORDINATOR,
    Action.OPEN: _COORDINATOR,
    Action.HOLD: _EITHER,
    Action.RESUME: _EITHER,
    Action.REOPEN: _EITHER,
    Action.DELIVER: _EITHER,
    Action.SAY_IT_SUFFICES: _FOCAL_POINT,
    Action.CLOSE: _COORDINATOR,
    Action.WITHDRAW: _FOCAL_POINT,
    Action.CONSENT: _FOCAL_POINT,
    Action.OBJECT: _FOCAL_POINT,
}
"""Who changes a request that they see."""

REOPENERS: Mapping[Status, frozenset[Role]] = {Status.IN_DELIVERY: _COORDINATOR, Status.CLOSED: _FOCAL_POINT}
"""A match that is gone is seen by UNODC, a new need by the State."""

_WHOLE = Decision(None, frozenset(Guarded))
_AS_AGREED = Decision(None, frozenset({Guarded.INSTITUTION_NAME}))
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_NOT_YOUR_STATE = denied("not-your-state")


def decide(caller: Caller, action: Action, resource: Request | Filing | None = None) -> Decision:
    """Whether the caller may do this, and which guarded fields they are shown; what nobody is given leave for is not.

    FILE is asked of a Filing, CHECK of nothing, LIST of nothing (anybody may ask) and of each request that is to stand
    in it, all others of the request.
    """
    if action is Action.CHECK or isinstance(resource, Filing):
        return _decide_filing(caller, action, resource if isinstance(resource, Filing) else Filing())
    if not isinstance(resource, Request):
        return ALLOWED if action is Action.LIST else HIDDEN
    if not may_see(caller, resource):
        return HIDDEN
    if action in _READS:
        return _shown(caller, resource)
    movers = MOVERS.get(action, frozenset())
    if action is Action.REOPEN:
        movers = REOPENERS.get(resource.status, movers)
    return ALLOWED if caller.role in movers else _NOT_FOR_YOUR_ROLE


def _decide_filing(caller: Caller, action: Action, filing: Filing) -> Decision:
    """A filer files for the own State; only a focal point submits."""
    if action not in _FILINGS:
        return HIDDEN
    if caller.role not in FILERS or (filing.submit and caller.role is not Role.FOCAL_POINT):
        return _NOT_FOR_YOUR_ROLE
    if filing.state is not None and filing.state != caller.organization:
        return _NOT_YOUR_STATE
    return ALLOWED


def _shown(caller: Caller, request: Request) -> Decision:
    if caller.role not in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}:
        return _WHOLE
    if caller.role is Role.PROVIDER_OFFICER and _has_agreed_with(request, caller.organization):
        return _AS_AGREED
    return ALLOWED


def _has_agreed_with(request: Request, provider: str) -> bool:
    """True while a match of the request with this provider stands that both sides have accepted."""
    return any(
        request.providers.get(match_id) == provider and status in _AGREED
        for match_id, (_, status) in request.matches.items()
    )


def may_see(caller: Caller, request: Request) -> bool:
    """True where the caller may see the request at all; if not, it does not exist for them."""
    if caller.role in FILERS:
        return request.state == caller.organization
    if caller.role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE}:
        return request.status is not Status.DRAFT and request.submitted_at is not None
    if caller.role in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}:
        return request.status in _SHOWN and request.circulation is Circulation.GRANTED and _is_shown_to(caller, request)
    return False


def _is_shown_to(caller: Caller, request: Request) -> bool:
    if request.visibility is Visibility.NAMED:
        return caller.organization in request.addressed_states or (
            request.addressee is Addressee.UNODC and is_unodc(caller.organization)
        )
    return request.visibility in {Visibility.PROVIDERS, Visibility.PUBLIC_SUMMARY}
