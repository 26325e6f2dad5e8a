"""Who sees what of a request, through which door and since when: what the policy answers, told to the State."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from msgspec import Struct

from contracts.consents import EVERYTHING, UNODC_UNITS, FieldSet
from contracts.facts import Event
from services.requests import policy
from services.requests.request.evolve import evolve
from services.requests.request.model import Request

Moment = tuple[datetime, Request]
"""What a request became, and when."""


class Door(StrEnum):
    """Why somebody sees something of a request: by office, by a consent of its State, or by a match both accepted."""

    OFFICE = "office"
    CONSENT = "consent"
    MATCH = "match"


class Admission(Struct, frozen=True, kw_only=True):
    """Somebody who sees something of a request now.

    `who` is a role by office, or `unodc_units` of the lines that a coordinator presents to them; a recipient by consent
    (`providers`, `unodc_units`, an organization); the provider by a match, whose line and explanation stay with both
    sides whatever becomes of the consents, and which opens the words of that line until the request is over. `lines`:
    of which lines, null where it is the whole request. `institution_name`: whom to turn to is shown by name.
    """

    who: str
    door: Door
    fields: tuple[FieldSet, ...]
    institution_name: bool
    since: datetime
    until: datetime | None = None
    consent_id: UUID | None = None
    match_id: UUID | None = None
    lines: tuple[UUID, ...] | None = None


def moments(events: Sequence[Event]) -> list[Moment]:
    """What each fact of a request's history made of it."""
    found: list[Moment] = []
    for event in events:
        fact = event.fact()
        assert fact is not None, "our own journal holds facts of our own contracts"
        found.append((event.time, evolve(found[-1][1] if found else None, fact)))
    return found


def admissions(request: Request, history: Sequence[Moment]) -> list[Admission]:
    """Everybody who sees something of the request as it was read, beyond its State."""
    return [*_by_office(history), *_by_consent(request, history), *_by_match(request, history)]


def _by_office(history: Sequence[Moment]) -> Iterator[Admission]:
    since = _since(history, policy.is_before_the_office)
    if since:
        for role in policy.OF_OFFICE:
            yield Admission(who=role, door=Door.OFFICE, fields=EVERYTHING, institution_name=True, since=since)
        # What a coordinator shows a unit of a line, as a match with its offering, takes no consent.
        yield Admission(
            who=UNODC_UNITS, door=Door.OFFICE, fields=(FieldSet.CODES,), institution_name=False, since=since
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
                door=Door.CONSENT,
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
                door=Door.MATCH,
                fields=(FieldSet.CODES, *((FieldSet.WORDS,) if opened else ())),
                institution_name=policy.learns_whom_to_turn_to(request, provider),
                since=since,
                match_id=match_id,
                lines=(line_id,),
            )


def _has_agreed(match_id: UUID, request: Request) -> bool:
    return match_id in policy.agreed_matches(request)


def _since(history: Sequence[Moment], holds: Callable[[Request], bool]) -> datetime | None:
    """Since when it has held without a break; None where it does not."""
    began: datetime | None = None
    for at, request in history:
        began = (began or at) if holds(request) else None
    return began
