"""An API client: a machine that acts for an organization in one role, limited by its scopes, until its last day.

It has a secret, and for a limited time after a rotation also the previous one. A client cannot have a role of trust.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.directory import ClientEnded, ClientExpiring, ClientRegistered, ClientRotated
from contracts.refusals import Conflict, Invalid
from contracts.values import Role, Scope
from services.directory.appointments.model import HELD_IN
from services.directory.people.model import kind_of

CLIENTS_MAX = 20
"""Maximum number of clients in force at a time, for each organization."""

DAYS_MAX = 365
OVERLAP_HOURS = 24
OVERLAP_HOURS_MAX = 7 * 24
EXPIRING_DAYS = 14
"""Number of days before the last day at which its expiry is announced."""

NO_SECRET = b""
"""A placeholder for a missing secret or an unknown client; no hash equals it."""


class ClientRole(StrEnum):
    """The roles of a client. Roles that require two people, and that of a focal point, are excluded."""

    OFFICIAL = "official"
    PROVIDER_OFFICER = "provider_officer"
    DONOR_OFFICER = "donor_officer"


class Terms(Struct, frozen=True):
    """The terms of a client's registration."""

    organization: str
    role: ClientRole
    scopes: frozenset[Scope]
    ends: date


class ClientStatus(StrEnum):
    """The status as shown: a client in force is `expired` after its last day."""

    IN_FORCE = "in_force"
    EXPIRED = "expired"
    ENDED = "ended"


class Client(Struct, frozen=True, kw_only=True):
    """A client without its name and the hashes of its secrets."""

    client_id: UUID
    organization: str
    role: Role
    scopes: frozenset[Scope]
    ends: date
    generation: int
    previous_until: datetime | None
    revision: int
    texts_hash: str
    registered_by: UUID
    registered_at: datetime
    rotated_at: datetime | None = None
    noticed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def person_id(self) -> UUID:
        """The id under which it acts, in place of a person's."""
        return self.client_id

    def shown_status(self, today: date) -> ClientStatus:
        if self.ended_at is not None:
            return ClientStatus.ENDED
        return ClientStatus.EXPIRED if today > self.ends else ClientStatus.IN_FORCE

    def rotate(self, overlap_hours: int, *, now: datetime) -> ClientRotated:
        self._require_in_force(now)
        return ClientRotated(
            client_id=self.client_id,
            organization=self.organization,
            generation=self.generation + 1,
            previous_until=now + timedelta(hours=overlap_hours),
            rotated_at=now,
        )

    def expire_soon(self, *, now: datetime) -> ClientExpiring:
        return ClientExpiring(client_id=self.client_id, organization=self.organization, ends=self.ends, noticed_at=now)

    def end(self, reason: str, *, now: datetime) -> ClientEnded:
        self._require_in_force(now)
        return ClientEnded(client_id=self.client_id, organization=self.organization, reason=reason, ended_at=now)

    def verify_secret(self, secret: str, hashes: Sequence[tuple[int, bytes]], *, now: datetime) -> bool:
        """Check whether the secret is valid now; `hashes` are the stored ones with their generations."""
        if self.shown_status(now.date()) is not ClientStatus.IN_FORCE:
            return matches_any(secret, ())
        good = {self.generation}
        if self.previous_until is not None and now < self.previous_until:
            good.add(self.generation - 1)
        return matches_any(secret, [kept for generation, kept in hashes if generation in good])

    def _require_in_force(self, now: datetime) -> None:
        """Raise Conflict if it has ended or expired."""
        status = self.shown_status(now.date())
        if status is not ClientStatus.IN_FORCE:
            raise Conflict("client-over", status=status)


def register(client_id: UUID, terms: Terms, texts_hash: str, *, registered_by: UUID, now: datetime) -> ClientRegistered:
    """Return the fact of a registration.

    Raises Invalid for a role that its organization cannot hold, and for a last day that is past or more than DAYS_MAX
    days away.
    """
    if kind_of(terms.organization) not in HELD_IN[Role(terms.role)]:
        raise Invalid("role-not-of-organization", role=terms.role)
    if not timedelta() <= terms.ends - now.date() <= timedelta(days=DAYS_MAX):
        raise Invalid("client-days", days_max=DAYS_MAX)
    return ClientRegistered(
        client_id=client_id,
        organization=terms.organization,
        role=Role(terms.role),
        scopes=tuple(sorted(terms.scopes)),
        ends=terms.ends,
        texts_hash=texts_hash,
        registered_by=registered_by,
        registered_at=now,
    )


def hash_of(secret: str) -> bytes:
    """The stored hash of a secret. The secret is random and as long as the hash, so salt and stretching add nothing."""
    return hashlib.sha256(secret.encode()).digest()


def matches_any(secret: str, hashes: Sequence[bytes]) -> bool:
    """Check whether a secret has one of at most two hashes. Always compares twice, so that the time reveals nothing."""
    given = hash_of(secret)
    first, second = (*hashes, NO_SECRET, NO_SECRET)[:2]
    return hmac.compare_digest(given, first) | hmac.compare_digest(given, second)
