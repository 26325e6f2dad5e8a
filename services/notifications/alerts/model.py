"""Alerts: their subjects, how often their owners are notified, and their changes."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec.structs import asdict, replace

from contracts.alerts import AlertCreated, AlertPaused, AlertResumed, AlertRevised, Criteria
from contracts.codes import CODE_LISTS, unknown_code
from contracts.conversion import from_attributes
from contracts.facts import Fact
from contracts.refusals import Invalid
from contracts.values import Role

ALERTS_MAX = 50
"""Maximum number of alerts of one appointment of a person."""


class AlertSubject(StrEnum):
    """Subjects of alerts: requests that circulate, confirmed matches that lack money, or available offerings."""

    REQUESTS = "requests"
    FUNDING = "funding"
    OFFERINGS = "offerings"


WATCHERS: Mapping[AlertSubject, frozenset[Role]] = {
    AlertSubject.REQUESTS: frozenset({Role.PROVIDER_OFFICER}),
    AlertSubject.FUNDING: frozenset({Role.DONOR_OFFICER}),
    AlertSubject.OFFERINGS: frozenset({Role.FOCAL_POINT, Role.OFFICIAL}),
}
"""The roles that may have an alert on each subject."""


class Frequency(StrEnum):
    """Times at which an alert's owner is notified: of each record at once, or of all together in a digest."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"


class Alert(Criteria, frozen=True, kw_only=True):
    """An alert of one appointment; `paused_until` is None if it is paused until it is resumed."""

    alert_id: UUID
    person_id: UUID
    organization: str
    role: Role
    subject: AlertSubject
    frequency: Frequency
    paused: bool
    paused_until: datetime | None
    created_at: datetime
    revision: int

    @property
    def criteria(self) -> Criteria:
        return from_attributes(Criteria, self)

    def is_paused(self, now: datetime) -> bool:
        return self.paused and (self.paused_until is None or now < self.paused_until)

    def revise(self, criteria: Criteria, frequency: Frequency, *, now: datetime) -> AlertRevised | None:
        """Revise the alert; None if nothing changes."""
        if (criteria, frequency) == (self.criteria, self.frequency):
            return None
        return AlertRevised(alert_id=self.alert_id, criteria=criteria, frequency=frequency, revised_at=now)

    def pause(self, until: datetime | None, *, now: datetime) -> AlertPaused | None:
        """Pause the alert; None if it is already paused until then. Raises Invalid for a time in the past."""
        if until is not None and until <= now:
            raise Invalid("pause-over", field="until")
        if self.is_paused(now) and self.paused_until == until:
            return None
        return AlertPaused(alert_id=self.alert_id, until=until, paused_at=now)

    def resume(self, *, now: datetime) -> AlertResumed | None:
        """Resume the alert; None if it is not paused."""
        return AlertResumed(alert_id=self.alert_id, resumed_at=now) if self.is_paused(now) else None


def evolve(alert: Alert | None, fact: Fact) -> Alert:
    """Apply a fact."""
    if alert is None:
        assert isinstance(fact, AlertCreated), "an alert begins with being created"
        return Alert(
            **asdict(fact.criteria),
            alert_id=fact.alert_id,
            person_id=fact.person_id,
            organization=fact.organization,
            role=fact.role,
            subject=AlertSubject(fact.subject),
            frequency=Frequency(fact.frequency),
            paused=False,
            paused_until=None,
            created_at=fact.created_at,
            revision=1,
        )
    alert = replace(alert, revision=alert.revision + 1)
    match fact:
        case AlertRevised():
            return replace(alert, **asdict(fact.criteria), frequency=Frequency(fact.frequency))
        case AlertPaused():
            return replace(alert, paused=True, paused_until=fact.until)
        case AlertResumed():
            return replace(alert, paused=False, paused_until=None)
    raise AssertionError(f"{fact.type} does not change an alert")


def check_criteria(subject: AlertSubject, criteria: Criteria) -> None:
    """Raise Invalid for an unknown code, and for amounts in the wrong order or of a subject other than funding."""
    least, most = criteria.usd_minor_min, criteria.usd_minor_max
    if subject is not AlertSubject.FUNDING and (least is not None or most is not None):
        raise Invalid("amounts-of-funding-only", field="usd_minor_min" if least is not None else "usd_minor_max")
    if least is not None and most is not None and least > most:
        raise Invalid("amounts-reversed", field="usd_minor_min")
    for field, code_list in _CODE_LISTS.items():
        known = CODE_LISTS[code_list]()
        for code in getattr(criteria, field):
            if code not in known:
                raise unknown_code(field, code, known, code_list=code_list)


_CODE_LISTS = {
    "kinds": "kinds",
    "topics": "topics",
    "articles": "articles",
    "paragraphs": "paragraphs",
    "states": "countries",
}
