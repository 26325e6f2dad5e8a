"""Consumers of facts of requests, consents, deliveries and erasures, and their effects on matches."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from msgspec.structs import asdict

from chassis import clock
from chassis.db.database import Tx
from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.consents import Consent, RequestConsents, Terms, recipients_by_visibility
from contracts.deliveries import DeliveryBegun, DeliveryCompleted, DeliveryTerminated
from contracts.directory import PersonErased
from contracts.facts import Event, Fact
from contracts.requests import (
    CirculationDecided,
    ConsentEnded,
    ConsentGiven,
    ConsentRecorded,
    ConsentWithdrawn,
    LineFulfilmentChanged,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestHeld,
    RequestLapsed,
    RequestOpened,
    RequestRegistered,
    RequestReopened,
    RequestResumed,
    RequestReturned,
    RequestRevised,
    RequestStarted,
    RequestSubmitted,
    RequestWithdrawn,
)
from contracts.values import is_unodc
from services.matching.index.memory import Memory
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import STATUS_AFTER
from services.matching.matches import delivery_actions, suggestions
from services.matching.matches import store as match_store
from services.matching.matches.model import SHOWN, MatchStatus
from services.matching.packages import match_actions as package_actions
from services.matching.texts import store as reading_store


async def on_submitted(tx: Tx, event: Event, fact: RequestSubmitted, *, memory: Memory) -> None:
    """Store lines and consents, queue the texts for the embedding model, and suggest the best offerings.

    Matches that no longer fit end.
    """
    begins = event.aggregateversion == 1
    changed = frozenset[UUID]() if begins else await line_store.changed_lines(tx, fact)
    await line_store.save(tx, fact)
    await _on_consent_by_submission(tx, event, fact)
    await reading_store.queue_submitted(tx, fact.request_id, fact.texts_hash)
    now = clock.now()
    await suggestions.resuggest(tx, memory, fact.request_id, because=event, now=now, begins=begins, changed=changed)


async def on_status_changed(tx: Tx, event: Event, fact: Any) -> None:
    await line_store.set_status(tx, fact.request_id, STATUS_AFTER[type(fact)])


async def on_opened(tx: Tx, event: Event, fact: RequestOpened) -> None:
    await on_status_changed(tx, event, fact)
    await line_store.set_priority(tx, fact.request_id, fact.priority)


async def on_resumed(tx: Tx, event: Event, fact: RequestResumed) -> None:
    await line_store.resume(tx, fact.request_id)


async def on_reopened(tx: Tx, event: Event, fact: RequestReopened, *, memory: Memory) -> None:
    """Suggest offerings again; matches that expired when the request was closed may begin again."""
    await on_status_changed(tx, event, fact)
    await reading_store.queue_request(tx, fact.request_id)
    await suggestions.resuggest(tx, memory, fact.request_id, because=event, now=clock.now())


async def on_ended(
    tx: Tx, event: Event, fact: RequestClosed | RequestDeclined | RequestLapsed | RequestWithdrawn
) -> None:
    await on_status_changed(tx, event, fact)
    if not isinstance(fact, RequestClosed):
        # The texts of a closed request are kept for the search for similar lines.
        await reading_store.delete(tx, fact.request_id)
    matches = await match_store.not_confirmed_of_request(tx, fact.request_id)
    await suggestions.expire(tx, matches, because=event, now=clock.now())


async def on_revised(tx: Tx, event: Event, fact: RequestRevised) -> None:
    """Delete the readings and end the consents, which were of the previous content."""
    await reading_store.delete(tx, fact.request_id)
    await consent_store.end(tx, fact.request_id, event.aggregateversion, fact.revised_at)


async def _on_consent_by_submission(tx: Tx, event: Event, fact: RequestSubmitted) -> None:
    """Replace the consents: with the rule `granted`, the submission is a consent with the request's id."""
    given: tuple[Consent, ...] = ()
    if fact.circulation_rule == "granted":
        recipients = recipients_by_visibility(fact.visibility, fact.addressee, fact.addressed_states)
        terms = Terms(recipients=recipients)
        given = (Consent(consent_id=fact.request_id, **asdict(terms), given_at=fact.submitted_at, recorded=False),)
    await consent_store.replace(tx, _consents(event, fact, given), fact.submitted_at)


