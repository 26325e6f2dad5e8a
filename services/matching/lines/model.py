"""What matching knows of a request's line: what is asked, of whom, who may see it, and how far the request has come."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.consents import Consent
from contracts.facts import Fact
from contracts.reference import kinds
from contracts.requests import (
    About,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestHeld,
    RequestLapsed,
    RequestOpened,
    RequestRegistered,
    RequestReopened,
    RequestReturned,
    RequestStarted,
    RequestWithdrawn,
)
from contracts.values import Caller, Period
from services.matching.treaties.model import TreatyStatus


class RequestStatus(StrEnum):
    """Where a request stands, as far as its owner has told."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    REGISTERED = "registered"
    OPEN = "open"
    IN_DELIVERY = "in_delivery"
    DELIVERED = "delivered"
    CLOSED = "closed"
    ON_HOLD = "on_hold"
    NOT_ACCEPTED = "not_accepted"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


STATUS_AFTER: Mapping[type[Fact], RequestStatus] = {
    RequestRegistered: RequestStatus.REGISTERED,
    RequestReturned: RequestStatus.RETURNED,
    RequestDeclined: RequestStatus.NOT_ACCEPTED,
    RequestOpened: RequestStatus.OPEN,
    RequestHeld: RequestStatus.ON_HOLD,
    RequestStarted: RequestStatus.IN_DELIVERY,
    RequestReopened: RequestStatus.OPEN,
    RequestDelivered: RequestStatus.DELIVERED,
    RequestClosed: RequestStatus.CLOSED,
    RequestWithdrawn: RequestStatus.WITHDRAWN,
    RequestLapsed: RequestStatus.LAPSED,
}
"""What each fact makes of a request; a resumed one is back where it was held."""

SEEKING = frozenset(
    {
        RequestStatus.SUBMITTED,
        RequestStatus.REGISTERED,
        RequestStatus.OPEN,
        RequestStatus.IN_DELIVERY,
        RequestStatus.ON_HOLD,
    }
)
"""Offerings are suggested to the lines of these."""

PROPOSABLE = frozenset({RequestStatus.OPEN, RequestStatus.IN_DELIVERY})
"""Triage has ended and delivery has not: matches may be presented and agreed."""

CIRCULATION_BY_RULE: Mapping[str, str] = {"none": "none", "granted": "granted", "silence": "window_running"}
"""What a State's choice makes of the circulation when it submits."""


class WantedLine(Struct, frozen=True, kw_only=True):
    """One line with what its request says for all of them."""

    line_id: UUID
    request_id: UUID
    state: str
    status: RequestStatus
    kind: str
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    group_size: int
    languages: tuple[str, ...]
    modality: str
    window: Period
    fulfilment: str
    addressee: str
    addressed_states: tuple[str, ...]
    visibility: str
    circulation: str
    restricted: bool
    cannot_wait: bool = False
    gender_marker: int | None = None
    """None of a line that nobody has submitted."""
    excluded_providers: tuple[str, ...] = ()
    """By whom its State does not wish to be served: for that State and UNODC alone to know."""
    treaties: tuple[TreatyStatus, ...] = ()
    """Of its State, one for each instrument, as they were known when it was read."""
    consents: tuple[Consent, ...] = ()
    """Those of its request that were in force when it was read; only where one line is read by itself."""
    waiting_since: datetime | None = None
    """When its request was first submitted; None of a line that nobody has submitted."""
    priority: str | None = None
    """What triage gave its request."""

    @property
    def party_to(self) -> frozenset[str]:
        """The instruments that its State is known to be party to."""
        return frozenset(status.instrument for status in self.treaties if status.party)

    @property
    def about(self) -> About | None:
        """What whoever pays for its delivery is told: nothing of a kind that may put somebody at risk."""
        if kinds()[self.kind].restricted:
            return None
        return About(kind=self.kind, topics=self.topics, gender_marker=self.gender_marker)

    @property
    def proposable(self) -> bool:
        return self.status in PROPOSABLE

    def may_be_told_to(self, organization: str) -> bool:
        """True where a consent in force lets the organization know of the line, and its State does not exclude it."""
        consented = self.circulation == "granted" and any(consent.names(organization) for consent in self.consents)
        return consented and organization not in self.excluded_providers

    def is_shown_to(self, provider: Caller) -> bool:
        """True where a provider's officer may know of the line: it is open to proposals, and to them."""
        return self.proposable and self.may_be_told_to(provider.organization)
