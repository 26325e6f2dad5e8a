"""Actions that compare alerts with the facts of other services, and notify the owners once of each record.

The caller opens the transaction.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from chassis.db.database import Tx
from chassis.journal.outbox import announce
from contracts import matching as m
from contracts import pledges as p
from contracts import requests as r
from contracts.alerts import HitRecorded
from contracts.consents import Terms, recipients_by_visibility
from contracts.facts import Event, Fact
from contracts.rankings import LineRanked
from services.notifications.alerts.model import AlertSubject, Frequency
from services.notifications.digests import store as digest_store
from services.notifications.hits import offering_store, request_store, requirement_store, store
from services.notifications.hits.model import KnownRecords, Watcher, hit_on
from services.notifications.notices import actions, audience
from services.notifications.notices.notice import Holder

BEGINS = (r.RequestOpened, r.RequestStarted, r.RequestReopened)
ENDS = (
    *(r.RequestReturned, r.RequestDeclined, r.RequestDelivered, r.RequestClosed, r.RequestWithdrawn),
    r.RequestLapsed,
)
OF_REQUESTS: tuple[type[Fact], ...] = (
    *(r.RequestSubmitted, r.RequestRevised, r.RequestHeld, r.RequestResumed, *BEGINS, *ENDS),
    *(r.CirculationDecided, r.ConsentGiven, r.ConsentRecorded, r.ConsentWithdrawn, r.ConsentEnded),
)
"""Facts that state who may see a request, and what it is about."""

OF_SUGGESTIONS: tuple[type[Fact], ...] = (LineRanked, m.MatchSuggested)
OF_FUNDING: tuple[type[Fact], ...] = (p.RequirementOpened, p.RequirementCancelled, p.AllocationMade)
OF_OFFERINGS: tuple[type[Fact], ...] = (
    *(m.OfferingDrafted, m.OfferingRevised, m.OfferingSubmitted, m.OfferingApproved, m.OfferingReturned),
    *(m.OfferingSuspended, m.OfferingResumed, m.OfferingWithdrawn, m.OfferingLapsed),
)


async def on_request(tx: Tx, event: Event, fact: Fact, *, now: datetime) -> None:
    """Store what the fact says of a request, and notify those who now see it and have a fitting alert or offering."""
    request_id = event.aggregate_id
    await request_store.one_at_a_time(tx, request_id)
    await _save(tx, fact, now)
    await find(tx, request_id, because=event, now=now)


async def begin_consents(tx: Tx, request_id: UUID, *, now: datetime) -> None:
    """Begin consents that were given earlier, and notify those who see the request from now on."""
    await request_store.one_at_a_time(tx, request_id)
    if await request_store.begin_consents(tx, request_id, now=now):
        await find(tx, request_id, because=None, now=now)


async def find(tx: Tx, request_id: UUID, *, because: Event | None, now: datetime) -> None:
    """Notify each appointment that sees the request and has an alert or offering that fits, once of each record."""
    request = await request_store.request(tx, request_id)
    if request is None or not request.consents:
        return
    fitting = await store.officers_with_a_fitting_offering(tx, request_id, now=now)
    for watcher in [*fitting, *await store.alerts_on_request(tx, request, now=now)]:
        if request.is_shown_to(watcher.organization, now):
            hit = hit_on(watcher, AlertSubject.REQUESTS, request_id=request_id, now=now)
            await _report(tx, watcher, hit, because=because, now=now)
    for watcher, requirement_id in await store.alerts_on_funding(tx, request, now=now):
        if request.is_shown_to(watcher.organization, now):
            hit = hit_on(watcher, AlertSubject.FUNDING, request_id=request_id, requirement_id=requirement_id, now=now)
            await _report(tx, watcher, hit, because=because, now=now)


async def on_suggestions(tx: Tx, event: Event, fact: LineRanked | m.MatchSuggested, *, now: datetime) -> None:
    """Store the providers with an offering that fits a line, and notify those who see its request."""
    fitting = {fact.provider} if isinstance(fact, m.MatchSuggested) else _fitting(fact)
    await request_store.one_at_a_time(tx, fact.request_id)
    await request_store.save_fitting(tx, fact.request_id, fitting)
    await find(tx, fact.request_id, because=event, now=now)


def _fitting(ranking: LineRanked) -> set[str]:
    return {one.provider for one in ranking.suggestions} | set(ranking.fitting_providers)


async def on_funding(
    tx: Tx, event: Event, fact: p.RequirementOpened | p.RequirementCancelled | p.AllocationMade, *, now: datetime
) -> None:
    """Store the amount that a match lacks, and notify those with an alert that it fits."""
    if fact.request_id is None or fact.requirement_id is None or fact.line_id is None:
        return
    await request_store.one_at_a_time(tx, fact.request_id)
    named = (fact.requirement_id, fact.request_id, fact.line_id)
    match fact:
        case p.RequirementOpened():
            await requirement_store.open_requirement(tx, *named, fact.valuation.usd_minor)
            await find(tx, fact.request_id, because=event, now=now)
        case p.RequirementCancelled():
            await requirement_store.cancel(tx, fact.requirement_id)
        case p.AllocationMade():
            await requirement_store.set_lacking(tx, *named, fact.gap_usd_minor or 0)


async def on_offering(tx: Tx, event: Event, fact: Fact, *, now: datetime) -> None:
    """Store what the fact says of an offering; if it is available, notify States with an alert that it fits."""
    offering_id = event.aggregate_id
    match fact:
        case m.OfferingDrafted() | m.OfferingSubmitted():
            await offering_store.save(tx, offering_id, fact.provider, fact.terms)
        case m.OfferingRevised():
            if (before := await offering_store.offering(tx, offering_id)) is not None:
                await offering_store.save(tx, offering_id, before.provider, fact.terms)
        case _:
            available = isinstance(fact, m.OfferingApproved | m.OfferingResumed)
            await offering_store.set_available(tx, offering_id, available=available)
    offering = await offering_store.offering(tx, offering_id)
    if offering is None or not offering.available:
        return
    for watcher in await store.alerts_on_offering(tx, offering, now=now):
        if offering.is_for(watcher.organization):
            hit = hit_on(watcher, AlertSubject.OFFERINGS, offering_id=offering_id, now=now)
            await _report(tx, watcher, hit, because=event, now=now)


async def may_be_sent(tx: Tx, notice: str, organization: str, record_id: UUID | None, *, now: datetime) -> bool:
    """Check whether the organization may still be sent a notice; one of a hit only while it sees the record."""
    if notice not in audience.OF_HITS:
        return True
    subject = AlertSubject(audience.OF_HITS[notice])
    return record_id is not None and await is_shown(tx, subject, organization, record_id, now=now)


async def is_shown(tx: Tx, subject: AlertSubject, organization: str, record_id: UUID, *, now: datetime) -> bool:
    """Check whether the organization sees the record, and the requirement is unfunded or the offering available."""
    known = await known_records(tx, [(subject, record_id)])
    return known.is_shown(subject, organization, record_id, now=now)


async def known_records(tx: Tx, found: Iterable[tuple[AlertSubject, UUID]]) -> KnownRecords:
    """Return what is known of records of these subjects, and of the requests of the requirements among them."""
    ids: dict[AlertSubject, set[UUID]] = {subject: set() for subject in AlertSubject}
    for subject, record_id in found:
        ids[subject].add(record_id)
    requirements = await requirement_store.requirements(tx, ids[AlertSubject.FUNDING])
    of_requirements = {one.request_id for one in requirements.values()}
    return KnownRecords(
        requests=await request_store.requests(tx, ids[AlertSubject.REQUESTS] | of_requirements),
        requirements=requirements,
        offerings=await offering_store.offerings(tx, ids[AlertSubject.OFFERINGS]),
    )


async def _report(tx: Tx, watcher: Watcher, hit: HitRecorded, *, because: Event | None, now: datetime) -> None:
    """Record a hit, and notify its owner at once or leave it to the next digest; skip one recorded before."""
    if watcher.frequency is not Frequency.AT_ONCE:
        digest_id, due_at = await digest_store.open_next(tx, watcher, now=now)
        hit = replace(hit, digest_id=digest_id, frequency=watcher.frequency, due_at=due_at)
    if not await store.save(tx, hit):
        return
    event = await announce(tx, hit, version=1, because=because)
    if hit.digest_id is None:
        notice = audience.ON_HIT["fitting" if hit.alert_id is None else hit.subject]
        owner = Holder(watcher.person_id, watcher.organization, watcher.role)
        await actions.notify_owners(tx, [(owner, notice, event, hit)], now=now)


async def _save(tx: Tx, fact: Fact, now: datetime) -> None:
    match fact:
        case r.RequestSubmitted():
            await request_store.save_request(tx, fact)
            await request_store.delete_consents(tx, fact.request_id)
            if fact.circulation_rule == "granted":
                recipients = recipients_by_visibility(fact.visibility, fact.addressee, fact.addressed_states)
                terms = Terms(recipients=recipients)
                await request_store.save_consent(
                    tx, fact.request_id, fact.request_id, terms, fact.submitted_at, now=now
                )
        case r.RequestRevised():
            await request_store.set_circulates(tx, fact.request_id, circulates=False)
            await request_store.delete_consents(tx, fact.request_id)
        case r.RequestOpened() | r.RequestStarted() | r.RequestReopened():
            await request_store.set_circulates(tx, fact.request_id, circulates=True)
        case r.RequestHeld():
            await request_store.set_held(tx, fact.request_id, held=True)
        case r.RequestResumed():
            await request_store.set_held(tx, fact.request_id, held=False)
        case r.ConsentGiven() | r.ConsentRecorded():
            if fact.instead_of is not None:
                await request_store.delete_consents(tx, fact.request_id, consent_id=fact.instead_of)
            given_at = fact.given_at if isinstance(fact, r.ConsentGiven) else fact.recorded_at
            terms = Terms(recipients=fact.recipients, starts_at=fact.starts_at, ends_at=fact.ends_at)
            await request_store.save_consent(tx, fact.request_id, fact.consent_id, terms, given_at, now=now)
        case r.CirculationDecided(circulation="granted"):
            silent = await request_store.silent_terms(tx, fact.request_id)
            if silent is not None:
                await request_store.save_consent(tx, fact.request_id, fact.request_id, silent, fact.decided_at, now=now)
        case r.ConsentWithdrawn() | r.ConsentEnded():
            await request_store.delete_consents(tx, fact.request_id, consent_id=fact.consent_id)
        case _ if isinstance(fact, ENDS):
            await request_store.set_circulates(tx, fact.aggregate_id, circulates=False)
