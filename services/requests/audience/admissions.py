"""The admissions to a request, for its State to read: who may see which parts, why, and since when."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.consents import EVERYTHING, UNODC_UNITS, FieldSet, Terms
from contracts.facts import Event
from contracts.registry import decode_fact
from services.requests import policy
from services.requests.request.evolve import evolve, with_window
from services.requests.request.model import Request
from services.requests.request.values import Circulation, Status

_NO_ID = UUID(int=0)
"""The id of a consent that is not given."""

Moment = tuple[datetime, Request]
"""A time, and the request as of that time."""


class AccessBasis(StrEnum):
    """Reason for which an organization sees a request: its office, a consent, or a match that both sides accepted."""

    OFFICE = "office"
    CONSENT = "consent"
    MATCH = "match"


class Admission(Struct, frozen=True, kw_only=True):
    """A recipient who may see parts of a request now.

    `who` is a role by office, or `unodc_units` for lines that a coordinator presents to them; a recipient by consent
    (`providers`, `unodc_units`, an organization); or the provider of an accepted match. A match's line and explanation
    remain visible to both sides after a consent ends, and the words of that line until the State withdraws a consent or
    the request is over. `lines` are the ids of the lines shown, null for the whole request. `institution_name` is true
    if the institution's name is shown.
    """

    who: str
    door: AccessBasis
    fields: tuple[FieldSet, ...]
    institution_name: bool
    since: datetime
    until: datetime | None = None
    consent_id: UUID | None = None
    match_id: UUID | None = None
    lines: tuple[UUID, ...] | None = None


def moments(events: Sequence[Event]) -> list[Moment]:
    """Return the request as it was after each fact of its history, with the time of the fact."""
    found: list[Moment] = []
    for event in events:
        fact = decode_fact(event)
        assert fact is not None, "our own journal holds facts of our own contracts"
        found.append((event.time, evolve(found[-1][1] if found else None, fact)))
    return found


def admissions(request: Request, history: Sequence[Moment]) -> list[Admission]:
    """Return all recipients, except the request's State, who may see some part of it at the time it was read."""
    return [*_by_office(history), *_by_consent(request, history), *_by_match(request, history)]


def foreseen(
    request: Request,
    history: Sequence[Moment],
    holidays: Collection[date],
    *,
    now: datetime,
    submitted: bool,
    consented: Terms | None,
) -> list[Admission]:
    """Return the admissions after a submission or a consent that is not made yet, once triage is complete.

    `since` is the earliest possible time: now, or the end of the objection window. Raises the same errors as the
    submission or the consent.
    """
    if submitted:
        request = evolve(request, with_window(request.submit("", now=now), holidays))
    if consented:
        request = evolve(request, request.consent(_NO_ID, consented, now=now))
    since = request.window_ends_at or now
    silence = request.circulation is Circulation.WINDOW_RUNNING
    circulation = Circulation.GRANTED if silence else request.circulation
    opened = replace(request, status=Status.OPEN, circulation=circulation, window_ends_at=None, read_at=since)
    return admissions(opened, [*history, (now, request), (since, opened)])


def _by_office(history: Sequence[Moment]) -> Iterator[Admission]:
    since = _since(history, policy.is_known_to_unodc)
    if since:
        for role in policy.ROLES_BY_OFFICE:
            yield Admission(who=role, door=AccessBasis.OFFICE, fields=EVERYTHING, institution_name=True, since=since)
        # Presenting a line to a UNODC unit, as part of a match with its offering, needs no consent.
        yield Admission(
            who=UNODC_UNITS, door=AccessBasis.OFFICE, fields=(FieldSet.CODES,), institution_name=False, since=since
        )


def _by_consent(request: Request, history: Sequence[Moment]) -> Iterator[Admission]:
    since, now = _since(history, policy.circulates), request.read_at
    if since is None or now is None:
        return
    for consent in request.consents.values():
        named = [one for one in consent.recipients if one not in request.excluded_providers]
        for recipient in named if consent.in_force(now) else ():
            yield Admission(
                who=recipient,
                door=AccessBasis.CONSENT,
                fields=tuple(field for field in FieldSet if field in (FieldSet.CODES, *consent.fields)),
                institution_name=False,
                since=max(since, consent.starts_at or consent.given_at),
                until=consent.ends_at,
                consent_id=consent.consent_id,
            )


def _by_match(request: Request, history: Sequence[Moment]) -> Iterator[Admission]:
    for match_id, provider in policy.agreed_matches(request).items():
        since = _since(history, partial(_has_agreed, match_id))
        line_id, _ = request.matches[match_id]
        opened = line_id in policy.lines_opened_to(request, provider)
        if since:
            yield Admission(
                who=provider,
                door=AccessBasis.MATCH,
                fields=(FieldSet.CODES, *((FieldSet.WORDS,) if opened else ())),
                institution_name=policy.may_see_institution_name(request, provider),
                since=since,
                match_id=match_id,
                lines=(line_id,),
            )


def _has_agreed(match_id: UUID, request: Request) -> bool:
    return match_id in policy.agreed_matches(request)


def _since(history: Sequence[Moment], holds: Callable[[Request], bool]) -> datetime | None:
    """Return the time since which the condition has held without interruption; None if it does not hold now."""
    began: datetime | None = None
    for at, request in history:
        began = (began or at) if holds(request) else None
    return began
