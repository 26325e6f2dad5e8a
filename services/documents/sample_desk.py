"""Values of example fields of the desk: clocks, the list of work, criteria; beside those of `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

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

PACKAGE_FACTS = ("Presented", "Agreed", "Confirmed", "Declined", "Withdrawn", "Ended")
DOLLARS = {"minor": 40_000_00, "currency": "USD"}

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
        # who agrees to a package
        **{f"Package{name}.provider": "FRA" for name in PACKAGE_FACTS},
        **{f"Package{name}.fund": "TA-REQUESTS" for name in PACKAGE_FACTS},
        **{f"Package{name}.money": DOLLARS for name in PACKAGE_FACTS},
        "NewPackage.money": DOLLARS,
        "PackagePresented.usd_minor": DOLLARS["minor"],
        "unit": "UNODC-SHERLOC",
        "unit_role": "backstopping",
        "PackageAgreed.party": "unit",
        "PackageAgreed.waiting_for": ["state", "provider", "donor"],
        "PackageDeclined.party": "donor",
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
        "PackageView.provider": "FRA",
        "PackageView.fund": "TA-REQUESTS",
        "PackageView.money": DOLLARS,
        "PackageView.usd_minor": DOLLARS["minor"],
        "PackageView.status": "presented",
        "PackageView.unit_agreed_at": None,
        "PackageView.provider_agreed_at": None,
        "PackageView.confirmed_at": None,
        "PackageView.ended_at": None,
        "PackageView.declined_by": None,
        "PackageView.reason": None,
        "PackageView.waiting_for": ["provider", "unit"],
        "PackageView.comment": "Fictitious sample: as discussed with all four.",
        "PackageView.end_comment": "",
        "PackageView.moves": ["agree", "decline"],
        "RequirementView.agreed_pledge": None,
        "HandedOver.requests": ["1b7d4c9e-2f6a-5d38-8c1e-9a0b3c5d7e1f"],
    }
)
"""In answers of the API."""
