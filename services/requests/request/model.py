"""A State's request: its statuses and transitions.

Each transition is a method of `Request` that returns a fact or raises a refusal; `evolve.py` applies the fact.
"""

from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.consents import Consent, Terms, recipients_by_visibility
from contracts.coverage import Delivery, Fulfilment, fulfilment_of, fulfilment_of_request, residue_of
from contracts.refusals import Conflict, Invalid
from contracts.requests import (
    CirculationDecided,
    ConsentEnded,
    ConsentGiven,
    ConsentRecorded,
    ConsentWithdrawn,
    DeliveryEvaluated,
    DraftLine,
    Line,
    LineFulfilmentChanged,
    RequestAssigned,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestDrafted,
    RequestFiledOnBehalf,
    RequestHeld,
    RequestLapsed,
    RequestOpened,
    RequestRegistered,
    RequestReminded,
    RequestReopened,
    RequestResumed,
    RequestReturned,
    RequestRevised,
    RequestStarted,
    RequestSubmitted,
    RequestWithdrawn,
)
from contracts.values import Language
from services.requests.request import deliveries
from services.requests.request.completeness import check_complete, in_order
from services.requests.request.consent_terms import CONSENTS_MAX, check_period
from services.requests.request.deliveries import Outcome, Results
from services.requests.request.values import (
    MOVES,
    Addressee,
    Circulation,
    CirculationRule,
    FilingChannel,
    Priority,
    Status,
    Visibility,
)

REMINDERS_MAX = 2
REMINDER_DAYS = 20
"""Days until the first reminder, from the first to the second, and from the second until the request lapses."""

FOLLOW_UP_DAYS = 365


