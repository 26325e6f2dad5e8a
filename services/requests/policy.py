"""The policy of requests: one pure function decides what callers may do and which fields they see.

/docs/permissions is its table. `seen` in SQL is the same rule as `visible_fields` here; a test compares both, and
row-level security with them.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts import reference
from contracts.consents import FieldSet, given_to, is_withdrawn_from
from contracts.decisions import ALLOWED, HIDDEN, Decision, denied, open_moves
from contracts.translations import TranslatedBy
from contracts.values import Caller, Role
from services.requests.action import Action as Action
from services.requests.attachment.model import READABLE, AttachmentStatus, Purpose
from services.requests.mail.model import MOVES as MAIL_MOVES
from services.requests.mail.model import Mail, MailStatus
from services.requests.observation.model import Observation
from services.requests.request.model import Request
from services.requests.request.values import MOVES, Circulation, Status, Visibility
from services.requests.summary.model import PublicSummary
from services.requests.work.saved_views import SavedView


class Guarded(StrEnum):
    """The fields that only some of those who see a request may read."""

    WORDS = "words"
    """Title, need, outcome and existing measures of a line, and attachments: shown if a consent gives them."""
    LINE_WORDS = "line_words"
    """Outcome and existing measures of a line.

    Shown if a consent gives the words, and to the provider of an accepted match for the lines that it serves.
    """
    INSTITUTION = "institution"
    """The institution's code in a line: shown if a consent gives it."""
    INSTITUTION_NAME = "institution_name"
    """The institution's name in a line: shown to a provider by a consent to the institution, after both accepted."""
    CONSENTS = "consents"
    """The State's consents: shown to the State and UNODC only."""
    EXCLUDED_PROVIDERS = "excluded_providers"
    """The providers that the State excludes: shown to the State and UNODC only."""
    COMMENT = "comment"
    """Comments in the history: shown to the State and UNODC only."""
    DATA = "data"
    """The data of facts in the history: shown to the State and UNODC only."""


class Filing(Struct, frozen=True):
    """A request to be created: its State, if given, and whether it is submitted at once."""

    state: str | None = None
    submit: bool = False


class Translated(Struct, frozen=True):
    """An existing translation of a request, and who made it."""

    request: Request
    made_by: TranslatedBy


Owned = SavedView | Observation
"""Records that belong to a person or to a State, and are in no journal."""


class Scan(Struct, frozen=True):
    """The scan of a note verbale: visible to the State and UNODC, removed by a coordinator."""

    request: Request


def file_of(request: Request, purpose: Purpose) -> Request | Scan:
    """Return the resource on which the policy decides for a file: its request, or the scan."""
    return Scan(request) if purpose is Purpose.NOTE_VERBALE else request


FILERS = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_FOCAL_POINT = frozenset({Role.FOCAL_POINT})
_COORDINATOR = frozenset({Role.COORDINATOR})
_EITHER = _FOCAL_POINT | _COORDINATOR
_FILINGS = frozenset({Action.FILE, Action.CHECK})
_UNODC_AS_WELL = frozenset({Action.IMPORT, Action.READ_QUOTAS})
_LISTS = frozenset(
    {Action.LIST, Action.COUNT, Action.FOLLOW, Action.LIST_WORK, Action.SHOW_CALENDAR, Action.SHOW_CRITERIA}
) | {
    Action.LIST_VIEWS,
    Action.SAVE_VIEW,
}
_OF_A_VIEW = frozenset({Action.LIST_VIEWS, Action.SHOW_VIEW, Action.REVISE_VIEW, Action.REMOVE_VIEW})
_OF_OBSERVATIONS = frozenset(action for action in Action if "observation" in action)
_VIEW_READS = frozenset({Action.LIST_VIEWS, Action.SHOW_VIEW})
_OF_UNODC = frozenset({Action.FILE_ON_BEHALF, Action.HAND_OVER, Action.SET_CALENDAR, Action.PUBLISH_CRITERIA})
_READS = frozenset({Action.LIST, Action.SHOW, Action.READ_HISTORY, Action.READ_CLOCKS})
_MAIL_READS = frozenset({Action.SHOW_MAIL, Action.READ_MAIL_FILE})
_MAIL_MOVERS = {Action.FILE_MAIL: _COORDINATOR, Action.DISCARD_MAIL: _COORDINATOR}
_OF_ATTACHMENTS = frozenset({Action.READ_ATTACHMENTS, Action.DETACH})
"""Actions decided on the request: callers without its words do not learn whether it has attachments."""

