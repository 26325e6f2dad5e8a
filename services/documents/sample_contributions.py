"""Values of example fields of contributions to SHERLOC; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
CONTRIBUTION_ID = "019a0f3e-1b2c-7d4e-8f60-718293a4b5c6"
NEWER_ID = "019a0f3e-2c3d-7e5f-9071-8293a4b5c6d7"
EXPORT_ID = "019a0f3e-3d4e-7f60-a182-93a4b5c6d7e8"
CODES = {
    "kind": "court_decision",
    "language": "en",
    "articles": ["UNTOC:5", "UNTOC:18"],
    "rights": "public_domain",
    "decided_on": "2026-06-12",
    "offence": "money_laundering",
    "outcome": "conviction",
}
TEXTS = {
    "title": f"{FICTITIOUS} Republic v. A. and B.",
    "text": f"{FICTITIOUS} The court convicted both accused of laundering the proceeds of an organized criminal group.",
    "court": f"{FICTITIOUS} High Court",
    "parties": ["Republic", "A.", "B."],
    "authors": "",
    "address": "https://judgments.example/2026/112",
}
PORTAL_ADDRESS = "https://sherloc.example/cases/112"
_COMMANDS = ("DraftContribution", "ReviseContribution")
_SHOWN = {**CODES, **TEXTS, "portal_address": PORTAL_ADDRESS, "status": "published", "superseded_by": None}

CONTRIBUTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "contribution_id": CONTRIBUTION_ID,
        "contribution_export_id": EXPORT_ID,
        "superseded_by": NEWER_ID,
        **{
            f"{one}.{name}": value
            for one in ("ContributionDrafted", "ContributionRevised", *_COMMANDS)
            for name, value in CODES.items()
        },
        **{f"{one}.{name}": value for one in _COMMANDS for name, value in TEXTS.items()},
        **{
            f"Contribution{event}.kind": "court_decision"
            for event in ("Submitted", "MarksCleared", "Returned", "Accepted", "Published", "Superseded", "Withdrawn")
        },
        "ContributionDrafted.marks": 1,
        "ContributionRevised.marks": 0,
        "ContributionMarksCleared.marks": 1,
        "HandedOver.change": "publish",
        "PublishContribution.portal_address": PORTAL_ADDRESS,
        **{f"AcceptContribution.{name}": True for name in ("complete", "rights_checked", "no_personal_data")},
    }
)
"""Values in facts and bodies."""

CONTRIBUTION_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        **{
            f"{one}.{name}": value
            for one in ("ContributionView", "ExportedContribution")
            for name, value in _SHOWN.items()
        },
        "ContributionView.marks": [],
        "ContributionView.marks_cleared": False,
        "ContributionView.reason": None,
        "ContributionView.moves": ["supersede_contribution"],
        "Mark.field": "title",
        "Mark.start": 21,
        "Mark.end": 40,
        "Mark.kind": "case_party",
        "ContributionExportView.contributions": 1,
        "ContributionExportView.confirmed_at": None,
        "ExportedContribution.change": "publish",
    }
)
"""Values in answers."""
