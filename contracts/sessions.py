"""Facts of the delivery service about sessions: courses, workshops and visits of deliveries, from plan to report.

A session serves one delivery, or several of the same joint delivery. Participants are counted, never named. Facts have
only the counts by sex, for figures, which suppress small ones. The counts by sex, age band and function are stored
separately, because the smaller a count, the more easily it identifies a person; facts have their salted hash.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

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


Counted = Annotated[int, Meta(ge=0, le=10_000_000)]


class Sex(StrEnum):
    """Sex as stated by the person, or by those who count the participants; never guessed."""

    WOMEN = "women"
    MEN = "men"
    OTHER = "other_or_not_stated"


class BySex(Struct, frozen=True, kw_only=True):
    """Number of persons of each sex."""

    women: Counted = 0
    men: Counted = 0
    other_or_not_stated: Counted = 0


class ParticipantsBySex(BySex, frozen=True, kw_only=True):
    """Number of persons of each sex who took part for one delivery."""

    delivery_id: UUID


Participants = Annotated[tuple[ParticipantsBySex, ...], Meta(max_length=DELIVERIES_MAX)]


class _SessionFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a session: the deliveries it serves, with their States, and the provider."""

    session_id: UUID
    deliveries: Deliveries
    states: tuple[State, ...]
    provider: Organization


class SessionPlanned(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.planned.v1"):
    """A session was planned. `people` and `women` are the expected numbers of participants, None if not stated.

    `request_id` is that of its delivery, None if it serves several.
    """

    starts: date
    ends: date
    modality: ModalityCode
    languages: SpokenLanguages
    texts_hash: str
    planned_at: datetime
    trainers: Trainers = ()
    people: Persons | None = None
    women: Persons | None = None
    request_id: UUID | None = None


class SessionRevised(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.revised.v1"):
    """A session was revised. The fact has all fields except the days."""

    modality: ModalityCode
    languages: SpokenLanguages
    texts_hash: str
    revised_at: datetime
    trainers: Trainers = ()
    people: Persons | None = None
    women: Persons | None = None


class SessionRescheduled(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.rescheduled.v1"):
    """The session was moved to these days."""

    starts: date
    ends: date
    rescheduled_at: datetime


class SessionCancelled(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.cancelled.v1"):
    """The session that was to begin on that day was cancelled, for a coded reason; `delivery_ended` if none is left."""

    starts: date
    reason: Code
    cancelled_at: datetime


class SessionHeld(_SessionFact, frozen=True, kw_only=True, tag="delivery.session.held.v1"):
    """The session took place. `reported` are the deliveries whose participants were counted at the same time.

    `trainers` are counted by the sex stated on the roster at that time.
    """

    held_at: datetime
    reported: tuple[UUID, ...] = ()
    counts_hash: str | None = None
    participants: Participants = ()
    trainers: BySex | None = None


class SessionParticipantsReported(
    _SessionFact, frozen=True, kw_only=True, tag="delivery.session.participants-reported.v1"
):
    """The participants in the session for these deliveries were counted, or counted again."""

    reported: Deliveries
    counts_hash: str
    reported_at: datetime
    participants: Participants = ()


FACTS: tuple[type[Fact], ...] = (
    SessionPlanned,
    SessionRevised,
    SessionRescheduled,
    SessionCancelled,
    SessionHeld,
    SessionParticipantsReported,
)
