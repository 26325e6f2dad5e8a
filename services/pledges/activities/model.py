"""An activity: a course, a meeting or a campaign that a fund pays for, asked for by no State and part of no package."""

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
"""From which state each move leads; who makes it is the policy's. What was set aside is spent whatever the state."""


class Plan(Struct, frozen=True, kw_only=True):
    """What is to be done, from a day to another, and which fund is to pay for it; the title is in `language`.

    `topics` and `pillars` are codes of the scheme of topics; `gender_marker` says how far it is for the equality of
    women and men: 0 not, 1 significantly, 2 principally.
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
    """An activity as it stands, all but its title. `reason` says why it was cancelled."""

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
        """Raises Conflict where nothing is set aside for it any more, Mismatch where another fund pays for it."""
        self._require("allocate")
        if fund != self.fund:
            raise Mismatch("activity-of-another-fund", fund=self.fund)

    def revise(self, wanted: Plan, texts_hash: str, *, now: datetime) -> ActivityRevised:
        """Whatever became of it: a title is put right afterwards, too.

        Raises Invalid where it would end before it begins or had been over before, Mismatch for another fund.
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
        """Raises Invalid for a day before it began."""
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
        """Raises Conflict while money set aside for it waits to be spent: that goes back to the fund first."""
        self._require("cancel")
        if unspent_usd_minor:
            raise Conflict("activity-funded", unspent_usd_minor=unspent_usd_minor)
        return ActivityCancelled(
            activity_id=self.activity_id, fund=self.fund, reason=reason, cancelled_at=now, fund_donors=fund_donors
        )

    def _require(self, move: str) -> None:
        """Raises Conflict where the activity's state does not allow the move."""
        if self.status is not MOVES[move]:
            raise Conflict("activity-status", status=self.status, move=move)


def plan(activity_id: UUID, wanted: Plan, texts_hash: str, *, now: datetime) -> ActivityPlanned:
    """Raises Invalid where it would end before it begins."""
    _check_days(wanted)
    return ActivityPlanned(activity_id=activity_id, texts_hash=texts_hash, planned_at=now, **asdict(wanted))


def _check_days(wanted: Plan) -> None:
    if wanted.ends_on < wanted.starts_on:
        raise Invalid("dates-reversed", field="ends_on")


def evolve(activity: Activity | None, fact: Fact) -> Activity:
    """The activity after a fact."""
    if activity is None:
        assert isinstance(fact, ActivityPlanned), "an activity begins by being planned"
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
