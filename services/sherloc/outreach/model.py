"""An outreach activity, which makes SHERLOC known to an audience, with the people it is to reach and has reached."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.outreach import (
    OutreachActivityCancelled,
    OutreachActivityHeld,
    OutreachActivityPlanned,
    OutreachActivityRevised,
    OutreachAudience,
    OutreachKind,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Money


class OutreachStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


_PLANNED = frozenset({OutreachStatus.PLANNED})
MOVES: Mapping[str, frozenset[OutreachStatus]] = {
    "revise_outreach_activity": _PLANNED,
    "hold_outreach_activity": _PLANNED,
    "cancel_outreach_activity": _PLANNED,
}
"""Maps each move to the statuses in which it is allowed."""


class OutreachTexts(Struct, frozen=True, kw_only=True):
    """Texts of an activity."""

    title: str
    text: str = ""


class Terms(Struct, frozen=True, kw_only=True):
    """Terms of an activity. `languages` are those in which it is held, `language` is that of its texts."""

    audience: OutreachAudience
    outreach_kind: OutreachKind
    language: Language
    languages: tuple[Language, ...]
    starts: date
    ends: date
    budget: Money
    reach_target: int

    def check(self) -> None:
        """Raise Invalid if the last day is before the first."""
        if self.ends < self.starts:
            raise Invalid("dates-reversed", field="ends")


class OutreachActivity(Struct, frozen=True, kw_only=True):
    """An activity of the outreach plan."""

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

    @property
    def opening(self) -> Mapping[str, tuple[str, date]]:
        """Maps a move to the slug of its refusal before the first day on which it is possible."""
        return {"hold_outreach_activity": ("outreach-not-begun", self.starts)}

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("outreach-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, terms: Terms, texts_hash: str, *, now: datetime) -> OutreachActivityRevised:
        self.require("revise_outreach_activity")
        terms.check()
        return OutreachActivityRevised(
            outreach_activity_id=self.outreach_activity_id, **_said(terms), texts_hash=texts_hash, revised_at=now
        )

    def hold(self, reach: int, *, now: datetime) -> OutreachActivityHeld:
        """Return the fact that the activity was held. Raises Conflict before its first day."""
        self.require("hold_outreach_activity")
        slug, first_day = self.opening["hold_outreach_activity"]
        if now.date() < first_day:
            raise Conflict(slug, first_day=first_day)
        return OutreachActivityHeld(
            outreach_activity_id=self.outreach_activity_id, audience=self.audience, reach=reach, held_at=now
        )

    def cancel(self, reason: str, *, now: datetime) -> OutreachActivityCancelled:
        self.require("cancel_outreach_activity")
        return OutreachActivityCancelled(
            outreach_activity_id=self.outreach_activity_id, audience=self.audience, reason=reason, cancelled_at=now
        )


def plan(outreach_activity_id: UUID, terms: Terms, texts_hash: str, *, now: datetime) -> OutreachActivityPlanned:
    """Return the fact of a planned activity. Raises Invalid if the last day is before the first."""
    terms.check()
    return OutreachActivityPlanned(
        outreach_activity_id=outreach_activity_id, **_said(terms), texts_hash=texts_hash, planned_at=now
    )


def _said(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in Terms.__struct_fields__}
