"""Facts of the requests service: a State's request for technical assistance, its lines, consent and fulfilment."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.consents import EVERYTHING, FieldSets, Recipients
from contracts.facts import Fact
from contracts.values import Code, Language, Organization, Period, State

LINES_MAX = 20
EXCLUDED_PROVIDERS_MAX = 50
CODES_MAX = 20
ATTACHMENT_BYTES_MAX = 10 * 1024 * 1024
Codes = Annotated[tuple[Code, ...], Meta(max_length=CODES_MAX)]
Excluded = Annotated[tuple[Organization, ...], Meta(max_length=EXCLUDED_PROVIDERS_MAX)]
"""Providers by whom a State does not wish to be served: for the State and UNODC alone."""


# `circulation_rule` is what the State chose when it filed: `none`, `granted`, or `silence` (no objection within five
# working days of the submission). What came of it is the request's circulation.


class Line(Struct, frozen=True, kw_only=True):
    """One need, in codes: a kind of assistance, what it is about, for whom, when, in which languages."""

    line_id: UUID
    kind: Code
    topics: Codes
    articles: Codes
    paragraphs: Codes
    pillars: Codes
    institution: Code
    group_size: Annotated[int, Meta(ge=1, le=100_000)]
    languages: Annotated[tuple[Language, ...], Meta(max_length=6)]
    modality: Code
    window: Period
    gender_marker: Annotated[int, Meta(ge=0, le=2)]
    human_rights_marker: Annotated[int, Meta(ge=0, le=2)]
    cannot_wait: bool = False
    """Only what is funded already will do."""


class About(Struct, frozen=True, kw_only=True):
    """What a line is about, for whom no more of it is told. `gender_marker` is None where it was not kept."""

    kind: Code
    topics: Codes
    gender_marker: Annotated[int, Meta(ge=0, le=2)] | None = None


class RequestDrafted(Fact, frozen=True, kw_only=True, tag="requests.request.drafted.v1"):
    """A State began a request; nobody outside it sees it yet."""

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


class RequestRevised(Fact, frozen=True, kw_only=True, tag="requests.request.revised.v1"):
    """A State changed its draft, or what was returned to it: the whole of it, as it now stands."""

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


class RequestSubmitted(Fact, frozen=True, kw_only=True, tag="requests.request.submitted.v1"):
    """A State's focal point submitted a request: the whole of it, in codes."""

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


class RequestRegistered(Fact, frozen=True, kw_only=True, tag="requests.request.registered.v1"):
    """A coordinator authenticated the channel and gave a reference number."""

    request_id: UUID
    state: State
    reference: Code
    registered_at: datetime


class RequestReturned(Fact, frozen=True, kw_only=True, tag="requests.request.returned.v1"):
    """A coordinator gave the request back to the State, for a coded reason; the clock is paused."""

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
    """Triage ended: the request is open for proposals, with a priority."""

    request_id: UUID
    state: State
    priority: Code
    opened_at: datetime


class RequestHeld(Fact, frozen=True, kw_only=True, tag="requests.request.held.v1"):
    """Work on the request pauses, for a coded reason."""

    request_id: UUID
    state: State
    reason: Code
    held_at: datetime


class RequestResumed(Fact, frozen=True, kw_only=True, tag="requests.request.resumed.v1"):
    """Work on the request goes on, in the state it was in."""

    request_id: UUID
    state: State
    resumed_at: datetime


class RequestStarted(Fact, frozen=True, kw_only=True, tag="requests.request.started.v1"):
    """The first confirmed match began: the request is in delivery."""

    request_id: UUID
    state: State
    started_at: datetime


class RequestReopened(Fact, frozen=True, kw_only=True, tag="requests.request.reopened.v1"):
    """A gap or a new need: the request is open again."""

    request_id: UUID
    state: State
    reason: Code
    reopened_at: datetime


class RequestDelivered(Fact, frozen=True, kw_only=True, tag="requests.request.delivered.v1"):
    """All confirmed matches are completed, or the State says that it suffices."""

    request_id: UUID
    state: State
    delivered_at: datetime


class RequestClosed(Fact, frozen=True, kw_only=True, tag="requests.request.closed.v1"):
    """A coordinator closed the request: `met`, `partially_met` or `unmet`."""

    request_id: UUID
    state: State
    outcome: Code
    closed_at: datetime


class RequestWithdrawn(Fact, frozen=True, kw_only=True, tag="requests.request.withdrawn.v1"):
    """The State withdrew its request."""

    request_id: UUID
    state: State
    withdrawn_at: datetime