async def on_consent_given(tx: Tx, event: Event, fact: ConsentGiven | ConsentRecorded) -> None:
    """Widen the disclosure; an explicit consent replaces a pending consent by silence."""
    given_at = fact.given_at if isinstance(fact, ConsentGiven) else fact.recorded_at
    if fact.instead_of is not None:
        await consent_store.end(tx, fact.request_id, event.aggregateversion, given_at, consent_id=fact.instead_of)
    terms = Terms(recipients=fact.recipients, fields=fact.fields, starts_at=fact.starts_at, ends_at=fact.ends_at)
    await _put(tx, event, fact, fact.consent_id, terms, given_at)
    await line_store.set_circulation(tx, fact.request_id, "granted")


async def _put(tx: Tx, event: Event, fact: Any, consent_id: UUID, terms: Terms, given_at: datetime) -> None:
    recorded = isinstance(fact, ConsentRecorded)
    consent = Consent(consent_id=consent_id, **asdict(terms), given_at=given_at, recorded=recorded)
    await consent_store.save(tx, [_consents(event, fact, (consent,))])


def _consents(event: Event, fact: Any, consents: tuple[Consent, ...]) -> RequestConsents:
    """The consents as of the revision that a fact made."""
    return RequestConsents(
        request_id=fact.request_id, state=fact.state, revision=event.aggregateversion, consents=consents
    )


async def on_consent_lost(tx: Tx, event: Event, fact: ConsentWithdrawn | ConsentEnded) -> None:
    at = fact.withdrawn_at if isinstance(fact, ConsentWithdrawn) else fact.ended_at
    await consent_store.end(tx, fact.request_id, event.aggregateversion, at, consent_id=fact.consent_id)
    await line_store.set_circulation(tx, fact.request_id, fact.circulation)
    await _expire_unshown(tx, event, fact.request_id)
    await package_actions.end_undisclosed(tx, fact.request_id, because=event, now=clock.now())


async def on_circulation_decided(tx: Tx, event: Event, fact: CirculationDecided) -> None:
    """Store the decision; a window that ended without objection is a consent with the request's id."""
    await line_store.set_circulation(tx, fact.request_id, fact.circulation)
    terms = await line_store.terms_by_visibility(tx, fact.request_id)
    if terms is not None and fact.circulation == "granted":
        await _put(tx, event, fact, fact.request_id, terms, fact.decided_at)


async def _expire_unshown(tx: Tx, event: Event, request_id: UUID) -> None:
    """End shown matches whose provider no consent includes any more, except agreed ones and those of UNODC units."""
    now = clock.now()
    shown = [
        match
        for match in await match_store.not_confirmed_of_request(tx, request_id)
        if match.status in SHOWN
        and not is_unodc(match.provider)
        and not await line_store.is_disclosed_to(tx, request_id, match.provider)
    ]
    await suggestions.expire(tx, shown, because=event, now=now)


async def on_fulfilment_changed(tx: Tx, event: Event, fact: LineFulfilmentChanged, *, memory: Memory) -> None:
    """Suggest offerings again once a revoked match has given places of a group back."""
    if fact.match_status == MatchStatus.REVOKED:
        await suggestions.resuggest(tx, memory, fact.request_id, because=event, now=clock.now())


def handlers(memory: Memory) -> Mapping[type[Fact], Handler]:
    return {
        RequestSubmitted: partial(on_submitted, memory=memory),
        RequestRegistered: on_status_changed,
        RequestReturned: on_status_changed,
        RequestDeclined: on_ended,
        RequestOpened: on_opened,
        RequestHeld: on_status_changed,
        RequestResumed: on_resumed,
        RequestStarted: on_status_changed,
        RequestReopened: partial(on_reopened, memory=memory),
        RequestDelivered: on_status_changed,
        RequestClosed: on_ended,
        RequestWithdrawn: on_ended,
        RequestLapsed: on_ended,
        RequestRevised: on_revised,
        CirculationDecided: on_circulation_decided,
        ConsentGiven: on_consent_given,
        ConsentRecorded: on_consent_given,
        ConsentWithdrawn: on_consent_lost,
        ConsentEnded: on_consent_lost,
        LineFulfilmentChanged: partial(on_fulfilment_changed, memory=memory),
        DeliveryBegun: delivery_actions.on_begun,
        DeliveryCompleted: delivery_actions.on_completed,
        DeliveryTerminated: delivery_actions.on_terminated,
        PersonErased: handler_of(forget),
    }


HANDLERS = handlers(Memory())
"""Handlers with a memory that is never loaded, so that PostgreSQL ranks: for tests, and for the facts consumed.

A running service has its own `handlers(memory)` (`wiring.py`).
"""
