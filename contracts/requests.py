"""Facts of the requests service: a State's request for technical assistance, its lines, consent and fulfilment."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from contracts.consents import EVERYTHING, FieldSets, Recipients
from contracts.facts import Fact
from contracts.values import Code, Language, Organization, Period, State

LINES_MAX = 20
MEASURES_MAX = 10
"""Maximum number of measures of one line."""

EXCLUDED_PROVIDERS_MAX = 50
CODES_MAX = 20
Persons = Annotated[int, Meta(ge=1, le=100_000)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=CODES_MAX)]
Excluded = Annotated[tuple[Organization, ...], Meta(max_length=EXCLUDED_PROVIDERS_MAX)]
"""Providers that a State excludes; visible only to the State and UNODC."""


# `circulation_rule` is the State's choice on filing: `none`, `granted`, or `silence` (no objection within five working
# days of the submission). The result is the request's circulation.


class Measure(Struct, frozen=True, kw_only=True):
    """A measure that the State already takes itself (`own`) or receives, with kind and days as far as known."""

    source: Literal["own", "received"]
    kind: Code | None = None
    period: Period | None = None


Measures = Annotated[tuple[Measure, ...], Meta(max_length=MEASURES_MAX)]


class Line(Struct, frozen=True, kw_only=True):
    """One need, in codes: the kind of assistance, its topics, beneficiary, time and languages."""

    line_id: UUID
    kind: Code
    topics: Codes
    articles: Codes
    paragraphs: Codes
    pillars: Codes
    institution: Code
    group_size: Persons
    languages: Annotated[tuple[Language, ...], Meta(max_length=6)]
    modality: Code
    window: Period
    gender_marker: Annotated[int, Meta(ge=0, le=2)]
    human_rights_marker: Annotated[int, Meta(ge=0, le=2)]
    cannot_wait: bool = False
    """True if only funded offerings are accepted."""
    measures: Measures = ()


class DraftLine(Struct, frozen=True, kw_only=True):
    """A line of a draft that lacks a field required for submission; `position` is its place among all lines, from 1."""

    line_id: UUID
    position: Annotated[int, Meta(ge=1, le=LINES_MAX)]
    kind: Code | None
    topics: Codes
    articles: Codes
    paragraphs: Codes
    pillars: Codes
    institution: Code | None
    group_size: Persons | None
    languages: Annotated[tuple[Language, ...], Meta(max_length=6)]
    modality: Code | None
    window: Period | None
    gender_marker: Annotated[int, Meta(ge=0, le=2)]
    human_rights_marker: Annotated[int, Meta(ge=0, le=2)]
    cannot_wait: bool
    measures: Measures = ()


Incomplete = Annotated[tuple[DraftLine, ...], Meta(max_length=LINES_MAX)]


class About(Struct, frozen=True, kw_only=True):
    """The subject of a line, for consumers that may see no more of it; `gender_marker` is None if not recorded."""

    kind: Code
    topics: Codes
    gender_marker: Annotated[int, Meta(ge=0, le=2)] | None = None


class RequestDrafted(Fact, frozen=True, kw_only=True, tag="requests.request.drafted.v1"):
    """A State created a draft, visible only to itself."""

    request_id: UUID
    state: State
    language: Language
    visibility: Code
    addressee: Code
    addressed_states: tuple[State, ...]
    circulation_rule: Code
    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX)]
    texts_hash: str
    drafted_at: datetime
    excluded_providers: Excluded = ()
    incomplete: Incomplete = ()
    """The lines that are not in `lines`, because they lack a required field."""


class RequestFiledOnBehalf(Fact, frozen=True, kw_only=True, tag="requests.request.filed-on-behalf.v1"):
    """UNODC wrote a draft of a request that a State sent by another channel; the State has to confirm it.

    `channel` is `note_verbale`, `mail` or `meeting`. The State is notified, and can read and change the whole draft.
    """

    request_id: UUID
    state: State
    channel: Code
    received_on: date
    language: Language
    visibility: Code
    addressee: Code
    addressed_states: tuple[State, ...]
    circulation_rule: Code
    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX)]
    texts_hash: str
    filed_at: datetime
    excluded_providers: Excluded = ()
    incomplete: Incomplete = ()
    """The lines that are not in `lines`, because they lack a required field."""


class RequestRevised(Fact, frozen=True, kw_only=True, tag="requests.request.revised.v1"):
    """A State revised its draft or returned request. The fact has all fields."""

    request_id: UUID
    language: Language
    visibility: Code
    addressee: Code
    addressed_states: tuple[State, ...]
    circulation_rule: Code
    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX)]
    texts_hash: str
    revised_at: datetime
    excluded_providers: Excluded = ()
    incomplete: Incomplete = ()
    """The lines that are not in `lines`, because they lack a required field."""


class RequestSubmitted(Fact, frozen=True, kw_only=True, tag="requests.request.submitted.v1"):
    """A State's focal point submitted a request. The fact has all of its codes."""

    request_id: UUID
    state: State
    language: Language
    visibility: Code
    addressee: Code
    addressed_states: tuple[State, ...]
    circulation_rule: Code
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=LINES_MAX)]
    texts_hash: str
    submitted_at: datetime
    excluded_providers: Excluded = ()
    scan_id: UUID | None = None
    """The scan of the State's confirmation, if a coordinator recorded it; None if its focal point submitted."""
    reference: Code | None = None
    """The reference number, given at the first submission and the same in all later ones."""
    window_ends_at: datetime | None = None
    """End of the objection window of the silence rule; None under other rules."""