class RequestReminded(Fact, frozen=True, kw_only=True, tag="requests.request.reminded.v1"):
    """The State was reminded that the request waits for its answer: the first or the second time."""

    request_id: UUID
    state: State
    reminder: Annotated[int, Meta(ge=1, le=2)]
    reminded_at: datetime


class RequestLapsed(Fact, frozen=True, kw_only=True, tag="requests.request.lapsed.v1"):
    """No answer came after two reminders."""

    request_id: UUID
    state: State
    lapsed_at: datetime


class CirculationDecided(Fact, frozen=True, kw_only=True, tag="requests.request.circulation-decided.v1"):
    """Who beyond UNODC may see the request changed: `window_running`, `granted`, `objected` or `none`.

    Stated when a running window ends in silence; `consent_id` is then None. Journals from before consents had
    recipients also hold it for a consent that was given or withdrawn, which it names.
    """

    request_id: UUID
    state: State
    circulation: Code
    decided_at: datetime
    consent_id: UUID | None = None
    window_ends_at: datetime | None = None


class ConsentGiven(Fact, frozen=True, kw_only=True, tag="requests.request.consent-given.v1"):
    """The State let its request be shown: to whom, which fields, from when until when.

    `instead_of` names the consent that its silence would have given: who speaks is not silent.
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
    """A coordinator wrote down a consent that came by note verbale; the State is told, and can withdraw it.

    `scan_id` is the attachment that the note was scanned into; none where it was recorded before scans were asked for.
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
    """The State took a consent back, or objected while silence would have become one. `circulation` is what is left."""

    request_id: UUID
    state: State
    consent_id: UUID
    circulation: Code
    withdrawn_at: datetime


class ConsentEnded(Fact, frozen=True, kw_only=True, tag="requests.request.consent-ended.v1"):
    """The period of a consent is over. `circulation` is what is left."""

    request_id: UUID
    state: State
    consent_id: UUID
    circulation: Code
    ended_at: datetime


class LineFulfilmentChanged(Fact, frozen=True, kw_only=True, tag="requests.request.fulfilment-changed.v1"):
    """How far a line is met changed (`none`, `partial`, `complete`), following a match of it."""

    request_id: UUID
    state: State
    line_id: UUID
    fulfilment: Code
    match_id: UUID
    match_status: Code
    changed_at: datetime
    provider: Organization | None = None
    """Who delivers the match, and may know whom to turn to."""


class DeliveryEvaluated(Fact, frozen=True, kw_only=True, tag="requests.request.delivery-evaluated.v1"):
    """One `side` (`state` or `provider`) of a match of a line said whether its delivery met the need.

    `result` is `met`, `partially_met` or `unmet`, in the place of what that side said before.
    """

    request_id: UUID
    state: State
    line_id: UUID
    match_id: UUID
    side: Code
    result: Code
    evaluated_at: datetime


class AttachmentAdded(Fact, frozen=True, kw_only=True, tag="requests.attachment.added.v1"):
    """A file was attached to a request; nobody reads it before it was looked at. Its name is words.

    `purpose`: `request` where it is part of what the State asks, `note_verbale` where a coordinator scanned a note.
    """

    attachment_id: UUID
    request_id: UUID
    state: State
    format: Code
    size_bytes: Annotated[int, Meta(ge=1, le=ATTACHMENT_BYTES_MAX)]
    content_hash: str
    added_at: datetime
    purpose: Code = "request"


class AttachmentCleared(Fact, frozen=True, kw_only=True, tag="requests.attachment.cleared.v1"):
    """A file may be read: a scanner found nothing in it or, where `scanned` is false, there is none."""

    attachment_id: UUID
    request_id: UUID
    state: State
    scanned: bool
    cleared_at: datetime


class AttachmentRejected(Fact, frozen=True, kw_only=True, tag="requests.attachment.rejected.v1"):
    """A scanner found malware in a file, which was deleted."""

    attachment_id: UUID
    request_id: UUID
    state: State
    rejected_at: datetime


class AttachmentRemoved(Fact, frozen=True, kw_only=True, tag="requests.attachment.removed.v1"):
    """The State took a file back, which was deleted."""

    attachment_id: UUID
    request_id: UUID
    state: State
    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    RequestDrafted,
    RequestRevised,
    RequestSubmitted,
    RequestRegistered,
    RequestReturned,
    RequestDeclined,
    RequestOpened,
    RequestHeld,
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
    AttachmentAdded,
    AttachmentCleared,
    AttachmentRejected,
    AttachmentRemoved,
)
