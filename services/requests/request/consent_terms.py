"""Limits of a consent."""

from datetime import datetime, timedelta

from contracts.consents import Terms
from contracts.refusals import Invalid

CONSENTS_MAX = 50
"""Maximum number of consents of one request in force at the same time."""

CONSENT_DAYS_MAX = 3650
"""Maximum period of a consent with an end, in days; a consent without an end lasts until it is withdrawn."""


def check_period(terms: Terms, now: datetime) -> None:
    """Raise Invalid for a period that is over, ends before it begins, or is too long."""
    if terms.ends_at is None:
        return
    if terms.ends_at <= max(now, terms.starts_at or now):
        raise Invalid("consent-period-over")
    if terms.ends_at > now + timedelta(days=CONSENT_DAYS_MAX):
        raise Invalid("consent-period-too-long", days=CONSENT_DAYS_MAX)
