"""Who may act: what the directory answers every other service, again and again."""

from datetime import date
from uuid import UUID

from msgspec import Struct, field

from contracts.values import Caller, Organization, Role, Scope


class Holding(Struct, frozen=True, kw_only=True):
    """An appointment that was once in force, as it now stands; a disabled person's have all `ended`, until enabled.

    `version` never falls: of two that differ the higher one is the newer. An API client is told of in the same words:
    its id stands for both others, and it alone has `scopes`.
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

    @property
    def caller(self) -> Caller:
        return Caller(person_id=self.person_id, organization=self.organization, role=self.role, scopes=self.scopes)

    def in_force(self, today: date) -> bool:
        return not self.ended and self.starts <= today and (self.ends is None or today <= self.ends)


class News(Struct, frozen=True, kw_only=True):
    """What has changed since a watermark; `after` is the next one, and `more` says that there is more already.

    The same may come again. `people` are those of whom there is news of any kind: how they sign in may be another.
    """

    holdings: list[Holding]
    people: list[UUID]
    after: str
    more: bool


class Subject(Struct, frozen=True, kw_only=True, order=True, forbid_unknown_fields=True):
    """By what an issuer names somebody who signs in there: `iss` and `sub` of their tokens."""

    issuer: str
    subject: str


class Known(Struct, frozen=True, kw_only=True):
    """Who that is; `others` where several organizations have a person of this subject, one each."""

    person_id: UUID
    others: tuple[UUID, ...] = ()

    @property
    def people(self) -> tuple[UUID, ...]:
        return (self.person_id, *self.others)
