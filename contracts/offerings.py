"""Facts of an offering besides its terms, owned by matching: contact point, publication and reminders.

`texts_hash` is the salted hash of the texts.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.values import Language, Organization


class OfferingContactNamed(Fact, frozen=True, kw_only=True, tag="matching.offering.contact-named.v1"):
    """The provider named a contact point of the offering, or replaced it."""

    offering_id: UUID
    provider: Organization
    texts_hash: str
    named_at: datetime


class OfferingContactRemoved(Fact, frozen=True, kw_only=True, tag="matching.offering.contact-removed.v1"):
    """The contact point of the offering was removed."""

    offering_id: UUID
    provider: Organization
    removed_at: datetime


class OfferingPublished(Fact, frozen=True, kw_only=True, tag="matching.offering.published.v1"):
    """The provider published the offering in the public catalogue, with a text of its own."""

    offering_id: UUID
    provider: Organization
    language: Language
    texts_hash: str
    published_at: datetime


class OfferingUnpublished(Fact, frozen=True, kw_only=True, tag="matching.offering.unpublished.v1"):
    """The provider removed the offering from the public catalogue."""

    offering_id: UUID
    provider: Organization
    unpublished_at: datetime


class OfferingReconfirmationDue(Fact, frozen=True, kw_only=True, tag="matching.offering.reconfirmation_due.v1"):
    """The validity of the offering ends soon, unless its provider reconfirms it."""

    offering_id: UUID
    provider: Organization
    valid_until: date
    due_at: datetime


FACTS: tuple[type[Fact], ...] = (
    OfferingContactNamed,
    OfferingContactRemoved,
    OfferingPublished,
    OfferingUnpublished,
    OfferingReconfirmationDue,
)
