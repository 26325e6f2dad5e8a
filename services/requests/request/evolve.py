"""The functions that fold facts into a request, used by actions and by the rebuild of the tables."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace

from contracts.consents import Consent, Terms, recipients_by_visibility
from contracts.coverage import Fulfilment
from contracts.criteria import RequestAssessed
from contracts.facts import Fact
from contracts.requests import (
    CirculationDecided,
    ConsentEnded,
    ConsentGiven,
    ConsentRecorded,
    ConsentWithdrawn,
    DeliveryEvaluated,
    LineFulfilmentChanged,
    RequestAssigned,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestDrafted,
    RequestFiledOnBehalf,
    RequestHeld,
    RequestLapsed,
    RequestOpened,
    RequestRegistered,
    RequestReminded,
    RequestReopened,
    RequestResumed,
    RequestReturned,
    RequestRevised,
    RequestStarted,
    RequestSubmitted,
    RequestWithdrawn,
)
from services.requests.clock.calendar import end_after
from services.requests.request.completeness import is_restricted
from services.requests.request.deliveries import Outcome
from services.requests.request.model import Request
from services.requests.request.values import (
    Addressee,
    Circulation,
    CirculationRule,
    FilingChannel,
    Priority,
    Status,
    Visibility,
)

OBJECTION_WORKING_DAYS = 5
"""Working days in which a State that chose the silence rule may object before its request circulates."""


def evolve(request: Request | None, fact: Fact) -> Request:
    """Apply a fact; the revision increases by one."""
    if request is None:
        assert isinstance(fact, Begun), "a request begins with a draft or a submission"
        return _begun(fact)
    return replace(request, revision=request.revision + 1, **_changes(request, fact))


Begun = RequestDrafted | RequestFiledOnBehalf | RequestSubmitted


def _begun(fact: Begun) -> Request:
    match fact:
        case RequestDrafted():
            begun = {"status": Status.DRAFT, "drafted_at": fact.drafted_at, **_content(fact)}
        case RequestFiledOnBehalf():
            received = {"channel": FilingChannel(fact.channel), "received_on": fact.received_on}
            begun = {"status": Status.DRAFT, "drafted_at": fact.filed_at, **_content(fact), **received}
        case RequestSubmitted():
            begun = {"status": Status.SUBMITTED, "drafted_at": fact.submitted_at, **_submitted(fact)}
    return Request(request_id=fact.request_id, state=fact.state, revision=1, **begun)


def _content(fact: Begun | RequestRevised) -> dict[str, Any]:
    incomplete = () if isinstance(fact, RequestSubmitted) else fact.incomplete
    return {
        "language": fact.language,
        "visibility": Visibility(fact.visibility),
        "addressee": Addressee(fact.addressee),
        "addressed_states": fact.addressed_states,
        "circulation_rule": CirculationRule(fact.circulation_rule),
        "circulation": Circulation.NONE,
        "window_ends_at": None,
        "restricted": is_restricted((*fact.lines, *incomplete)),
        "lines": fact.lines,
        "incomplete": incomplete,
        "fulfilment": {line.line_id: Fulfilment.NONE for line in fact.lines},
        "texts_hash": fact.texts_hash,
        "excluded_providers": fact.excluded_providers,
    }


def _submitted(fact: RequestSubmitted) -> dict[str, Any]:
    """Apply the State's choice of circulation; the submission is itself a consent, under the request's id."""
    changes = {
        **_content(fact),
        "submitted_at": fact.submitted_at,
        "confirmation_scan_id": fact.scan_id,
        "reference": fact.reference,
    }
    if fact.circulation_rule == CirculationRule.NONE:
        return changes
    silence = fact.circulation_rule == CirculationRule.SILENCE
    return {
        **changes,
        "circulation": Circulation.WINDOW_RUNNING if silence else Circulation.GRANTED,
        "window_ends_at": with_window(fact).window_ends_at,
        "consents": {fact.request_id: _consent(fact.request_id, _by_visibility(fact), fact.submitted_at)},
    }


NOT_ASSESSED: Mapping[str, Any] = {"criteria_version": None, "eligible": None, "assessed_priority": None}
ANSWERED: Mapping[str, Any] = {"held_from": None, "waiting_since": None, "reminders": 0}


def _changes(request: Request, fact: Fact) -> dict[str, Any]:
    match fact:
        case RequestRevised():
            return {**_content(fact), "consents": _ended_all(request, fact.revised_at)}
        case RequestSubmitted():
            chosen = _submitted(fact)
            consents = _ended_all(request, fact.submitted_at) | chosen.get("consents", {})
            return {"status": Status.SUBMITTED, **chosen, "consents": consents, **ANSWERED, **NOT_ASSESSED}
        case RequestRegistered():
            return {"status": Status.REGISTERED, "registered_at": fact.registered_at}
        case RequestReturned():
            return {"status": Status.RETURNED, "waiting_since": fact.returned_at, "reminders": 0}
        case RequestDeclined():
            return _ended(request, Status.NOT_ACCEPTED)
        case RequestOpened():
            return {"status": Status.OPEN, "priority": Priority(fact.priority)}
        case RequestAssessed():
            assessed = {"eligible": fact.eligible, "assessed_priority": Priority(fact.priority)}
            return {"criteria_version": fact.criteria_version, **assessed}
        case RequestAssigned():
            return {"assignee": fact.assignee}
        case RequestHeld():
            waiting = {"waiting_since": fact.held_at, "reminders": 0}
            return {"status": Status.ON_HOLD, "held_from": request.status, **waiting}
        case RequestResumed():
            return {"status": request.held_from, **ANSWERED}
        case RequestStarted():
            return {"status": Status.IN_DELIVERY}
        case RequestReopened():
            return {"status": Status.OPEN}
        case RequestDelivered():
            return {"status": Status.DELIVERED}
        case RequestClosed():
            return {"status": Status.CLOSED, "outcome": Outcome(fact.outcome)}
        case RequestWithdrawn():
            return _ended(request, Status.WITHDRAWN)
        case RequestReminded():
            return {"reminders": fact.reminder}
        case RequestLapsed():
            return _ended(request, Status.LAPSED)
        case CirculationDecided():
            return {"circulation": Circulation(fact.circulation), "window_ends_at": None}
        case ConsentGiven():
            return _consented(request, fact, fact.given_at)
        case ConsentRecorded():
            return _consented(request, fact, fact.recorded_at)
        case ConsentWithdrawn():
            changed = replace(request.consents[fact.consent_id], withdrawn_at=fact.withdrawn_at)
            return _left(request, changed, fact.circulation)
        case ConsentEnded():
            changed = replace(request.consents[fact.consent_id], ended_at=fact.ended_at)
            return _left(request, changed, fact.circulation)
        case LineFulfilmentChanged():
            return {
                "fulfilment": {**request.fulfilment, fact.line_id: Fulfilment(fact.fulfilment)},
                "matches": {**request.matches, fact.match_id: (fact.line_id, fact.match_status)},
                "providers": {**request.providers, fact.match_id: fact.provider},
                "agreed_at": {fact.match_id: fact.changed_at, **request.agreed_at},
                "covers": {**request.covers, fact.match_id: fact.covers},
            }
        case DeliveryEvaluated():
            of_match = {**request.evaluations.get(fact.match_id, {}), fact.side: Outcome(fact.result)}
            return {"evaluations": {**request.evaluations, fact.match_id: of_match}}
    raise AssertionError(f"{fact.type} is not a request's fact")


def _ended(request: Request, status: Status) -> dict[str, Any]:
    """End the request; its objection window ends with it, because silence does not consent to a withdrawn request."""
    stopped: dict[str, Any] = {}
    if request.circulation is Circulation.WINDOW_RUNNING:
        stopped = {"circulation": Circulation.NONE, "window_ends_at": None}
    return {"status": status, **ANSWERED, **stopped}


def _consented(request: Request, fact: ConsentGiven | ConsentRecorded, given_at: datetime) -> dict[str, Any]:
    consents = dict(request.consents)
    if fact.instead_of is not None:
        consents[fact.instead_of] = replace(consents[fact.instead_of], ended_at=given_at)
    terms = Terms(recipients=fact.recipients, fields=fact.fields, starts_at=fact.starts_at, ends_at=fact.ends_at)
    consent = _consent(fact.consent_id, terms, given_at)
    if isinstance(fact, ConsentRecorded):
        consent = replace(consent, recorded=True, scan_id=fact.scan_id)
    consents[fact.consent_id] = consent
    return {"circulation": Circulation.GRANTED, "window_ends_at": None, "consents": consents}


def _left(request: Request, changed: Consent, circulation: str) -> dict[str, Any]:
    return {
        "circulation": Circulation(circulation),
        "window_ends_at": None,
        "consents": {**request.consents, changed.consent_id: changed},
    }


def _ended_all(request: Request, at: datetime) -> dict[UUID, Consent]:
    """End all consents: each applies to the content at the time it was given, so new content needs a new one."""
    return {
        consent_id: replace(consent, ended_at=at) if consent.active else consent
        for consent_id, consent in request.consents.items()
    }


def _by_visibility(fact: RequestSubmitted) -> Terms:
    return Terms(recipients=recipients_by_visibility(fact.visibility, fact.addressee, fact.addressed_states))


def _consent(consent_id: UUID, terms: Terms, given_at: datetime) -> Consent:
    return Consent(consent_id=consent_id, **asdict(terms), given_at=given_at)


def with_window(fact: RequestSubmitted, holidays: Collection[date] = ()) -> RequestSubmitted:
    """Add the end of the objection window to a submission that has none and circulates by silence."""
    if fact.circulation_rule != CirculationRule.SILENCE or fact.window_ends_at is not None:
        return fact
    return replace(fact, window_ends_at=end_after(fact.submitted_at, OBJECTION_WORKING_DAYS, holidays))
