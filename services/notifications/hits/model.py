"""Hits: records of which an appointment is notified once, and whether it may still see them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts import reference
from contracts.alerts import HitRecorded
from contracts.consents import Consent, given_to
from contracts.values import Role
from services.notifications.alerts.model import AlertSubject, Frequency


class KnownRequest(Struct, frozen=True, kw_only=True):
    """A request as known from its facts, with the consents that have neither ended nor been withdrawn.

    `circulates` is true between triage and the end of delivery, also while the request is `held`.
    """

    request_id: UUID
    state: str
    region: str | None
    circulates: bool
    held: bool
    circulation: str | None
    excluded_providers: tuple[str, ...]
    silent_recipients: tuple[str, ...]
    consents: tuple[Consent, ...]

    @property
    def confidential(self) -> bool:
        """True if the State lets nobody but UNODC see the request."""
        return not self.silent_recipients and not self.consents

    def is_shown_to(self, organization: str, now: datetime) -> bool:
        """Check whether the organization sees the request by the consents in force."""
        circulates = self.circulates and not self.held and self.circulation == "granted"
        return (
            circulates
            and organization not in self.excluded_providers
            and bool(given_to(self.consents, organization, now))
        )


class KnownRequirement(Struct, frozen=True, kw_only=True):
    """The money that a confirmed match of a request lacks."""

    requirement_id: UUID
    request_id: UUID
    lacking_usd_minor: int
    cancelled: bool

    @property
    def unfunded(self) -> bool:
        return not self.cancelled and self.lacking_usd_minor > 0


class KnownOffering(Struct, frozen=True, kw_only=True):
    """An offering as known from its facts."""

    offering_id: UUID
    provider: str
    available: bool
    eligible_states: tuple[str, ...]
    eligible_regions: tuple[str, ...]
    excluded_states: tuple[str, ...]
    income_groups: tuple[str, ...]
    special_groups: tuple[str, ...]

    def is_for(self, state: str) -> bool:
        """Check whether the offering is available, and to this State."""
        named = state in self.eligible_states or reference.region_of(state) in self.eligible_regions
        every = not self.eligible_states and not self.eligible_regions
        in_groups = (not self.income_groups or reference.income_group_of(state) in self.income_groups) and (
            not self.special_groups or not set(self.special_groups).isdisjoint(reference.special_groups_of(state))
        )
        return self.available and (every or named) and state not in self.excluded_states and in_groups


class KnownRecords(Struct, frozen=True, kw_only=True):
    """Records of other services named by hits, by id, as known from their facts."""

    requests: Mapping[UUID, KnownRequest]
    requirements: Mapping[UUID, KnownRequirement]
    offerings: Mapping[UUID, KnownOffering]

    def is_shown(self, subject: AlertSubject, organization: str, record_id: UUID, *, now: datetime) -> bool:
        """Check whether the organization sees the record, and the requirement is unfunded or the offering available."""
        if subject is AlertSubject.OFFERINGS:
            offering = self.offerings.get(record_id)
            return offering is not None and offering.is_for(organization)
        request_id = record_id
        if subject is AlertSubject.FUNDING:
            requirement = self.requirements.get(record_id)
            if requirement is None or not requirement.unfunded:
                return False
            request_id = requirement.request_id
        request = self.requests.get(request_id)
        return request is not None and request.is_shown_to(organization, now)


class Watcher(Struct, frozen=True, kw_only=True):
    """An appointment with an alert that a record fits, or with an offering that fits the record."""

    person_id: UUID
    organization: str
    role: Role
    alert_id: UUID | None = None
    frequency: Frequency = Frequency.AT_ONCE


def hit_id_of(watcher: Watcher, record_id: UUID) -> UUID:
    """Return the id of the hit of a record for an appointment, derived so that there is at most one."""
    owner = f"{watcher.person_id}:{watcher.organization}:{watcher.role}"
    return uuid5(NAMESPACE_URL, f"entraide:hit:{owner}:{record_id}")


def hit_on(
    watcher: Watcher,
    subject: AlertSubject,
    *,
    now: datetime,
    request_id: UUID | None = None,
    requirement_id: UUID | None = None,
    offering_id: UUID | None = None,
) -> HitRecorded:
    """Return a hit of a request, of a requirement of a request, or of an offering."""
    record_id = offering_id or requirement_id or request_id
    assert record_id is not None, "a hit names a record"
    return HitRecorded(
        hit_id=hit_id_of(watcher, record_id),
        person_id=watcher.person_id,
        organization=watcher.organization,
        role=watcher.role,
        subject=subject,
        alert_id=watcher.alert_id,
        request_id=request_id,
        requirement_id=requirement_id,
        offering_id=offering_id,
        recorded_at=now,
    )
