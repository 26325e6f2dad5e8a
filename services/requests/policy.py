"""Who may do what with a request, and what of it they are shown: one pure decision; /docs/permissions is its table.

`seen` in SQL says in the FROM of every read what `fields_seen` says here; a test compares them, and the wall with them.
"""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts import reference
from contracts.consents import FieldSet, given_to
from contracts.decisions import ALLOWED, HIDDEN, Decision, denied
from contracts.values import Caller, Role
from services.requests.attachment.model import READABLE, AttachmentStatus, Purpose
from services.requests.request.model import Circulation, Request, Status


class Action(StrEnum):
    """All that can be asked of this service, one for each route."""

    FILE = "file"
    CHECK = "check"
    LIST = "list"
    FOLLOW = "follow"
    SHOW = "show"
    READ_HISTORY = "read_history"
    READ_AUDIENCE = "read_audience"
    READ_ATTACHMENTS = "read_attachments"
    ATTACH = "attach"
    DETACH = "detach"
    SCAN_NOTE = "scan_note"
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
    RECORD_CONSENT = "record_consent"
    OBJECT = "object"


class Guarded(StrEnum):
    """The fields that not everybody who sees a request is shown."""

    WORDS = "words"
    """The title, the need, what is to come of a line and what is there, attachments: where a consent gives them."""
    LINE_WORDS = "line_words"
    """Of a line: what is to come of it and what is there; where a consent gives the words, and to a provider of the
    lines that it serves, once both sides have accepted."""
    INSTITUTION = "institution"
    """Of a line: for whom, by code; where a consent gives it."""
    INSTITUTION_NAME = "institution_name"
    """Of a line: whom to turn to. A provider that is given the institution learns it once both sides have accepted."""
    CONSENTS = "consents"
    """Whom the State lets see what: between the State and UNODC."""
    EXCLUDED_PROVIDERS = "excluded_providers"
    """By whom the State does not wish to be served: as well."""
    COMMENT = "comment"
    """Of the history: what the State and UNODC write to each other."""
    DATA = "data"
    """Of the history: what the request was before, and which matches it has."""


class Filing(Struct, frozen=True):
    """A request that is not there yet: for which State, where that is said, and whether it is submitted at once."""

    state: str | None = None
    submit: bool = False


class Scan(Struct, frozen=True):
    """The scan of a note verbale beside its request: between the State and UNODC, and the office's to take back."""

    request: Request


def file_of(request: Request, purpose: Purpose) -> Request | Scan:
    """What is asked about a file: its request, or the scan."""
    return Scan(request) if purpose is Purpose.NOTE_VERBALE else request


FILERS = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_FOCAL_POINT = frozenset({Role.FOCAL_POINT})
_COORDINATOR = frozenset({Role.COORDINATOR})
_EITHER = _FOCAL_POINT | _COORDINATOR
_FILINGS = frozenset({Action.FILE, Action.CHECK})
_LISTS = frozenset({Action.LIST, Action.FOLLOW})
_READS = frozenset({Action.LIST, Action.SHOW, Action.READ_HISTORY})
_OF_ATTACHMENTS = frozenset({Action.READ_ATTACHMENTS, Action.DETACH})
"""Asked of the request: who is not given its words is not told either whether it has any."""

_SHOWN = frozenset({Status.OPEN, Status.IN_DELIVERY, Status.DELIVERED})
_SERVED = _SHOWN | {Status.ON_HOLD}
"""While a match that both sides have accepted shows its provider the lines that it serves."""
_ALL = frozenset(FieldSet)
_AGREED = frozenset({"confirmed", "in_delivery", "completed"})

OF_OFFICE = (Role.COORDINATOR, Role.AUDITOR, Role.SERVICE)
"""Who sees every request that was ever submitted, whatever its State consents to."""

AUDIENCE_READERS = FILERS | {Role.COORDINATOR, Role.AUDITOR}
"""Who is told, of those who see a request, who else does and who has read it."""

MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.REVISE: FILERS,
    Action.ATTACH: FILERS,
    Action.DETACH: FILERS,
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
    Action.SCAN_NOTE: _COORDINATOR,
    Action.RECORD_CONSENT: _COORDINATOR,
    Action.OBJECT: _FOCAL_POINT,
}
"""Who changes a request that they see."""

REOPENERS: Mapping[Status, frozenset[Role]] = {Status.IN_DELIVERY: _COORDINATOR, Status.CLOSED: _FOCAL_POINT}
"""A match that is gone is seen by UNODC, a new need by the State."""

_WHOLE = Decision(None, frozenset(Guarded))
_GIVEN: Mapping[FieldSet, Guarded] = {FieldSet.WORDS: Guarded.WORDS, FieldSet.INSTITUTION: Guarded.INSTITUTION}
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_NOT_YOUR_STATE = denied("not-your-state")


def decide(caller: Caller, action: Action, resource: Request | Scan | Filing | None = None) -> Decision:
    """Whether the caller may do this, and which guarded fields they are shown; what nobody is given leave for is not.

    FILE is asked of a Filing, CHECK of nothing, LIST and FOLLOW of nothing (anybody may ask) and of each request that
    is to stand in it or be told of, all others of the request; of a scan what is asked of attachments.
    """
    if action is Action.CHECK or isinstance(resource, Filing):
        return _decide_filing(caller, action, resource if isinstance(resource, Filing) else Filing())
    if isinstance(resource, Scan):
        return _decide_scan(caller, action, resource.request)
    if not isinstance(resource, Request):
        return ALLOWED if action in _LISTS else HIDDEN
    if not may_see(caller, resource):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    if action in _READS:
        return _shown(caller, resource)
    if action in _OF_ATTACHMENTS and Guarded.WORDS not in _shown(caller, resource).fields:
        return HIDDEN
    if action is Action.READ_ATTACHMENTS:
        return ALLOWED
    if action is Action.READ_AUDIENCE:
        return ALLOWED if caller.role in AUDIENCE_READERS else _NOT_FOR_YOUR_ROLE
    movers = MOVERS.get(action, frozenset())
    if action is Action.REOPEN:
        movers = REOPENERS.get(resource.status, movers)
    return ALLOWED if caller.role in movers else _NOT_FOR_YOUR_ROLE