class Request(Struct, frozen=True, kw_only=True):
    """A request without its texts."""

    request_id: UUID
    state: str
    status: Status
    revision: int
    language: Language
    visibility: Visibility
    addressee: Addressee
    addressed_states: tuple[str, ...]
    circulation_rule: CirculationRule
    circulation: Circulation
    restricted: bool
    lines: tuple[Line, ...]
    texts_hash: str
    drafted_at: datetime
    excluded_providers: tuple[str, ...] = ()
    """Providers whose offerings are not matched with the request."""
    incomplete: tuple[DraftLine, ...] = ()
    """Lines of a draft or returned request that lack a required field."""
    channel: FilingChannel | None = None
    """The channel by which the request came, if UNODC filed it on the State's behalf."""
    received_on: date | None = None
    confirmation_scan_id: UUID | None = None
    """The scan of the State's confirmation, if a coordinator recorded that."""
    fulfilment: dict[UUID, Fulfilment] = {}
    matches: dict[UUID, tuple[UUID, str]] = {}
    """Maps each match to its line and its latest known status."""
    providers: dict[UUID, str] = {}
    """Maps each match to the organization that delivers it."""
    agreed_at: dict[UUID, datetime] = {}
    """Maps each match to the time at which both sides had accepted it."""
    covers: dict[UUID, int | None] = {}
    """Maps each match to the number of persons of its line's group that it serves; None for all."""
    evaluations: dict[UUID, Results] = {}
    """Maps each match to each side's evaluation of its delivery."""
    window_ends_at: datetime | None = None
    submitted_at: datetime | None = None
    registered_at: datetime | None = None
    reference: str | None = None
    priority: Priority | None = None
    criteria_version: int | None = None
    """The version of the criteria by which the request was assessed since it was last submitted."""
    eligible: bool | None = None
    assessed_priority: Priority | None = None
    """The priority that follows from the criteria."""
    assignee: UUID | None = None
    """The coordinator in charge."""
    held_from: Status | None = None
    waiting_since: datetime | None = None
    """The time since which the State has owed an answer, after a return or a hold."""
    reminders: int = 0
    outcome: Outcome | None = None
    consents: dict[UUID, Consent] = {}
    """Consents by id, including ended ones. Those in force count only while the circulation is granted."""
    read_at: datetime | None = None
    """The time at which it was read for a caller, by PostgreSQL's clock; consents in force are those of this time."""

    def require(self, move: str) -> None:
        """Raise Conflict if the request's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("request-status", status=self.status, move=move)

    @property
    def all_lines(self) -> tuple[Line | DraftLine, ...]:
        """The request's lines in order, including incomplete ones."""
        return in_order(self.lines, self.incomplete)

    def line(self, line_id: UUID) -> Line | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def residue(self, line: Line | DraftLine) -> int | None:
        """Return the number of persons in the line's group that no confirmed match covers; None if it has no size."""
        if line.group_size is None:
            return None
        return residue_of(line.group_size, self._deliveries_of(line.line_id))

    def _deliveries_of(self, line_id: UUID) -> list[Delivery]:
        return [
            Delivery(status, self.covers.get(match_id))
            for match_id, (of_line, status) in self.matches.items()
            if of_line == line_id
        ]

    @property
    def fulfilled(self) -> Fulfilment:
        """The fulfilment of all lines together."""
        return fulfilment_of_request(self.fulfilment.get(line.line_id, Fulfilment.NONE) for line in self.lines)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, content: "Content", *, now: datetime) -> RequestRevised:
        self.require("revise")
        return RequestRevised(request_id=self.request_id, **asdict(content), revised_at=now)

    def record_confirmation(self, scan_id: UUID, reference: str, *, now: datetime) -> RequestSubmitted:
        """Submit a draft that UNODC filed on the State's behalf, which the State confirmed in writing."""
        self.require("record_confirmation")
        if self.channel is None:
            raise Conflict("not-filed-on-behalf")
        return replace(self.submit(reference, now=now), scan_id=scan_id)

    def submit(self, reference: str, *, now: datetime) -> RequestSubmitted:
        """Submit the request, with the reference of its first submission. Raises the same errors as `file`."""
        self.require("submit")
        content = Content(**{name: getattr(self, name) for name in Content.__struct_fields__})
        return file(self.request_id, self.state, content, self.reference or reference, now=now)

    def register(self, *, now: datetime) -> RequestRegistered:
        self.require("register")
        reference = cast(str, self.reference)
        return RequestRegistered(request_id=self.request_id, state=self.state, reference=reference, registered_at=now)

    def give_back(self, reason: str, *, now: datetime) -> RequestReturned:
        self.require("return")
        return RequestReturned(request_id=self.request_id, state=self.state, reason=reason, returned_at=now)

    def decline(self, reason: str, *, now: datetime) -> RequestDeclined:
        self.require("decline")
        return RequestDeclined(request_id=self.request_id, state=self.state, reason=reason, declined_at=now)

    def open(self, priority: Priority | None = None, *, departure: str | None = None, now: datetime) -> RequestOpened:
        """Open the request, by default with the priority of the assessment, or else normal.

        Raises Conflict if the request is not eligible, Invalid for a departure from the assessment without a reason.
        """
        self.require("open")
        if self.eligible is False:
            raise Conflict("request-not-eligible")
        priority = priority or self.assessed_priority or Priority.NORMAL
        departs = self.assessed_priority not in {None, priority}
        if departs and departure is None:
            raise Invalid("priority-departure-reason-missing", field="departure", priority=self.assessed_priority)
        return RequestOpened(
            request_id=self.request_id,
            state=self.state,
            priority=priority,
            opened_at=now,
            departure=departure if departs else None,
        )

    def assign(self, assignee: UUID | None, *, now: datetime) -> RequestAssigned:
        self.require("assign")
        return RequestAssigned(request_id=self.request_id, state=self.state, assignee=assignee, assigned_at=now)

    def hold(self, reason: str, *, now: datetime) -> RequestHeld:
        self.require("hold")
        return RequestHeld(request_id=self.request_id, state=self.state, reason=reason, held_at=now)

    def resume(self, *, now: datetime) -> RequestResumed:
        self.require("resume")
        return RequestResumed(request_id=self.request_id, state=self.state, resumed_at=now)

    def reopen(self, reason: str, *, now: datetime) -> RequestReopened:
        self.require("reopen")
        return RequestReopened(request_id=self.request_id, state=self.state, reason=reason, reopened_at=now)

    def deliver(self, *, suffices: bool, now: datetime) -> RequestDelivered:
        """Record the delivery. Raises Conflict while a match is not completed, unless the State says it suffices."""
        self.require("deliver")
        if not suffices and any(status in {"confirmed", "in_delivery"} for _, status in self.matches.values()):
            raise Conflict("matches-not-completed")
        return RequestDelivered(request_id=self.request_id, state=self.state, delivered_at=now)

    def close(self, outcome: Outcome, *, heard_both_sides: bool, now: datetime, why: str = "") -> RequestClosed:
        """Close the request; `why` is the hash of a reason to depart from the State's evaluations.

        Raises Conflict if the outcome contradicts the evaluations without a reason, or if a side has not been heard.
        """
        self.require("close")
        follow_up_at = cast(datetime, self.registered_at) + timedelta(days=FOLLOW_UP_DAYS)
        completed = {match_id: line for match_id, (line, status) in self.matches.items() if status == "completed"}
        both_heard = deliveries.both_sides_evaluated(completed, self.evaluations, otherwise=heard_both_sides)
        if not both_heard and now < follow_up_at:
            raise Conflict("feedback-missing", follow_up_at=follow_up_at)
        if not why:
            deliveries.check_outcome(outcome, completed, self.evaluations)
        return RequestClosed(
            request_id=self.request_id, state=self.state, outcome=outcome, closed_at=now, departure_hash=why or None
        )

    def withdraw(self, *, now: datetime) -> RequestWithdrawn:
        self.require("withdraw")
        return RequestWithdrawn(request_id=self.request_id, state=self.state, withdrawn_at=now)

    @property
    def answer_due_at(self) -> datetime | None:
        """Time of the next reminder or of the lapse; None if no answer of the State is awaited."""
        if self.waiting_since is None:
            return None
        return self.waiting_since + timedelta(days=REMINDER_DAYS * (self.reminders + 1))

    def remind(self, *, now: datetime) -> RequestReminded:
        """Record a reminder. Raises Conflict before it is due, or after the second."""
        self.require("remind")
        self._require_due(now, reminders_left=True)
        return RequestReminded(
            request_id=self.request_id, state=self.state, reminder=self.reminders + 1, reminded_at=now
        )

    def lapse(self, *, now: datetime) -> RequestLapsed:
        """Lapse the request. Raises Conflict unless the time after the second reminder has passed."""
        self.require("lapse")
        self._require_due(now, reminders_left=False)
        return RequestLapsed(request_id=self.request_id, state=self.state, lapsed_at=now)

    def _require_due(self, now: datetime, *, reminders_left: bool) -> None:
        due = self.answer_due_at
        if due is None or due > now or (self.reminders < REMINDERS_MAX) != reminders_left:
            raise Conflict("answer-not-due", due_at=due, reminders=self.reminders)

    @property
    def consents_in_force(self) -> tuple[Consent, ...]:
        """Consents that are neither withdrawn nor ended."""
        return tuple(consent for consent in self.consents.values() if consent.active)

    @property
    def terms_by_visibility(self) -> Terms:
        """The terms of a consent without details: all fields, to those whom the visibility names, without an end."""
        return Terms(recipients=recipients_by_visibility(self.visibility, self.addressee, self.addressed_states))

    def consent(self, consent_id: UUID, terms: Terms | None = None, *, now: datetime) -> ConsentGiven:
        """Consent, as the State. Raises Conflict if as much is in force already, Invalid for an excluded provider."""
        return ConsentGiven(given_at=now, **self._consented("consent", consent_id, terms, now))

    def record_consent(
        self, consent_id: UUID, terms: Terms | None = None, *, scan_id: UUID, now: datetime
    ) -> ConsentRecorded:
        """Record a consent that came by a scanned note verbale. Raises the same errors as `consent`."""
        consented = self._consented("record_consent", consent_id, terms, now)
        return ConsentRecorded(recorded_at=now, scan_id=scan_id, **consented)

    def _consented(self, move: str, consent_id: UUID, terms: Terms | None, now: datetime) -> dict[str, Any]:
        self.require(move)
        terms = terms or self.terms_by_visibility
        check_period(terms, now)
        if excluded := sorted(set(terms.recipients) & set(self.excluded_providers)):
            raise Invalid("consent-excluded-provider", organizations=excluded)
        # A consent of a running objection window is not in force yet, so it covers nothing.
        silence = self.circulation is Circulation.WINDOW_RUNNING
        if not silence and any(consent.covers(terms) for consent in self.consents_in_force):
            raise Conflict("circulation-granted-already")
        if len(self.consents_in_force) >= CONSENTS_MAX:
            raise Conflict("too-many-consents", limit=CONSENTS_MAX)
        return {
            "request_id": self.request_id,
            "state": self.state,
            "consent_id": consent_id,
            **asdict(terms),
            "instead_of": self.request_id if silence else None,
        }

    def object(self, consent_id: UUID, *, now: datetime) -> ConsentWithdrawn:
        """Withdraw a consent, or object while the window of the silence rule runs."""
        return ConsentWithdrawn(
            request_id=self.request_id,
            state=self.state,
            consent_id=consent_id,
            circulation=self._circulation_without(consent_id, Circulation.OBJECTED),
            withdrawn_at=now,
        )

    def object_in_window(self, *, now: datetime) -> ConsentWithdrawn:
        """Object to the circulation by silence. Raises Conflict unless its window runs."""
        if self.circulation is not Circulation.WINDOW_RUNNING:
            raise Conflict("window-not-running")
        return self.object(self.request_id, now=now)

    def end_consent(self, consent_id: UUID, *, now: datetime) -> ConsentEnded:
        """End a consent whose period is over. Raises Conflict before its end."""
        ends_at = self.consents[consent_id].ends_at if consent_id in self.consents else None
        if ends_at is None or now < ends_at:
            raise Conflict("consent-not-in-force")
        return ConsentEnded(
            request_id=self.request_id,
            state=self.state,
            consent_id=consent_id,
            circulation=self._circulation_without(consent_id, Circulation.NONE),
            ended_at=now,
        )

    def _circulation_without(self, consent_id: UUID, last: Circulation) -> Circulation:
        if consent_id not in {consent.consent_id for consent in self.consents_in_force}:
            raise Conflict("consent-not-in-force")
        return self.circulation if len(self.consents_in_force) > 1 else last

    def end_window(self, *, now: datetime) -> CirculationDecided:
        """End the objection window of the silence rule without an objection. Raises Conflict before its end."""
        if self.circulation is not Circulation.WINDOW_RUNNING or cast(datetime, self.window_ends_at) > now:
            raise Conflict("window-not-ended")
        return CirculationDecided(
            request_id=self.request_id, state=self.state, circulation=Circulation.GRANTED, decided_at=now
        )

    def start(self, *, now: datetime) -> RequestStarted:
        self.require("start")
        return RequestStarted(request_id=self.request_id, state=self.state, started_at=now)

    def on_match_changed(
        self,
        line_id: UUID,
        match_id: UUID,
        match_status: str,
        provider: str,
        covers: int | None = None,
        *,
        now: datetime,
    ) -> LineFulfilmentChanged | None:
        """Record a new status of a match; None if the line is not of this request.

        `covers` is the number of persons that a newly confirmed match serves; None for the whole group.
        """
        line = self.line(line_id)
        if line is None:
            return None
        covers = covers or self.covers.get(match_id)
        others = replace(self, matches={one: at for one, at in self.matches.items() if one != match_id})
        delivered = [*others._deliveries_of(line_id), Delivery(match_status, covers)]
        return LineFulfilmentChanged(
            request_id=self.request_id,
            state=self.state,
            line_id=line_id,
            fulfilment=fulfilment_of(line.group_size, delivered),
            match_id=match_id,
            match_status=match_status,
            changed_at=now,
            provider=provider,
            covers=covers,
        )

    def on_evaluated(
        self, line_id: UUID, match_id: UUID, side: str, result: str, *, now: datetime
    ) -> DeliveryEvaluated | None:
        """Record a side's evaluation of a delivery; None if the match is not of this request."""
        if match_id not in self.matches:
            return None
        return DeliveryEvaluated(
            request_id=self.request_id,
            state=self.state,
            line_id=line_id,
            match_id=match_id,
            side=side,
            result=result,
            evaluated_at=now,
        )


