"""What a State's consent gives: to whom, which fields of a request, from when until when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.values import END, Organization, is_unodc

PROVIDERS = "providers"
"""Every provider and donor."""

UNODC_UNITS = "unodc_units"
"""UNODC as a provider: each of its units."""

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
    """Parts of a request that a consent gives or withholds.

    `codes` is always given: kinds, topics, articles, dates and everything else that is neither of the others. `words`
    are the title, the need, the outcomes and what is in place; `institution` is for whom, by code and by name.
    """

    CODES = "codes"
    WORDS = "words"
    INSTITUTION = "institution"


FieldSets = Annotated[tuple[FieldSet, ...], Meta(max_length=len(FieldSet))]
EVERYTHING = tuple(FieldSet)


class Terms(Struct, frozen=True, kw_only=True):
    """What is consented to. Without `starts_at` it begins when given, without `ends_at` it ends when withdrawn."""

    recipients: Recipients
    fields: FieldSets = EVERYTHING
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def names(self, organization: str) -> bool:
        """True where the organization is among the recipients."""
        return (
            PROVIDERS in self.recipients
            or organization in self.recipients
            or (UNODC_UNITS in self.recipients and is_unodc(organization))
        )


class Consent(Terms, frozen=True, kw_only=True):
    """A consent as it stands. `ended_at`: its period was over, or the request it was given for was revised.

    `recorded`: a coordinator wrote down what came by note verbale, whose scan is the attachment `scan_id`.
    """

    consent_id: UUID
    given_at: datetime
    withdrawn_at: datetime | None = None
    ended_at: datetime | None = None
    recorded: bool = False
    scan_id: UUID | None = None

    @property
    def stands(self) -> bool:
        """True while nobody has withdrawn it and nothing has ended it."""
        return self.withdrawn_at is None and self.ended_at is None

    def in_force(self, now: datetime) -> bool:
        """True within its period, to the moment: no clock has to have noticed its end."""
        begun = self.starts_at is None or self.starts_at <= now
        return self.stands and begun and (self.ends_at is None or now < self.ends_at)

    def covers(self, terms: Terms) -> bool:
        """True where the terms would give nobody anything more than this consent gives."""
        return (
            (PROVIDERS in self.recipients or set(terms.recipients) <= set(self.recipients))
            and set(terms.fields) <= set(self.fields)
            and (self.starts_at is None or (terms.starts_at is not None and self.starts_at <= terms.starts_at))
            and (self.ends_at is None or (terms.ends_at is not None and terms.ends_at <= self.ends_at))
        )


class RequestConsents(Struct, frozen=True, kw_only=True):
    """All consents of one request at one of its revisions: what its owner tells the services that show it."""

    request_id: UUID
    state: str
    revision: int
    consents: tuple[Consent, ...]


class ConsentPage(Struct, frozen=True, kw_only=True):
    """Requests whose consents changed after a watermark; `after` is where the next page starts.

    What is committed is told at once, in whatever order. `safe` is how far nothing can slip in any more: whoever comes
    back starts there, and hears some of it again.
    """

    requests: list[RequestConsents]
    after: str
    safe: str
    more: bool


class Showing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a service asks the requests' owner: which of these requests consents show to an organization, just now."""

    organization: Organization
    request_ids: Annotated[tuple[UUID, ...], Meta(max_length=SHOWN_MAX)]


class Shown(Struct, frozen=True, kw_only=True):
    """A request that consents in force show to an organization, with what of it."""

    request_id: UUID
    fields: FieldSets


def given_to(consents: Iterable[Consent], organization: str, now: datetime) -> frozenset[FieldSet]:
    """The union of what the consents in force give an organization; empty where they give nothing."""
    return frozenset(
        field
        for consent in consents
        if consent.in_force(now) and consent.names(organization)
        for field in (FieldSet.CODES, *consent.fields)
    )


def recipients_by_visibility(visibility: str, addressee: str, addressed_states: Sequence[str]) -> tuple[str, ...]:
    """Whom a request's visibility lets see it where a consent names nobody."""
    if visibility in {"providers", "public_summary"}:
        return (PROVIDERS,)
    if visibility == "named":
        return (*addressed_states, *((UNODC_UNITS,) if addressee == "unodc" else ()))
    return ()