def _decide_filing(caller: Caller, action: Action, filing: Filing) -> Decision:
    """A filer files for the own State; only a focal point submits. What is no State has none to file for."""
    if action not in _FILINGS:
        return HIDDEN
    if caller.organization not in reference.countries():
        return _NOT_FOR_YOUR_ROLE
    if caller.role not in FILERS or (filing.submit and caller.role is not Role.FOCAL_POINT):
        return _NOT_FOR_YOUR_ROLE
    if filing.state is not None and filing.state != caller.organization:
        return _NOT_YOUR_STATE
    return ALLOWED


def _decide_scan(caller: Caller, action: Action, request: Request) -> Decision:
    if _is_outside(caller) or action not in _OF_ATTACHMENTS or not may_see(caller, request):
        return HIDDEN
    takes_back = action is Action.DETACH
    return _NOT_FOR_YOUR_ROLE if takes_back and caller.role is not Role.COORDINATOR else ALLOWED


def _shown(caller: Caller, request: Request) -> Decision:
    if not _is_outside(caller):
        return _WHOLE
    given = fields_seen(caller, request)
    shown: set[str] = {guarded for field, guarded in _GIVEN.items() if field in given}
    if FieldSet.WORDS in given or lines_served(caller, request):
        shown.add(Guarded.LINE_WORDS)
    if caller.role is Role.PROVIDER_OFFICER and learns_whom_to_turn_to(request, caller.organization):
        shown.add(Guarded.INSTITUTION_NAME)
    return Decision(None, frozenset(shown))


def learns_whom_to_turn_to(request: Request, provider: str) -> bool:
    """True where both sides have accepted, and the consents give the provider the institution."""
    return provider in agreed_matches(request).values() and FieldSet.INSTITUTION in _given_to(request, provider)


def agreed_matches(request: Request) -> dict[UUID, str]:
    """The matches that both sides have accepted and that stand, with their providers."""
    return {
        match_id: request.providers[match_id] for match_id, (_, status) in request.matches.items() if status in _AGREED
    }


def lines_served(caller: Caller, request: Request) -> frozenset[UUID]:
    """The lines that the caller's organization serves by matches that both sides have accepted.

    The State's acceptance opens these and their words to the provider, whatever the consents say, until the match is
    revoked or the request is over.
    """
    if caller.role is not Role.PROVIDER_OFFICER or request.read_at is None:
        return frozenset()
    return lines_opened_to(request, caller.organization)


def lines_opened_to(request: Request, provider: str) -> frozenset[UUID]:
    """As `lines_served`, for a provider's officers."""
    if request.status not in _SERVED or provider in request.excluded_providers:
        return frozenset()
    agreed = agreed_matches(request)
    return frozenset(request.matches[match_id][0] for match_id, serving in agreed.items() if serving == provider)


def lines_shown(caller: Caller, request: Request) -> dict[UUID, frozenset[str]]:
    """The lines of a request that the caller sees, each with its guarded fields: all of them, or those it serves."""
    fields, served = _shown(caller, request).fields, lines_served(caller, request)
    every = bool(fields_seen(caller, request))
    return {
        line.line_id: fields | {Guarded.WORDS} if line.line_id in served else fields
        for line in request.lines
        if every or line.line_id in served
    }


def may_see(caller: Caller, request: Request) -> bool:
    """True where the caller may see the request at all; if not, it does not exist for them."""
    return bool(fields_seen(caller, request) or lines_served(caller, request))


def fields_seen(caller: Caller, request: Request) -> frozenset[FieldSet]:
    """The fields of the whole request as it was read; none where at most the lines that it serves are shown.

    Providers and donors see what the consents in force give to their organization, and nothing else; whom the State
    excludes sees nothing, whatever the consents say: it would find that it does not fit, and know why.
    """
    if _is_outside(caller):
        return _given_to(request, caller.organization)
    if caller.role in FILERS:
        return _ALL if is_of_the_state(caller, request) else frozenset()
    if caller.role in OF_OFFICE:
        return _ALL if is_before_the_office(request) else frozenset()
    return frozenset()


def _given_to(request: Request, organization: str) -> frozenset[FieldSet]:
    if not circulates(request) or request.read_at is None or organization in request.excluded_providers:
        return frozenset()
    return given_to(request.consents.values(), organization, request.read_at)


def circulates(request: Request) -> bool:
    """True while its consents give something to whom they name."""
    return request.status in _SHOWN and request.circulation is Circulation.GRANTED


def is_of_the_state(caller: Caller, request: Request) -> bool:
    """True for those who file for the State whose request it is."""
    return caller.role in FILERS and caller.organization == request.state


def is_before_the_office(request: Request) -> bool:
    """True once it was submitted: before, it is the State's alone."""
    return request.status is not Status.DRAFT and request.submitted_at is not None


def attachments_seen(caller: Caller) -> frozenset[AttachmentStatus]:
    """What has become of the files that somebody is told of who may read them."""
    return READABLE if _is_outside(caller) else READABLE | {AttachmentStatus.PENDING, AttachmentStatus.INFECTED}


def _is_outside(caller: Caller) -> bool:
    """True for those who see of a request what its State consents to."""
    return caller.role in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}
