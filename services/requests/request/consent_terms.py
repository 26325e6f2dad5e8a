"""Limits of a consent."""

from datetime import datetime, timedelta

from contracts.consents import Terms
from contracts.refusals import Invalid

CONSENTS_MAX = 50
"""Consents of one request in force at the same time."""

CONSENT_DAYS_MAX = 3650
"""The longest period of a consent; longer ones have no end date and last until withdrawn."""


def check_period(terms: Terms, now: datetime) -> None:
    """Raises Invalid for a period that is over, ends before it begins, or is too long."""
    if terms.ends_at is None:
        return
    if terms.ends_at <= max(now, terms.starts_at or now):
        raise Invalid("consent-period-over")
    if terms.ends_at > now + timedelta(days=CONSENT_DAYS_MAX):
        raise Invalid("consent-period-too-long", days=CONSENT_DAYS_MAX)