_SHOWN = frozenset({Status.OPEN, Status.IN_DELIVERY, Status.DELIVERED})
_SERVED = _SHOWN | {Status.ON_HOLD}
"""Statuses in which an accepted match shows its provider the lines that it serves."""
_ALL = frozenset(FieldSet)
_OF_THE_AUDIENCE = frozenset({Action.READ_AUDIENCE, Action.READ_MESSAGES})
_OUTSIDERS = frozenset({Role.PROVIDER_OFFICER, Role.DONOR_OFFICER})
_AGREED = frozenset({"confirmed", "in_delivery", "completed"})

ROLES_BY_OFFICE = (Role.COORDINATOR, Role.AUDITOR, Role.SERVICE)
"""Roles that see every submitted request, with or without consent of its State."""

TRIAGE_READERS = frozenset({Role.COORDINATOR, Role.AUDITOR})
"""Roles that read the mails in the triage box."""

AUDIENCE_READERS = FILERS | {Role.COORDINATOR, Role.AUDITOR}
"""Roles that may also read who sees a request and who has read it, and the messages on it."""

MOVERS: Mapping[Action, frozenset[Role]] = {
    Action.REVISE: FILERS,
    Action.ATTACH: FILERS,
    Action.DETACH: FILERS,
    Action.TRANSLATE: FILERS | _COORDINATOR,
    Action.READ_SUMMARY: AUDIENCE_READERS | {Role.SERVICE},
    Action.DRAFT_SUMMARY: FILERS | _COORDINATOR,
    Action.PUBLISH_SUMMARY: _FOCAL_POINT,
    Action.SUBMIT: _FOCAL_POINT,
    Action.RECORD_CONFIRMATION: _COORDINATOR,
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
    Action.ASSIGN: _COORDINATOR,
    Action.ASSESS: _COORDINATOR,
}
"""The roles that may make each move, on a request visible to them."""

REOPENERS: Mapping[Status, frozenset[Role]] = {Status.IN_DELIVERY: _COORDINATOR, Status.CLOSED: _FOCAL_POINT}
"""Roles that may reopen a request, by status: UNODC after a revoked match, the State for a new need."""

_WHOLE = Decision(None, frozenset(Guarded))
_GIVEN: Mapping[FieldSet, Guarded] = {FieldSet.WORDS: Guarded.WORDS, FieldSet.INSTITUTION: Guarded.INSTITUTION}
_NOT_FOR_YOUR_ROLE = denied("not-for-your-role")
_NOT_YOUR_STATE = denied("not-your-state")


def decide(
    caller: Caller, action: Action, resource: Request | Translated | Scan | Filing | Mail | Owned | None = None
) -> Decision:
    """Decide whether the caller may do this, and which guarded fields they see; everything not granted is denied.

    FILE is decided on a Filing, actions without a record on None, lists on None (allowed to all) and on each request
    listed, actions on a scan's attachment on the Scan, everything else on the request. TRANSLATE is also decided on an
    existing translation: only the State replaces or withdraws its own. Actions on mails are decided on the mail, those
    on saved views on the view.
    """
    if action in _OF_UNODC:
        return ALLOWED if caller.role is Role.COORDINATOR else _NOT_FOR_YOUR_ROLE
    if action in _UNODC_AS_WELL:
        imports = caller.role is Role.COORDINATOR
        filing = resource if isinstance(resource, Filing) else Filing()
        return ALLOWED if imports else _decide_filing(caller, Action.FILE, filing)
    if action is Action.CHECK or isinstance(resource, Filing):
        return _decide_filing(caller, action, resource if isinstance(resource, Filing) else Filing())
    if action is Action.LIST_MAILS:
        return ALLOWED if caller.role in TRIAGE_READERS else _NOT_FOR_YOUR_ROLE
    if isinstance(resource, Mail):
        return _decide_mail(caller, action, resource)
    if action in _OF_OBSERVATIONS:
        return _decide_observation(caller, resource if isinstance(resource, Observation) else None)
    if isinstance(resource, SavedView):
        return _decide_view(caller, action, resource)
    if isinstance(resource, Scan):
        return _decide_scan(caller, action, resource.request)
    if isinstance(resource, Translated):
        decision = decide(caller, action, resource.request)
        others = decision.allowed and resource.made_by is TranslatedBy.STATE and caller.role not in FILERS
        return _NOT_FOR_YOUR_ROLE if others and action is Action.TRANSLATE else decision
    if not isinstance(resource, Request):
        return ALLOWED if action in _LISTS else HIDDEN
    if action is Action.SHOW_CLOSING:
        return ALLOWED if may_see_closing(caller, resource) else HIDDEN
    if not may_see(caller, resource):
        return HIDDEN
    if action is Action.FOLLOW:
        return ALLOWED
    if action in _READS:
        return _shown(caller, resource)
    if action is Action.READ_TRANSLATIONS:
        shown = _shown(caller, resource)
        return shown if Guarded.LINE_WORDS in shown.fields else HIDDEN
    if action in _OF_ATTACHMENTS and Guarded.WORDS not in _shown(caller, resource).fields:
        return HIDDEN
    if action is Action.READ_ATTACHMENTS:
        return ALLOWED
    if action in _OF_THE_AUDIENCE:
        return ALLOWED if caller.role in AUDIENCE_READERS else _NOT_FOR_YOUR_ROLE
    movers = MOVERS.get(action, frozenset())
    if action is Action.REVISE and is_unconfirmed(resource):
        movers |= _COORDINATOR
    if action is Action.RECORD_CONFIRMATION and resource.channel is None:
        movers = frozenset()
    if action is Action.REOPEN:
        movers = REOPENERS.get(resource.status, movers)
    return ALLOWED if caller.role in movers else _NOT_FOR_YOUR_ROLE


