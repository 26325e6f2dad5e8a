"""Values of example fields of notices, alerts, hits and digests; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

CRITERIA = {
    "kinds": ["mla_training"],
    **dict.fromkeys(("topics", "articles", "paragraphs", "regions", "states"), ()),
    **dict.fromkeys(("usd_minor_min", "usd_minor_max")),
}

ALERTS: Mapping[str, Any] = MappingProxyType(
    {
        "alert_id": "3e9d1f7b-5c2a-5b84-a6d0-8f1e2c4b7a93",
        "hit_id": "b4f2a8c1-6d3e-5f97-8a05-1c9e7d2b4f60",
        "NewAlert.subject": "requests",
        "AlertCreated.subject": "requests",
        "HitRecorded.subject": "requests",
        "AlertCreated.criteria": CRITERIA,
        "AlertRevised.criteria": CRITERIA,
        "usd_minor_min": None,
        "usd_minor_max": None,
        "HitRecorded.requirement_id": None,
        "HitRecorded.offering_id": None,
        "fitting_providers": ["FRA", "UNODC-SHERLOC"],
        "frequency": "daily",
        "digest_id": "c8a1e5f3-7b2d-5a96-9e40-3d6f8b1c2a75",
        "due_at": "2026-11-26T06:00:00Z",
        "day": "2026-11-26",
        "DigestIssued.entries": 2,
        "AlertPaused.until": "2026-12-24T00:00:00Z",
        "SubscriptionPaused.until": "2026-12-24T00:00:00Z",
        "PauseSubscription.until": "2026-12-24T00:00:00Z",
        "PauseAlert.until": "2026-12-24T00:00:00Z",
        "whose": "KEN",
        "answer_by": "2027-01-24T10:00:00Z",
        "NotificationView.about": "Kenya · Training on mutual legal assistance",
    }
)
