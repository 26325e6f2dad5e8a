"""The outreach plan: activities that make SHERLOC known to an audience, with the people they are to reach.

Every appointment reads it, coordinators maintain it (paragraph I.b).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.conversion import from_attributes
from contracts.decisions import Later, Opening
from contracts.nouns import Create, Move, MoveContext, Noun, Read
from contracts.outreach import (
    Languages,
    OutreachActivityCancelled,
    OutreachActivityHeld,
    OutreachActivityPlanned,
    OutreachActivityRevised,
    OutreachAudience,
    OutreachKind,
    People,
)
from contracts.refusals import Invalid
from contracts.values import Language, Money, Role
from services.sherloc.bodies import CodedReason, check_reason


class OutreachStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class OutreachTexts(Struct, frozen=True, kw_only=True):
    """Texts of an activity."""

    title: str
    text: str


class OutreachActivity(Struct, frozen=True, kw_only=True):
    """An activity of the outreach plan. `languages` are those in which it is held, `language` that of its texts."""

    outreach_activity_id: UUID
    status: OutreachStatus
    revision: int
    audience: OutreachAudience
    outreach_kind: OutreachKind
    language: Language
    languages: tuple[Language, ...]
    starts: date
    ends: date
    budget_minor: int
    currency: str
    reach_target: int
    planned_at: datetime
    changed_at: datetime
    reach: int | None = None
    reason: str | None = None

    @property
    def budget(self) -> Money:
        return Money(minor=self.budget_minor, currency=self.currency)


class OutreachActivityView(Struct, frozen=True, kw_only=True):
    """An activity that makes SHERLOC known to an audience, in `languages`; `title` and `text` are in `language`.

    `reach_target` is the number of people that it is to reach, `reach` the number that it reached, null before it was
    held. `reason` is the code (`/v1/reference/reasons/cancel_outreach_activity`) with which it was cancelled.
    """

    outreach_activity_id: UUID
    status: OutreachStatus
    revision: int
    audience: OutreachAudience
    outreach_kind: OutreachKind
    language: Language
    title: str
    text: str
    languages: tuple[Language, ...]
    starts: date
    ends: date
    budget: Money
    reach_target: int
    reach: int | None
    planned_at: datetime
    changed_at: datetime
    reason: str | None
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class OutreachActivityPage(Struct, frozen=True, kw_only=True):
    """Activities of the outreach plan, newest first; `cursor` leads to the next page."""

    outreach_activities: list[OutreachActivityView]
    cursor: str | None


# -- commands and decisions -----------------------------------------------------------------------------------------


class PlanOutreachActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An activity: audience, kind, days, `languages`, budget, and the number of people that it is to reach.

    `title` and `text` are in `language`.
    """

    audience: OutreachAudience
    outreach_kind: OutreachKind
    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Annotated[str, Meta(max_length=10_000)] = ""
    languages: Languages
    starts: date
    ends: date
    budget: Money
    reach_target: People

    def check(self) -> None:
        """Raise Invalid if the last day is before the first."""
        if self.ends < self.starts:
            raise Invalid("dates-reversed", field="ends")


class ReviseOutreachActivity(PlanOutreachActivity, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the activity again. The earlier texts are deleted."""


class HoldOutreachActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of people that the activity reached."""

    reach: People


def plan(outreach_activity_id: UUID, body: PlanOutreachActivity, ctx: MoveContext) -> OutreachActivityPlanned:
    body.check()
    ids = {"outreach_activity_id": outreach_activity_id}
    return from_attributes(OutreachActivityPlanned, body, **ids, texts_hash=ctx.texts_hash, planned_at=ctx.now)


def revise(known: OutreachActivity, body: ReviseOutreachActivity, ctx: MoveContext) -> OutreachActivityRevised:
    body.check()
    ids = {"outreach_activity_id": known.outreach_activity_id}
    return from_attributes(OutreachActivityRevised, body, **ids, texts_hash=ctx.texts_hash, revised_at=ctx.now)


def hold(known: OutreachActivity, body: HoldOutreachActivity, ctx: MoveContext) -> OutreachActivityHeld:
    return from_attributes(OutreachActivityHeld, known, reach=body.reach, held_at=ctx.now)


def cancel(known: OutreachActivity, body: CodedReason, ctx: MoveContext) -> OutreachActivityCancelled:
    reason = check_reason("cancel_outreach_activity", body.reason)
    return from_attributes(OutreachActivityCancelled, known, reason=reason, cancelled_at=ctx.now)


_COORDINATORS = frozenset({Role.COORDINATOR})
_PLANNED = frozenset({OutreachStatus.PLANNED})

OUTREACH = Noun(
    record=OutreachActivity,
    texts=OutreachTexts,
    view=OutreachActivityView,
    page=OutreachActivityPage,
    path="/v1/outreach-activities",
    table="outreach_activity",
    texts_table="outreach_text",
    sees=lambda caller, record: True,
    visible="is_appointed(caller_role())",
    status_slug="outreach-status",
    filters=("status", "audience"),
    lists=Read(
        "list_outreach_activities",
        "The outreach plan, with reach against target",
        "Lists activities for every appointment.",
    ),
    shows=Read(
        "show_outreach_activity",
        "One outreach activity",
        "Shows an activity, with the number of people that it is to reach and that it has reached.",
    ),
    create=Create(
        name="plan_outreach_activity",
        command=PlanOutreachActivity,
        fact=OutreachActivityPlanned,
        decide=plan,
        by=_COORDINATORS,
        to=OutreachStatus.PLANNED,
        summary="Plan an outreach activity",
    ),
    moves=(
        Move(
            name="revise_outreach_activity",
            path="revise",
            command=ReviseOutreachActivity,
            fact=OutreachActivityRevised,
            decide=revise,
            by=_COORDINATORS,
            when=_PLANNED,
            summary="Revise an outreach activity",
        ),
        Move(
            name="hold_outreach_activity",
            path="hold",
            command=HoldOutreachActivity,
            fact=OutreachActivityHeld,
            decide=hold,
            by=_COORDINATORS,
            when=_PLANNED,
            to=OutreachStatus.HELD,
            opens=lambda known: Opening("outreach-not-begun", known.starts),
            summary="Record that an activity was held",
            description="The first day must have begun.",
        ),
        Move(
            name="cancel_outreach_activity",
            path="cancel",
            command=CodedReason,
            fact=OutreachActivityCancelled,
            decide=cancel,
            by=_COORDINATORS,
            when=_PLANNED,
            to=OutreachStatus.CANCELLED,
            summary="Cancel an outreach activity",
        ),
    ),
)
