"""Values of example fields of the desk: clocks, the list of work, criteria; beside those of `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
IN_SCOPE = {
    "ar": "ضمن نطاق الاتفاقية.",
    "en": "Within the Convention.",
    "es": "Dentro de la Convención.",
    "fr": "Relève de la Convention.",
    "ru": "В рамках Конвенции.",
    "zh": "属于公约范围。",
}
AT_RISK = {
    "ar": "أشخاص معرضون للخطر.",
    "en": "Persons are at risk.",
    "es": "Hay personas en peligro.",
    "fr": "Des personnes sont en danger.",
    "ru": "Людям угрожает опасность.",
    "zh": "有人处于危险之中。",
}

DESK: Mapping[str, Any] = MappingProxyType(
    {
        # by which criteria it is judged
        "CriteriaPublished.eligibility": ["in_scope", "filed_by_focal_point"],
        "CriteriaPublished.priority": [
            {"code": "no_other_support", "weight": 2},
            {"code": "persons_at_risk", "weight": 3},
        ],
        "NewCriteria.eligibility": [{"code": "in_scope", "texts": IN_SCOPE}],
        "NewCriteria.priority": [{"code": "persons_at_risk", "weight": 3, "texts": AT_RISK}],
        "criteria_version": 1,
        "CriteriaPublished.version": 1,
        "judged": [
            {"code": "in_scope", "points": 1},
            {"code": "filed_by_focal_point", "points": 1},
            {"code": "no_other_support", "points": 2},
            {"code": "persons_at_risk", "points": 1},
        ],
        "RequestAssessed.eligible": True,
        "RequestAssessed.priority": "normal",
        "RequestOpened.departure": None,
        # who has to act
        "assignee": "4f2d8b1a-6c3e-5d70-9a1b-2c3d4e5f6a7b",
        "since": "2026-11-02T09:00:00Z",
        "remind_at": "2026-11-04T00:00:00Z",
        "due_at": "2026-11-05T00:00:00Z",
        "ClockStarted.step": "acknowledge",
        "ClockReminded.step": "acknowledge",
        "ClockOverdue.step": "acknowledge",
        "ClockStarted.organization": "UNODC",
        "ClockReminded.organization": "UNODC",
        "ClockOverdue.organization": "UNODC",
        "ClockStarted.role": "coordinator",
        "ClockReminded.role": "coordinator",
        "ClockOverdue.role": "coordinator",
        "ClockStarted.match_id": None,
        "ClockStarted.line_id": None,
        "ClockReminded.match_id": None,
        "ClockOverdue.match_id": None,
        "holidays": ["2027-01-01", "2027-12-24"],
        "view_id": "7c1e4a90-3d5b-5f27-9e80-2b6d8f0a1c34",
        "NewView.name": f"{FICTITIOUS} To acknowledge",
        "ViewPatch.name": f"{FICTITIOUS} To acknowledge",
        "ViewView.name": f"{FICTITIOUS} To acknowledge",
        "NewView.shared": False,
        "ViewPatch.shared": True,
        "ViewView.shared": False,
        "NewView.query": {"step": ["acknowledge"], "in_remit": True},
        "ViewPatch.query": {"sort": "priority"},
        "ViewView.query": {"step": ["acknowledge"], "in_remit": True},
        "head": False,
        "observation_id": "9a3f5c71-2e8d-5b46-a1c0-4d7e9f0b2a65",
        "NewObservation.article": "UNTOC:18",
        "NewObservation.cluster": "international_cooperation",
        "ObservationPatch.article": "UNTOC:18",
        "ObservationPatch.cluster": "international_cooperation",
        "ObservationView.article": "UNTOC:18",
        "ObservationView.cluster": "international_cooperation",
        "NewObservation.text": f"{FICTITIOUS} Requests for assistance are answered late.",
        "ObservationPatch.text": f"{FICTITIOUS} Requests for assistance are answered late.",
        "ObservationView.text": f"{FICTITIOUS} Requests for assistance are answered late.",
        "from_observations": [],
    }
)
"""In facts and bodies."""

DESK_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        "Assessed.eligible": True,
        "Assessed.priority": "normal",
        "CriteriaView.eligibility": [{"code": "in_scope", "weight": 0, "texts": {"en": "Within the Convention."}}],
        "CriteriaView.priority": [{"code": "persons_at_risk", "weight": 3, "texts": {"en": "Persons are at risk."}}],
        "CriterionView.weight": 3,
        "CriterionView.texts": {"en": "Persons are at risk."},
        "ClockEvent.event": "started",
        "ClockView.step": "acknowledge",
        "ClockView.organization": "UNODC",
        "ClockView.role": "coordinator",
        "ClockView.match_id": None,
        "ClockView.line_id": None,
        "WorkItem.step": "triage",
        "WorkItem.organization": "UNODC",
        "WorkItem.role": "coordinator",
        "WorkItem.status": "registered",
        "WorkItem.match_id": None,
        "WorkItem.line_id": None,
        "overdue": False,
        "paused": False,
        "paused_at": None,
        "overdue_at": None,
        "stopped_at": None,
        "waiting_for": "me",
        "WorkCounts.total": 3,
        "WorkCounts.overdue": 1,
        "unassigned": 2,
        "by_step": {"acknowledge": 1, "triage": 2},
        "by_status": {"submitted": 1, "registered": 2},
        "complete": True,
        "ViewView.own": True,
        "WorkRequest.moves": ["return", "decline", "open"],
        "Links.work": "/v1/work",
        "Links.work_counts": "/v1/work/counts",
        "Links.views": "/v1/views",
        "Links.notifications": "/v1/notifications?unread=true",
        "Links.permissions": "/docs/permissions",
        "ViewView.address": "/v1/work?step=acknowledge&in_remit=true",
        "RequestCheck.circulating": [
            {
                "request_id": "5e0c9a72-1d4f-5b36-8e21-7f9a3c6d0b58",
                "state": "UGA",
                "kinds": ["mla_training"],
                "topics": ["mutual_legal_assistance"],
                "title": f"{FICTITIOUS} Training of a central authority",
            }
        ],
        "MatchItem.moves": ["begin"],
        "MatchItem.status": "confirmed",
        "MatchItem.reason": None,
        "request_title": f"{FICTITIOUS} Training on mutual legal assistance",
        "offering_title": f"{FICTITIOUS} Training of central authorities",
        "HandedOver.requests": ["1b7d4c9e-2f6a-5d38-8c1e-9a0b3c5d7e1f"],
    }
)
"""In answers of the API."""