def _decide_filing(caller: Caller, action: Action, filing: Filing) -> Decision:
    """Decide on a filing: filers file for their own State, only focal points submit, and only States may file."""
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


def _decide_mail(caller: Caller, action: Action, mail: Mail) -> Decision:
    if not may_see_mail(caller, mail):
        return HIDDEN
    if action in _MAIL_READS:
        return ALLOWED
    return ALLOWED if caller.role in _MAIL_MOVERS.get(action, frozenset()) else _NOT_FOR_YOUR_ROLE


def _decide_observation(caller: Caller, observation: Observation | None) -> Decision:
    """Decide on an observation: only those who file for its State may use it; others do not learn of it."""
    filing = _decide_filing(caller, Action.FILE, Filing())
    if observation is None:
        return filing
    return ALLOWED if filing.allowed and caller.organization == observation.state else HIDDEN


def _decide_view(caller: Caller, action: Action, view: SavedView) -> Decision:
    """Decide on a saved view: its owner may do everything, colleagues in the organization may read a shared one."""
    own = caller.person_id == view.person_id
    if caller.organization != view.organization or not (own or view.shared) or action not in _OF_A_VIEW:
        return HIDDEN
    return ALLOWED if own or action in _VIEW_READS else _NOT_FOR_YOUR_ROLE


def may_see_mail(caller: Caller, mail: Mail) -> bool:
    """Check whether the caller may see a mail: UNODC sees all, and the sender's State sees messages."""
    if caller.role in ROLES_BY_OFFICE:
        return True
    return mail.status is MailStatus.ADDED and caller.role in FILERS and caller.organization == mail.organization


def mail_moves_open_to(caller: Caller, mail: Mail) -> tuple[str, ...]:
    """Return the moves of a mail that this caller may make now."""
    return open_moves(caller, mail, Action, decide, MAIL_MOVES)


def _shown(caller: Caller, request: Request) -> Decision:
    if not _is_outside(caller):
        return _WHOLE
    given = visible_fields(caller, request)
    shown: set[str] = {guarded for field, guarded in _GIVEN.items() if field in given}
    if FieldSet.WORDS in given or lines_served(caller, request):
        shown.add(Guarded.LINE_WORDS)
    if caller.role is Role.PROVIDER_OFFICER and may_see_institution_name(request, caller.organization):
        shown.add(Guarded.INSTITUTION_NAME)
    return Decision(None, frozenset(shown))


def moves_open_to(caller: Caller, request: Request) -> tuple[str, ...]:
    """Return the moves that this caller may make now."""
    return open_moves(caller, request, Action, decide, MOVES)


def may_see_institution_name(request: Request, provider: str) -> bool:
    """Check whether both sides have accepted a match, and the consents give the provider the institution."""
    return provider in agreed_matches(request).values() and FieldSet.INSTITUTION in _given_to(request, provider)


def agreed_matches(request: Request) -> dict[UUID, str]:
    """Return the matches in force that both sides have accepted, with their providers."""
    return {
        match_id: request.providers[match_id] for match_id, (_, status) in request.matches.items() if status in _AGREED
    }


def lines_served(caller: Caller, request: Request) -> frozenset[UUID]:
    """Return the lines that the caller's organization serves by accepted matches.

    An accepted match shows these lines and their words to the provider, also after the end of a consent, until the
    State withdraws one, the match is revoked or the request is over.
    """
    if caller.role is not Role.PROVIDER_OFFICER or request.read_at is None:
        return frozenset()
    return lines_opened_to(request, caller.organization)