class RequestRegistered(Fact, frozen=True, kw_only=True, tag="requests.request.registered.v1"):
    """A coordinator authenticated the channel. The reference number is that of the submission."""

    request_id: UUID
    state: State
    reference: Code
    registered_at: datetime


class RequestReturned(Fact, frozen=True, kw_only=True, tag="requests.request.returned.v1"):
    """A coordinator returned the request to the State, for a coded reason; the clock of its triage is paused."""

    request_id: UUID
    state: State
    reason: Code
    returned_at: datetime


class RequestDeclined(Fact, frozen=True, kw_only=True, tag="requests.request.declined.v1"):
    """A coordinator did not accept the request, for a coded reason."""

    request_id: UUID
    state: State
    reason: Code
    declined_at: datetime


class RequestOpened(Fact, frozen=True, kw_only=True, tag="requests.request.opened.v1"):
    """Triage is complete: the request is open for proposals, with a priority.

    `departure` is the reason for a priority other than the one that follows from the criteria.
    """

    request_id: UUID
    state: State
    priority: Code
    opened_at: datetime
    departure: Code | None = None


class RequestHeld(Fact, frozen=True, kw_only=True, tag="requests.request.held.v1"):
    """The request was put on hold, for a coded reason."""

    request_id: UUID
    state: State
    reason: Code
    held_at: datetime


class RequestResumed(Fact, frozen=True, kw_only=True, tag="requests.request.resumed.v1"):
    """The request was resumed, in its former status."""

    request_id: UUID
    state: State
    resumed_at: datetime


class RequestStarted(Fact, frozen=True, kw_only=True, tag="requests.request.started.v1"):
    """The first confirmed match began: the request is in delivery."""

    request_id: UUID
    state: State
    started_at: datetime


class RequestReopened(Fact, frozen=True, kw_only=True, tag="requests.request.reopened.v1"):
    """The request was reopened for a gap or a new need."""

    request_id: UUID
    state: State
    reason: Code
    reopened_at: datetime


class RequestDelivered(Fact, frozen=True, kw_only=True, tag="requests.request.delivered.v1"):
    """All confirmed matches are completed, or the State declares the delivery sufficient."""

    request_id: UUID
    state: State
    delivered_at: datetime


class RequestClosed(Fact, frozen=True, kw_only=True, tag="requests.request.closed.v1"):
    """A coordinator closed the request: `met`, `partially_met` or `unmet`.

    `departure_hash` is the hash of the reason to depart from the State's evaluations, if any; both sides read it.
    """

    request_id: UUID
    state: State
    outcome: Code
    closed_at: datetime
    departure_hash: str | None = None


class RequestWithdrawn(Fact, frozen=True, kw_only=True, tag="requests.request.withdrawn.v1"):
    """The State withdrew its request."""

    request_id: UUID
    state: State
    withdrawn_at: datetime


class RequestReminded(Fact, frozen=True, kw_only=True, tag="requests.request.reminded.v1"):
    """The State was reminded, for the first or the second time, that its answer is needed."""

    request_id: UUID
    state: State
    reminder: Annotated[int, Meta(ge=1, le=2)]
    reminded_at: datetime


