"""What matching hears: all that becomes of a request, what follows for the matches of its lines, who was erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict

from chassis import clock
from chassis.db.database import Tx
from chassis.erasure import forget, hearing
from chassis.journal.inbox import Handler
from contracts.consents import Consent, RequestConsents, Terms, recipients_by_visibility
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
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import STATUS_AFTER
from services.matching.matches import store as match_store
from services.matching.matches import suggestions as suggesting
from services.matching.matches.model import SHOWN
from services.matching.texts import store as reading_store


async def hear_of_submission(tx: Tx, event: Event, fact: RequestSubmitted) -> None:
    """Know the lines as they now stand, end the matches they no longer fit, and suggest what fits them best."""
    await line_store.put(tx, fact)
    await _hear_of_consent_by_submission(tx, event, fact)
    await reading_store.want_submitted(tx, fact.request_id, fact.texts_hash)
    begins = event.aggregateversion == 1
    await suggesting.anew(tx, fact.request_id, because=event, now=clock.now(), begins=begins)


async def hear_of_move(tx: Tx, event: Event, fact: Any) -> None:
    await line_store.move(tx, fact.request_id, STATUS_AFTER[type(fact)])


async def hear_of_opening(tx: Tx, event: Event, fact: RequestOpened) -> None:
    await hear_of_move(tx, event, fact)
    await line_store.prioritize(tx, fact.request_id, fact.priority)


async def hear_of_resumption(tx: Tx, event: Event, fact: RequestResumed) -> None:
    await line_store.resume(tx, fact.request_id)


async def hear_of_reopening(tx: Tx, event: Event, fact: RequestReopened) -> None:
    """The lines seek again: also what expired when the request was closed may be suggested anew."""
    await hear_of_move(tx, event, fact)
    await reading_store.want_request(tx, fact.request_id)
    await suggesting.anew(tx, fact.request_id, because=event, now=clock.now())


async def hear_of_end(
    tx: Tx, event: Event, fact: RequestClosed | RequestDeclined | RequestLapsed | RequestWithdrawn
) -> None:
    await hear_of_move(tx, event, fact)
    if not isinstance(fact, RequestClosed):
        # What a closed request said is read still, where its State or the office looks for similar ones.
        await reading_store.forget(tx, fact.request_id)
    matches = await match_store.not_confirmed_of_request(tx, fact.request_id)
    await suggesting.expire(tx, matches, because=event, now=clock.now())


async def hear_of_revision(tx: Tx, event: Event, fact: RequestRevised) -> None:
    """What was consented to, and what was read, was what the request said before."""
    await reading_store.forget(tx, fact.request_id)
    await consent_store.end(tx, fact.request_id, event.aggregateversion, fact.revised_at)


async def _hear_of_consent_by_submission(tx: Tx, event: Event, fact: RequestSubmitted) -> None:
    """The submission is a consent, under the request's own id, unless silence has to be waited for."""
    given: tuple[Consent, ...] = ()
    if fact.circulation_rule == "granted":
        recipients = recipients_by_visibility(fact.visibility, fact.addressee, fact.addressed_states)
        terms = Terms(recipients=recipients)
        given = (Consent(consent_id=fact.request_id, **asdict(terms), given_at=fact.submitted_at, recorded=False),)
    await consent_store.replace(tx, _consents(event, fact, given), fact.submitted_at)


async def hear_of_consent(tx: Tx, event: Event, fact: ConsentGiven | ConsentRecorded) -> None:
    """Somebody may be shown more; what silence would have given is not given any more."""
    given_at = fact.given_at if isinstance(fact, ConsentGiven) else fact.recorded_at
    if fact.instead_of is not None:
        await consent_store.end(tx, fact.request_id, event.aggregateversion, given_at, consent_id=fact.instead_of)
    terms = Terms(recipients=fact.recipients, fields=fact.fields, starts_at=fact.starts_at, ends_at=fact.ends_at)
    await _put(tx, event, fact, fact.consent_id, terms, given_at)
    await line_store.circulate(tx, fact.request_id, "granted")


async def _put(tx: Tx, event: Event, fact: Any, consent_id: UUID, terms: Terms, given_at: datetime) -> None:
    recorded = isinstance(fact, ConsentRecorded)
    consent = Consent(consent_id=consent_id, **asdict(terms), given_at=given_at, recorded=recorded)
    await consent_store.put(tx, [_consents(event, fact, (consent,))])


def _consents(event: Event, fact: Any, consents: tuple[Consent, ...]) -> RequestConsents:
    """As they stand at the revision that a fact made."""
    return RequestConsents(
        request_id=fact.request_id, state=fact.state, revision=event.aggregateversion, consents=consents
    )


async def hear_of_lost_consent(tx: Tx, event: Event, fact: ConsentWithdrawn | ConsentEnded) -> None:
    at = fact.withdrawn_at if isinstance(fact, ConsentWithdrawn) else fact.ended_at
    await consent_store.end(tx, fact.request_id, event.aggregateversion, at, consent_id=fact.consent_id)
    await line_store.circulate(tx, fact.request_id, fact.circulation)
    await _expire_untold(tx, event, fact.request_id)


async def hear_of_circulation(tx: Tx, event: Event, fact: CirculationDecided) -> None:
    """A window ended in silence, which is a consent under the request's own id."""
    await line_store.circulate(tx, fact.request_id, fact.circulation)
    terms = await line_store.terms_by_visibility(tx, fact.request_id)
    if terms is not None and fact.circulation == "granted":
        await _put(tx, event, fact, fact.request_id, terms, fact.decided_at)


async def _expire_untold(tx: Tx, event: Event, request_id: UUID) -> None:
    """Where no consent is left that lets its provider know, what was shown ends, unless it is agreed or of UNODC."""
    now = clock.now()
    shown = [
        match
        for match in await match_store.not_confirmed_of_request(tx, request_id)
        if match.status in SHOWN
        and not is_unodc(match.provider)
        and not await line_store.circulates_to(tx, request_id, match.provider)
    ]
    await suggesting.expire(tx, shown, because=event, now=now)


async def hear_of_fulfilment(tx: Tx, event: Event, fact: LineFulfilmentChanged) -> None:
    await line_store.fulfil(tx, fact.line_id, fact.fulfilment)


HANDLERS: Mapping[type[Fact], Handler] = {
    RequestSubmitted: hear_of_submission,
    RequestRegistered: hear_of_move,
    RequestReturned: hear_of_move,
    RequestDeclined: hear_of_end,
    RequestOpened: hear_of_opening,
    RequestHeld: hear_of_move,
    RequestResumed: hear_of_resumption,
    RequestStarted: hear_of_move,
    RequestReopened: hear_of_reopening,
    RequestDelivered: hear_of_move,
    RequestClosed: hear_of_end,
    RequestWithdrawn: hear_of_end,
    RequestLapsed: hear_of_end,
    RequestRevised: hear_of_revision,
    CirculationDecided: hear_of_circulation,
    ConsentGiven: hear_of_consent,
    ConsentRecorded: hear_of_consent,
    ConsentWithdrawn: hear_of_lost_consent,
    ConsentEnded: hear_of_lost_consent,
    LineFulfilmentChanged: hear_of_fulfilment,
    PersonErased: hearing(forget),
}
