"""A request's line in matching: the need, the addressee, who may see it, and the request's status."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.consents import Consent
from contracts.facts import Fact
from contracts.reference import kinds
from contracts.refusals import Conflict
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
    """The status of a request, from the facts of its owner."""

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
"""The status after each fact; a resumed request gets its previous status."""

SEEKING = frozenset(
    {
        RequestStatus.SUBMITTED,
        RequestStatus.REGISTERED,
        RequestStatus.OPEN,
        RequestStatus.IN_DELIVERY,
        RequestStatus.ON_HOLD,
    }
)
"""Statuses of requests to whose lines offerings are suggested."""

PROPOSABLE = frozenset({RequestStatus.OPEN, RequestStatus.IN_DELIVERY})
"""Statuses between triage and the end of delivery, in which matches may be presented and agreed."""

CIRCULATION_BY_RULE: Mapping[str, str] = {"none": "none", "granted": "granted", "silence": "window_running"}
"""Circulation status at submission, by the State's choice."""


class WantedLine(Struct, frozen=True, kw_only=True):
    """One line, with its request's data."""

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
    addressee: str
    addressed_states: tuple[str, ...]
    visibility: str
    circulation: str
    restricted: bool
    cannot_wait: bool = False
    gender_marker: int | None = None
    """The gender marker of the line; None for a line that is not submitted."""
    excluded_providers: tuple[str, ...] = ()
    """Providers excluded by its State; visible only to that State and UNODC."""
    treaties: tuple[TreatyStatus, ...] = ()
    """Treaty statuses of its State, one for each instrument, as known when the line was read."""
    consents: tuple[Consent, ...] = ()
    """Consents of its request in force when the line was read; only set by `line` and `open_lines` of the store."""
    waiting_since: datetime | None = None
    """Time of its request's first submission; None for a line that is not submitted."""
    priority: str | None = None
    """The priority from triage."""
    residue: int | None = None
    """Number of persons of the group that no confirmed match covers; None for a line that is not stored."""

    @property
    def party_to(self) -> frozenset[str]:
        """The instruments its State is known to be party to."""
        return frozenset(status.instrument for status in self.treaties if status.party)

    @property
    def about(self) -> About | None:
        """Description of its delivery for a donor; None for a kind that may put persons at risk."""
        if kinds()[self.kind].restricted:
            return None
        return About(kind=self.kind, topics=self.topics, gender_marker=self.gender_marker)

    def part(self, covers: int | None) -> "WantedLine":
        """Return the line as a match for `covers` persons of its group has to serve it; None is the whole group."""
        return self if covers is None else replace(self, group_size=covers)

    @property
    def left(self) -> int:
        """Number of persons of the group that no confirmed match covers."""
        return self.group_size if self.residue is None else self.residue

    def rest(self) -> "WantedLine":
        """Return the line as a match for the persons who are not covered yet has to serve it."""
        return self.part(self.left or None)

    def covered_by(self, asked: int | None) -> int | None:
        """Return how many persons a new match covers: as asked, else those not covered yet; None is the whole group.

        Raise Conflict if more are asked than are not covered yet, or all are covered.
        """
        covers = asked or self.left
        if not 0 < covers <= self.left:
            raise Conflict("covers-more-than-residue", residue=self.left)
        return covers if covers < self.group_size else None

    def agreed(self, match_id: UUID, presented: int | None, asked: int | None) -> int | None:
        """Return how many persons a match covers when a side agrees; None is the whole group.

        Raise Conflict if those for whom it was presented are more than are left. The side may then ask for as many as
        are left.
        """
        whole = presented or self.group_size
        covers, most = asked or whole, min(whole, self.left)
        if covers > self.left:
            raise Conflict("covers-more-than-residue", residue=self.left, match_id=match_id)
        if covers != most:
            raise Conflict("covers-not-as-presented", covers=most)
        return covers if covers < self.group_size else None

    @property
    def proposable(self) -> bool:
        return self.status in PROPOSABLE

    def may_be_disclosed_to(self, organization: str) -> bool:
        """Return True if a consent in force includes the organization, and its State does not exclude it."""
        consented = self.circulation == "granted" and any(consent.names(organization) for consent in self.consents)
        return consented and organization not in self.excluded_providers

    def is_shown_to(self, provider: Caller) -> bool:
        """Return True if the line is open to proposals and may be disclosed to the provider."""
        return self.proposable and self.may_be_disclosed_to(provider.organization)
