"""A State's consents: recipients, fields of a request, and period."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.values import END, Organization, is_unodc

PROVIDERS = "providers"
"""Recipients: all providers and donors."""

UNODC_UNITS = "unodc_units"
"""Recipients: all units of UNODC, as providers."""

RECIPIENTS_MAX = 60
SHOWN_MAX = 1000
Recipient = Annotated[
    str,
    Meta(
        pattern="^(providers|unodc_units|[A-Z][A-Z0-9-]{2,31})" + END,
        max_length=32,
        description="`providers` (every provider and donor), `unodc_units`, or one organization by its code",
    ),
]
Recipients = Annotated[tuple[Recipient, ...], Meta(max_length=RECIPIENTS_MAX)]


class FieldSet(StrEnum):
    """Groups of a request's fields that a consent covers.

    `codes` is always covered: kinds, topics, articles, dates and all other fields. `words` are the title, the need, the
    outcomes and what is in place; `institution` is the beneficiary, by code and name.
    """

    CODES = "codes"
    WORDS = "words"
    INSTITUTION = "institution"


FieldSets = Annotated[tuple[FieldSet, ...], Meta(max_length=len(FieldSet))]
EVERYTHING = tuple(FieldSet)


class Terms(Struct, frozen=True, kw_only=True):
    """The terms of a consent. Without `starts_at` it begins when given, without `ends_at` it ends when withdrawn."""

    recipients: Recipients
    fields: FieldSets = EVERYTHING
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def names(self, organization: str) -> bool:
        """True if the organization is among the recipients."""
        return (
            PROVIDERS in self.recipients
            or organization in self.recipients
            or (UNODC_UNITS in self.recipients and is_unodc(organization))
        )


class Consent(Terms, frozen=True, kw_only=True):
    """A consent and its state. `ended_at` is when its period ended or its request was revised.

    `recorded` is true if a coordinator recorded a note verbale, whose scan is the attachment `scan_id`.
    """

    consent_id: UUID
    given_at: datetime
    withdrawn_at: datetime | None = None
    ended_at: datetime | None = None
    recorded: bool = False
    scan_id: UUID | None = None

    @property
    def active(self) -> bool:
        """True unless the consent was withdrawn or ended."""
        return self.withdrawn_at is None and self.ended_at is None

    def in_force(self, now: datetime) -> bool:
        """True if `now` is within the period of an active consent. Does not depend on the recorded end."""
        begun = self.starts_at is None or self.starts_at <= now
        return self.active and begun and (self.ends_at is None or now < self.ends_at)

    def covers(self, terms: Terms) -> bool:
        """True if the terms give no more than this consent to any recipient."""
        return (
            (PROVIDERS in self.recipients or set(terms.recipients) <= set(self.recipients))
            and set(terms.fields) <= set(self.fields)
            and (self.starts_at is None or (terms.starts_at is not None and self.starts_at <= terms.starts_at))
            and (self.ends_at is None or (terms.ends_at is not None and terms.ends_at <= self.ends_at))
        )


class RequestConsents(Struct, frozen=True, kw_only=True):
    """All consents of one revision of a request, as its owner reports them to other services."""

    request_id: UUID
    state: str
    revision: int
    consents: tuple[Consent, ...]


class ConsentPage(Struct, frozen=True, kw_only=True):
    """Requests whose consents changed after a watermark; the next page starts at `after`.

    Committed changes are included immediately, in any order. `safe` is the watermark before which no commit can
    follow: a later query starts there, and some changes are repeated.
    """

    requests: list[RequestConsents]
    after: str
    safe: str
    more: bool


class VisibilityQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query to the owner of requests: which of these requests the organization may see now."""

    organization: Organization
    request_ids: Annotated[tuple[UUID, ...], Meta(max_length=SHOWN_MAX)]


class WithdrawalQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query to the owner of requests: whether the State withdrew `words` from a provider that it had agreed with."""

    request_id: UUID
    provider: Organization
    agreed_at: datetime


class Withdrawal(Struct, frozen=True, kw_only=True):
    """Answer to `WithdrawalQuery`."""

    is_withdrawn: bool


class VisibleRequest(Struct, frozen=True, kw_only=True):
    """A request visible to an organization by consents in force, with the visible fields."""

    request_id: UUID
    fields: FieldSets


def given_to(consents: Iterable[Consent], organization: str, now: datetime) -> frozenset[FieldSet]:
    """The union of the fields that the consents in force give to an organization."""
    return frozenset(
        field
        for consent in consents
        if consent.in_force(now) and consent.names(organization)
        for field in (FieldSet.CODES, *consent.fields)
    )


def is_withdrawn_from(consents: Iterable[Consent], organization: str, agreed_at: datetime, now: datetime) -> bool:
    """Check whether the State's latest decision on an organization is to withdraw a consent.

    False if another consent in force gives `words`. UNODC's units need no consent: if a State agreed with a unit later,
    at `agreed_at`, that is its latest decision.
    """
    naming = [consent for consent in consents if consent.names(organization)]
    if any(consent.in_force(now) and FieldSet.WORDS in consent.fields for consent in naming):
        return False
    words = [(one.withdrawn_at or one.given_at, one.withdrawn_at is not None) for one in naming]
    said_at, is_withdrawal = max(words, default=(agreed_at, False))
    return is_withdrawal and not (is_unodc(organization) and agreed_at > said_at)


def recipients_by_visibility(visibility: str, addressee: str, addressed_states: Sequence[str]) -> tuple[str, ...]:
    """The recipients that follow from the visibility of a request, for a consent that names none."""
    if visibility in {"providers", "public_summary"}:
        return (PROVIDERS,)
    if visibility == "named":
        return (*addressed_states, *((UNODC_UNITS,) if addressee == "unodc" else ()))
    return ()