def lines_opened_to(request: Request, provider: str) -> frozenset[UUID]:
    """Like `lines_served`, for a provider's officers."""
    if request.status not in _SERVED or provider in request.excluded_providers:
        return frozenset()
    agreed = agreed_matches(request)
    return frozenset(
        request.matches[match_id][0]
        for match_id, serving in agreed.items()
        if serving == provider and not _is_withdrawn_from(request, provider, request.agreed_at[match_id])
    )


def _is_withdrawn_from(request: Request, provider: str, agreed_at: datetime) -> bool:
    assert request.read_at is not None, "the request was read for a caller"
    return is_withdrawn_from(request.consents.values(), provider, agreed_at, request.read_at)


def lines_shown(caller: Caller, request: Request) -> dict[UUID, frozenset[str]]:
    """Return the lines that the caller sees, each with its guarded fields: all lines, or those it serves."""
    fields, served = _shown(caller, request).fields, lines_served(caller, request)
    every = bool(visible_fields(caller, request))
    return {
        line.line_id: fields | {Guarded.WORDS} if line.line_id in served else fields
        for line in request.all_lines
        if every or line.line_id in served
    }


def may_see(caller: Caller, request: Request) -> bool:
    """Check whether the caller may see the request; if not, it does not exist for them."""
    return bool(visible_fields(caller, request) or lines_served(caller, request))


def may_see_closing(caller: Caller, request: Request) -> bool:
    """Check whether the caller may see how the request was closed.

    The State, UNODC, and providers that completed a delivery of the request may.
    """
    if not _is_outside(caller):
        return may_see(caller, request)
    completed = {
        request.providers[match_id] for match_id, (_, status) in request.matches.items() if status == "completed"
    }
    return caller.role is Role.PROVIDER_OFFICER and caller.organization in completed


def visible_fields(caller: Caller, request: Request) -> frozenset[FieldSet]:
    """Return the visible fields of the whole request as it was read; empty if the caller sees at most lines it serves.

    Providers and donors see what the consents in force give to their organization. An excluded provider sees nothing
    even with a consent, because it could infer its exclusion.
    """
    if _is_outside(caller):
        return _given_to(request, caller.organization)
    if caller.role in FILERS:
        return _ALL if files_for_its_state(caller, request) else frozenset()
    if caller.role in ROLES_BY_OFFICE:
        return _ALL if is_known_to_unodc(request) else frozenset()
    return frozenset()


def _given_to(request: Request, organization: str) -> frozenset[FieldSet]:
    if not circulates(request) or request.read_at is None or organization in request.excluded_providers:
        return frozenset()
    return given_to(request.consents.values(), organization, request.read_at)


def circulates(request: Request) -> bool:
    """Check whether the request's consents show something to their recipients."""
    return request.status in _SHOWN and request.circulation is Circulation.GRANTED


def files_for_its_state(caller: Caller, request: Request) -> bool:
    """Check whether the caller files for the State of the request."""
    return caller.role in FILERS and caller.organization == request.state


def is_known_to_unodc(request: Request) -> bool:
    """Check whether UNODC sees the request: it was submitted, or UNODC filed it on the State's behalf."""
    return (request.status is not Status.DRAFT and request.submitted_at is not None) or request.channel is not None


def is_unconfirmed(request: Request) -> bool:
    """Check whether UNODC filed the request on the State's behalf, and the State has not confirmed it yet."""
    return request.status is Status.DRAFT and request.channel is not None


def is_public(request: Request, summary: PublicSummary) -> bool:
    """Check whether everybody may read the approved summary of a request; `is_public` in SQL is the same rule."""
    chosen = request.visibility is Visibility.PUBLIC_SUMMARY and not request.restricted
    return bool(summary.approved) and chosen and circulates(request)


def author(caller: Caller, *, machine: bool) -> TranslatedBy:
    """Return the author with whom a text of this caller is marked."""
    if machine:
        return TranslatedBy.MACHINE
    return TranslatedBy.STATE if caller.role in FILERS else TranslatedBy.UNODC


def attachments_seen(caller: Caller) -> frozenset[AttachmentStatus]:
    """Return the attachment statuses whose files the caller may list."""
    return READABLE if _is_outside(caller) else READABLE | {AttachmentStatus.PENDING, AttachmentStatus.INFECTED}


def _is_outside(caller: Caller) -> bool:
    """Check whether the caller sees only what the State of a request consents to."""
    return caller.role in _OUTSIDERS
