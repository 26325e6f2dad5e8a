"""Appointments as the directory reports them to the other services."""

from collections.abc import Collection
from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from contracts.values import Caller, Code, Organization, Role, Scope


class HeldAppointment(Struct, frozen=True, kw_only=True):
    """An appointment that is or was in force; all appointments of a disabled person count as `ended` until enabled.

    `version` never decreases: the higher one is newer. An API client has the same form: its id is both other ids, and
    only it has `scopes`. `regions` and `topics` are a coordinator's remit, unlimited if empty. Overdue clocks of a
    remit are escalated to its `head`.
    """

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    starts: date = field(name="from")
    ends: date | None = field(name="until", default=None)
    ended: bool = False
    version: int
    scopes: frozenset[Scope] | None = None
    regions: tuple[Code, ...] = ()
    topics: tuple[Code, ...] = ()
    head: bool = False

    @property
    def caller(self) -> Caller:
        return Caller(person_id=self.person_id, organization=self.organization, role=self.role, scopes=self.scopes)

    def in_force(self, today: date) -> bool:
        return not self.ended and self.starts <= today and (self.ends is None or today <= self.ends)


class Remit(Struct, frozen=True, kw_only=True):
    """The remit of a coordinator's appointment; an empty field restricts nothing.

    Overdue clocks of the remit are escalated to its `head`.
    """

    regions: tuple[Code, ...] = ()
    topics: tuple[Code, ...] = ()
    head: bool = False

    def holds(self, region: str | None, topics: Collection[str]) -> bool:
        """Check whether a request is within the remit.

        `region` is its State's regional group, `topics` are its topics with all broader ones.
        """
        in_region = not self.regions or region in self.regions
        return in_region and (not self.topics or not set(self.topics).isdisjoint(topics))


class CallerChanges(Struct, frozen=True, kw_only=True):
    """Changes after a watermark; `after` is the next watermark, and `more` is true if there are more changes.

    Changes may be repeated. `people` are all persons with a change; their subjects may have changed.
    """

    holdings: list[HeldAppointment]
    people: list[UUID]
    after: str
    more: bool


class Subject(Struct, frozen=True, kw_only=True, order=True, forbid_unknown_fields=True):
    """A subject at an issuer: `iss` and `sub` of a token."""

    issuer: str
    subject: str


class KnownSubject(Struct, frozen=True, kw_only=True):
    """The person of a subject or an address; `others` are not empty if several people have it.

    `foreign` are people whom other organizations entered with a subject that was in use: they count only when named.
    """

    person_id: UUID
    others: tuple[UUID, ...] = ()
    foreign: tuple[UUID, ...] = ()

    @property
    def people(self) -> tuple[UUID, ...]:
        return (self.person_id, *self.others)


class Address(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An e-mail address, in lower case."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