class RequestLapsed(Fact, frozen=True, kw_only=True, tag="requests.request.lapsed.v1"):
    """The request lapsed, because there was no answer after two reminders."""

    request_id: UUID
    state: State
    lapsed_at: datetime


class CirculationDecided(Fact, frozen=True, kw_only=True, tag="requests.request.circulation-decided.v1"):
    """The circulation beyond UNODC changed: `window_running`, `granted`, `objected` or `none`.

    Recorded when an objection window ends without an objection; `consent_id` is then None. Older journals, from before
    consents had recipients, also have it for a given or withdrawn consent, which it names.
    """

    request_id: UUID
    state: State
    circulation: Code
    decided_at: datetime
    consent_id: UUID | None = None
    window_ends_at: datetime | None = None


class ConsentGiven(Fact, frozen=True, kw_only=True, tag="requests.request.consent-given.v1"):
    """The State consented to show its request: recipients, fields and period.

    `instead_of` names the consent by silence that it replaces.
    """

    request_id: UUID
    state: State
    consent_id: UUID
    recipients: Recipients
    given_at: datetime
    fields: FieldSets = EVERYTHING
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    instead_of: UUID | None = None


class ConsentRecorded(Fact, frozen=True, kw_only=True, tag="requests.request.consent-recorded.v1"):
    """A coordinator recorded a consent received by note verbale; the State is notified and can withdraw it.

    `scan_id` is the attachment with the scan of the note; None in older facts.
    """

    request_id: UUID
    state: State
    consent_id: UUID
    recipients: Recipients
    recorded_at: datetime
    fields: FieldSets = EVERYTHING
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    instead_of: UUID | None = None
    scan_id: UUID | None = None


class ConsentWithdrawn(Fact, frozen=True, kw_only=True, tag="requests.request.consent-withdrawn.v1"):
    """The State withdrew a consent, or objected during the objection window. `circulation` is the result."""

    request_id: UUID
    state: State
    consent_id: UUID
    circulation: Code
    withdrawn_at: datetime


class ConsentEnded(Fact, frozen=True, kw_only=True, tag="requests.request.consent-ended.v1"):
    """The period of a consent ended. `circulation` is the result."""

    request_id: UUID
    state: State
    consent_id: UUID
    circulation: Code
    ended_at: datetime


class RequestAssigned(Fact, frozen=True, kw_only=True, tag="requests.request.assigned.v1"):
    """A coordinator took charge of the request, or assigned it to another. None in `assignee` ends the assignment."""

    request_id: UUID
    state: State
    assignee: UUID | None
    assigned_at: datetime


class LineFulfilmentChanged(Fact, frozen=True, kw_only=True, tag="requests.request.fulfilment-changed.v1"):
    """The fulfilment of a line changed (`none`, `partial`, `covered`, `complete`), following one of its matches."""

    request_id: UUID
    state: State
    line_id: UUID
    fulfilment: Code
    match_id: UUID
    match_status: Code
    changed_at: datetime
    provider: Organization | None = None
    """The provider of the match, who may see the contact."""
    covers: Persons | None = None
    """Number of persons of the line's group whom the match serves; None for all."""


class DeliveryEvaluated(Fact, frozen=True, kw_only=True, tag="requests.request.delivery-evaluated.v1"):
    """One `side` (`state` or `provider`) of a match evaluated whether its delivery met the need.

    `result` is `met`, `partially_met` or `unmet`; it replaces the earlier result of that side.
    """

    request_id: UUID
    state: State
    line_id: UUID
    match_id: UUID
    side: Code
    result: Code
    evaluated_at: datetime


FACTS: tuple[type[Fact], ...] = (
    RequestDrafted,
    RequestFiledOnBehalf,
    RequestRevised,
    RequestSubmitted,
    RequestRegistered,
    RequestReturned,
    RequestDeclined,
    RequestOpened,
    RequestHeld,
    RequestAssigned,
    RequestResumed,
    RequestStarted,
    RequestReopened,
    RequestDelivered,
    RequestClosed,
    RequestWithdrawn,
    RequestReminded,
    RequestLapsed,
    CirculationDecided,
    ConsentGiven,
    ConsentRecorded,
    ConsentWithdrawn,
    ConsentEnded,
    LineFulfilmentChanged,
    DeliveryEvaluated,
)
