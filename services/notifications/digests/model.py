"""Digests: when each is due, and which of its hits are shown to its reader."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts.alerts import DigestIssued
from contracts.values import Role
from services.notifications.alerts.model import AlertSubject, Frequency
from services.notifications.hits.model import Watcher

HOUR_UTC = 6
"""The hour at which digests are due, in UTC; weekly digests are due on Mondays."""

ENTRIES_MAX = 200
"""Maximum number of entries that a digest shows: the first ones."""


class DigestStatus(StrEnum):
    DUE = "due"
    ISSUED = "issued"


class Digest(Struct, frozen=True, kw_only=True):
    """The digest of one appointment that is due at a time; `entries` is their number when it was issued."""

    digest_id: UUID
    person_id: UUID
    organization: str
    role: Role
    frequency: Frequency
    due_at: datetime
    status: DigestStatus
    entries: int | None
    issued_at: datetime | None

    @property
    def day(self) -> date:
        return self.due_at.date()

    def issue(self, entries: int, *, now: datetime) -> DigestIssued:
        return DigestIssued(
            digest_id=self.digest_id,
            person_id=self.person_id,
            organization=self.organization,
            role=self.role,
            frequency=self.frequency,
            day=self.day,
            entries=entries,
            issued_at=now,
        )


class Entry(Struct, frozen=True, kw_only=True):
    """A hit as it is shown to its reader: ids and codes, no texts of the record."""

    subject: AlertSubject
    request_id: UUID | None
    requirement_id: UUID | None
    offering_id: UUID | None
    reference: str
    organization: str
    kinds: tuple[str, ...]
    link: str

    @property
    def record_id(self) -> UUID:
        record_id = self.offering_id or self.requirement_id or self.request_id
        assert record_id is not None, "a hit names a record"
        return record_id


def next_due(frequency: Frequency, after: datetime) -> datetime:
    """Return the time at which the next digest after this time is due."""
    at = after.replace(hour=HOUR_UTC, minute=0, second=0, microsecond=0)
    if at <= after:
        at += timedelta(days=1)
    return at + timedelta(days=-at.weekday() % 7) if frequency is Frequency.WEEKLY else at


def digest_id_of(watcher: Watcher, due_at: datetime) -> UUID:
    """Return the id of the digest that is due at this time, derived so that there is only one."""
    owner = f"{watcher.person_id}:{watcher.organization}:{watcher.role}"
    return uuid5(NAMESPACE_URL, f"entraide:digest:{owner}:{watcher.frequency}:{due_at.isoformat()}")
