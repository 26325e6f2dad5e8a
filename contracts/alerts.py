"""Facts of the notifications service: alerts, and the records they found.

An alert is a saved filter. Its owner, one appointment of a person, is notified once of each record that fits it.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.codes import ArticleCode, KindCode, ParagraphCode, TopicCode
from contracts.facts import Fact
from contracts.reference import Region
from contracts.values import MINOR_UNITS_MAX, Code, Organization, Role, State

CRITERION_CODES_MAX = 50
UsdMinor = Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX)]


# Like money and periods, criteria are complete: unknown fields are refused, in facts and in commands.
class Criteria(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Criteria of the records that an alert finds: one of the codes in each field. An empty field restricts nothing.

    Kinds, topics, articles and paragraphs are compared with one line of a request, or with an offering; a topic
    includes narrower ones. Regions and States are those of the request, or of the provider of an offering. The amounts
    are the minimum and maximum of the money that is lacking, in US cents, for `funding` only.
    """

    kinds: Annotated[tuple[KindCode, ...], Meta(max_length=CRITERION_CODES_MAX)] = ()
    topics: Annotated[tuple[TopicCode, ...], Meta(max_length=CRITERION_CODES_MAX)] = ()
    articles: Annotated[tuple[ArticleCode, ...], Meta(max_length=CRITERION_CODES_MAX)] = ()
    paragraphs: Annotated[tuple[ParagraphCode, ...], Meta(max_length=CRITERION_CODES_MAX)] = ()
    regions: Annotated[tuple[Region, ...], Meta(max_length=CRITERION_CODES_MAX)] = ()
    states: Annotated[tuple[State, ...], Meta(max_length=CRITERION_CODES_MAX)] = ()
    usd_minor_min: UsdMinor | None = None
    usd_minor_max: UsdMinor | None = None


class AlertCreated(Fact, frozen=True, kw_only=True, tag="notifications.alert.created.v1"):
    """A person created an alert: for circulating `requests`, for needs of `funding`, or for `offerings`."""

    alert_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    subject: Code
    criteria: Criteria
    frequency: Code
    created_at: datetime


class AlertRevised(Fact, frozen=True, kw_only=True, tag="notifications.alert.revised.v1"):
    """The owner changed an alert. The fact has the complete criteria and the frequency."""

    alert_id: UUID
    criteria: Criteria
    frequency: Code
    revised_at: datetime


class AlertPaused(Fact, frozen=True, kw_only=True, tag="notifications.alert.paused.v1"):
    """The alert finds nothing until `until`, or until it is resumed."""

    alert_id: UUID
    paused_at: datetime
    until: datetime | None = None


class AlertResumed(Fact, frozen=True, kw_only=True, tag="notifications.alert.resumed.v1"):
    """The alert finds records that begin to fit it from now on."""

    alert_id: UUID
    resumed_at: datetime


class AlertRemoved(Fact, frozen=True, kw_only=True, tag="notifications.alert.removed.v1"):
    """The owner removed the alert, or was erased."""

    alert_id: UUID
    removed_at: datetime


class HitRecorded(Fact, frozen=True, kw_only=True, tag="notifications.hit.recorded.v1"):
    """A record fits an alert of this appointment, which is notified of it once.

    `hit_id` is derived from the appointment and the record. `alert_id` is None if the record fits an offering of the
    provider. With `digest_id` the hit is reported in that digest, which is due at `due_at`; otherwise immediately.
    """

    hit_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    subject: Code
    recorded_at: datetime
    alert_id: UUID | None = None
    request_id: UUID | None = None
    requirement_id: UUID | None = None
    offering_id: UUID | None = None
    digest_id: UUID | None = None
    frequency: Code | None = None
    due_at: datetime | None = None


class DigestIssued(Fact, frozen=True, kw_only=True, tag="notifications.digest.issued.v1"):
    """The hits of an appointment in a day or a week were reported in one notification.

    `day` is the day on which the digest was due; `entries` is the number that its reader may see. With no entries,
    nothing was sent.
    """

    digest_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    frequency: Code
    day: date
    entries: Annotated[int, Meta(ge=0, le=1000)]
    issued_at: datetime


FACTS: tuple[type[Fact], ...] = (
    AlertCreated,
    AlertRevised,
    AlertPaused,
    AlertResumed,
    AlertRemoved,
    HitRecorded,
    DigestIssued,
)
