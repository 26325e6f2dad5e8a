"""Facts of the delivery service about sessions: courses, workshops and visits of deliveries, from plan to report.

A session serves one delivery, or several of the same joint delivery. Who took part is counted, never named; the counts
are stored apart, because a small count can identify a person: facts have their salted hash.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.codes import ModalityCode
from contracts.facts import Fact
from contracts.requests import Persons
from contracts.values import Code, Language, Organization, State

DELIVERIES_MAX = 20
TRAINERS_MAX = 20
LANGUAGES_MAX = 6

Deliveries = Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=DELIVERIES_MAX)]
Trainers = Annotated[tuple[UUID, ...], Meta(max_length=TRAINERS_MAX)]
SpokenLanguages = Annotated[tuple[Language, ...], Meta(min_length=1, max_length=LANGUAGES_MAX)]


class _SessionFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a session: the deliveries it serves, with their States, and the provider."""

    session_id: UUID
    deliveries: Deliveries
    states: tuple[State, ...]
    provider: Organization


class SessionPlanned(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.planned.v1"):
    """A session was planned. `people` and `women` are how many are to take part in it, None if not said."""

    starts: date
    ends: date
    modality: ModalityCode
    languages: SpokenLanguages
    texts_hash: str
    planned_at: datetime
    trainers: Trainers = ()
    people: Persons | None = None
    women: Persons | None = None


class SessionRevised(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.revised.v1"):
    """All but the days were revised."""

    modality: ModalityCode
    languages: SpokenLanguages
    texts_hash: str
    revised_at: datetime
    trainers: Trainers = ()
    people: Persons | None = None
    women: Persons | None = None


class SessionRescheduled(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.rescheduled.v1"):
    """The session is on these days instead."""

    starts: date
    ends: date
    rescheduled_at: datetime


class SessionCancelled(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.cancelled.v1"):
    """The session that was to begin on that day will not be, for a coded reason; `delivery_ended` if none is left."""

    starts: date
    reason: Code
    cancelled_at: datetime


class SessionHeld(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.held.v1"):
    """The session took place. `reported` are the deliveries whose participants were counted with it."""

    held_at: datetime
    reported: tuple[UUID, ...] = ()
    counts_hash: str | None = None


class SessionParticipantsReported(
    _SessionFact, frozen=True, kw_only=True, tag="delivery.session.participants-reported.v1"
):
    """The participants of these deliveries in the session were counted, or counted again."""

    reported: Deliveries
    counts_hash: str
    reported_at: datetime


FACTS: tuple[type[Fact], ...] = (
    SessionPlanned,
    SessionRevised,
    SessionRescheduled,
    SessionCancelled,
    SessionHeld,
    SessionParticipantsReported,
)
