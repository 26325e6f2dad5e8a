"""Activities: courses, meetings or campaigns that a fund pays for, outside requests and work packages."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.activities import ActivityCancelled, ActivityCompleted, ActivityPlanned, ActivityRevised
from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid, Mismatch
from contracts.values import Language


class ActivityStatus(StrEnum):
    PLANNED = "planned"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


MOVES: Mapping[str, ActivityStatus] = {
    "complete": ActivityStatus.PLANNED,
    "cancel": ActivityStatus.PLANNED,
    "allocate": ActivityStatus.PLANNED,
}
"""The state in which each transition is allowed; `policy.py` decides who may make it. Spending is allowed in any state.
"""


class Plan(Struct, frozen=True, kw_only=True):
    """The plan of an activity: dates, fund and purpose. The title is in `language`.

    `topics` and `pillars` are codes of the scheme of topics. `gender_marker` is the DAC's marker of gender equality: 0
    (not targeted), 1 (significant) or 2 (principal objective).
    """

    fund: str
    activity_kind: str
    topics: tuple[str, ...]
    pillars: tuple[str, ...]
    gender_marker: int
    starts_on: date
    ends_on: date
    language: Language


class Activity(Plan, frozen=True, kw_only=True):
    """The current state of an activity, without its title. `reason` is the reason for its cancellation."""

    activity_id: UUID
    status: ActivityStatus
    revision: int
    texts_hash: str
    planned_at: datetime
    completed_on: date | None = None
    participants: int | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    def require_payable_from(self, fund: str) -> None:
        """Raise Conflict if the activity has ended, Mismatch if another fund pays for it."""
        self._require("allocate")
        if fund != self.fund:
            raise Mismatch("activity-of-another-fund", fund=self.fund)

    def revise(self, wanted: Plan, texts_hash: str, *, now: datetime) -> ActivityRevised:
        """Change the plan, in any state, since a title may also have to be corrected after the end.

        Raises Invalid if it would end before it begins or begin after it was completed, Mismatch for another fund.
        """
        if wanted.fund != self.fund:
            raise Mismatch("activity-of-another-fund", fund=self.fund)
        _check_days(wanted)
        if self.completed_on is not None and self.completed_on < wanted.starts_on:
            raise Invalid("dates-reversed", field="starts_on")
        return ActivityRevised(activity_id=self.activity_id, texts_hash=texts_hash, revised_at=now, **asdict(wanted))

    def complete(
        self, participants: int | None, fund_donors: tuple[str, ...], *, on: date, now: datetime
    ) -> ActivityCompleted:
        """Complete the activity. Raises Invalid for a day before it began."""
        self._require("complete")
        if on < self.starts_on:
            raise Invalid("dates-reversed", field="completed_on")
        return ActivityCompleted(
            activity_id=self.activity_id,
            fund=self.fund,
            completed_on=on,
            participants=participants,
            completed_at=now,
            fund_donors=fund_donors,
        )

    def cancel(
        self, reason: str, fund_donors: tuple[str, ...], *, unspent_usd_minor: int, now: datetime
    ) -> ActivityCancelled:
        """Cancel the activity. Raises Conflict while allocated money is unspent: return it to the fund first."""
        self._require("cancel")
        if unspent_usd_minor:
            raise Conflict("activity-funded", unspent_usd_minor=unspent_usd_minor)
        return ActivityCancelled(
            activity_id=self.activity_id, fund=self.fund, reason=reason, cancelled_at=now, fund_donors=fund_donors
        )

    def _require(self, move: str) -> None:
        """Raise Conflict unless the activity's state allows the transition."""
        if self.status is not MOVES[move]:
            raise Conflict("activity-status", status=self.status, move=move)


def plan(activity_id: UUID, wanted: Plan, texts_hash: str, *, now: datetime) -> ActivityPlanned:
    """Plan an activity. Raises Invalid if it would end before it begins."""
    _check_days(wanted)
    return ActivityPlanned(activity_id=activity_id, texts_hash=texts_hash, planned_at=now, **asdict(wanted))


def _check_days(wanted: Plan) -> None:
    if wanted.ends_on < wanted.starts_on:
        raise Invalid("dates-reversed", field="ends_on")


def evolve(activity: Activity | None, fact: Fact) -> Activity:
    """Apply a fact to the activity."""
    if activity is None:
        assert isinstance(fact, ActivityPlanned), "an activity's first fact is that it was planned"
        return Activity(
            activity_id=fact.activity_id,
            fund=fact.fund,
            activity_kind=fact.activity_kind,
            status=ActivityStatus.PLANNED,
            revision=1,
            topics=fact.topics,
            pillars=fact.pillars,
            gender_marker=fact.gender_marker,
            starts_on=fact.starts_on,
            ends_on=fact.ends_on,
            language=fact.language,
            texts_hash=fact.texts_hash,
            planned_at=fact.planned_at,
        )
    moved = replace(activity, revision=activity.revision + 1)
    match fact:
        case ActivityRevised():
            return replace(
                moved,
                activity_kind=fact.activity_kind,
                topics=fact.topics,
                pillars=fact.pillars,
                gender_marker=fact.gender_marker,
                starts_on=fact.starts_on,
                ends_on=fact.ends_on,
                language=fact.language,
                texts_hash=fact.texts_hash,
            )
        case ActivityCompleted():
            return replace(
                moved,
                status=ActivityStatus.COMPLETED,
                completed_on=fact.completed_on,
                participants=fact.participants,
                ended_at=fact.completed_at,
            )
        case ActivityCancelled():
            return replace(moved, status=ActivityStatus.CANCELLED, ended_at=fact.cancelled_at, reason=fact.reason)
        case _:
            raise AssertionError(f"{fact.type} is not a fact of an activity")