class Content(Struct, frozen=True, kw_only=True):
    """The codes that a filer chooses: the part of a request that can be revised."""

    language: Language
    visibility: Visibility
    addressee: Addressee
    addressed_states: tuple[str, ...]
    circulation_rule: CirculationRule
    lines: tuple[Line, ...]
    texts_hash: str
    excluded_providers: tuple[str, ...] = ()
    incomplete: tuple[DraftLine, ...] = ()


def draft(request_id: UUID, state: str, content: Content, *, now: datetime) -> RequestDrafted:
    return RequestDrafted(request_id=request_id, state=state, **asdict(content), drafted_at=now)


def file_on_behalf(
    request_id: UUID, state: str, content: Content, channel: FilingChannel, received_on: date, *, now: datetime
) -> RequestFiledOnBehalf:
    """Create a draft on a State's behalf. Raises Invalid for a day in the future."""
    if received_on > now.date():
        raise Invalid("received-in-future", field="received_on")
    return RequestFiledOnBehalf(
        request_id=request_id, state=state, channel=channel, received_on=received_on, **asdict(content), filed_at=now
    )


def file(request_id: UUID, state: str, content: Content, reference: str, *, now: datetime) -> RequestSubmitted:
    """Submit a request. Raises Invalid if it is incomplete, or its kinds do not allow the silence rule."""
    check_complete(in_order(content.lines, content.incomplete), content.circulation_rule)
    submitted = asdict(content)
    del submitted["incomplete"]
    return RequestSubmitted(request_id=request_id, state=state, **submitted, submitted_at=now, reference=reference)
