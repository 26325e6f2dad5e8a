"""A session: its person, its tokens, and the appointment in which the person acts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""Minimum time between two records of a session's use."""

SIGN_IN_TIME = timedelta(minutes=15)
KEPT_TIME = timedelta(minutes=15)
KEPT_BYTES_MAX = 64 * 1024


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment in force, as the API names it."""

    organization: str
    role: str
    head: bool = False
    elsewhere: bool = False
    """True if another organization entered the person's subject; chosen only by the person."""

    @property
    def name(self) -> str:
        """The name as in the header `Acting-As`."""
        return f"{self.organization}:{self.role}"


class HeldTokens(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of an issuer. With the embedded issuer there is only the subject: tokens are made as needed."""

    subject: str
    access_token: str | None = None
    id_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The encrypted part of a session."""

    tokens: HeldTokens
    name: str
    acting: str | None
    appointments: tuple[Appointment, ...]
    signed_in_at: datetime | None = None
    """Time at which the person last entered their credentials, as the issuer states it."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has not ended, with the cookie that opened it."""

    cookie: str
    person_id: UUID
    held: Held
    revision: int
    seen_at: datetime
    ends_at: datetime

    @property
    def name(self) -> str:
        return self.held.name

    @property
    def acting(self) -> Appointment | None:
        """The appointment the person acts in; None until they have chosen one of several."""
        return next((one for one in self.held.appointments if one.name == self.held.acting), None)

    @property
    def acting_name(self) -> str:
        return self.acting.name if self.acting else ""

    @property
    def role(self) -> str:
        return self.acting.role if self.acting else ""

    @property
    def organization(self) -> str:
        return self.acting.organization if self.acting else ""


class StartedHere(msgspec.Struct, frozen=True, kw_only=True):
    """A started sign-in, and the page on which its browser goes on afterwards."""

    address: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    language: str
    after: str
    max_age: int | None = None


class KeptForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was posted before its person had to sign in: its page, what was typed, and the mark of its person.

    `mark` was made of the person when the page was shown.
    """

    path: str
    typed: dict[str, list[str]]
    mark: str


def appointments_of(me: dict[str, Any]) -> Sequence[Appointment]:
    """Return the appointments in force of an answer of `/v1/me`, each organization and role once, own ones first."""
    found = {
        (one["organization"], one["role"]): Appointment(
            organization=one["organization"], role=one["role"], head=bool(one.get("head"))
        )
        for one in me["appointments"]
        if one["status"] == "in_force"
    }
    foreign = (one.split(":") for one in me["elsewhere"])
    return (*found.values(), *(Appointment(organization=code, role=role, elsewhere=True) for code, role in foreign))
