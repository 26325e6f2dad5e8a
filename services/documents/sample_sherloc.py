"""Values of example fields of SHERLOC's desk; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
LEGISLATION_ID = "4b4b0f0e-6c3d-5a55-9a0e-1f6f0c2f7d31"
STATEMENT = {"status": "missing", "language": "en", "in_force_on": "2026-07-01"}
TEXTS = {
    "title": f"{FICTITIOUS} Mutual Legal Assistance (Amendment) Act, 2026",
    "gazette": f"{FICTITIOUS} Gazette Supplement No. 112",
    "address": "https://gazette.example/2026/112",
}
PRACTICE_ID = "019ab8f4-3c00-7000-8000-00000000a101"
PRACTICE = {
    "practice_kind": "practice",
    "provider": None,
    "articles": ["UNTOC:18"],
    "topics": ["mutual_legal_assistance"],
    "country_review": "nothing",
}
PRACTICE_TEXTS = {
    "title": f"{FICTITIOUS} A form for urgent requests",
    "text": f"{FICTITIOUS} The central authority answers urgent requests in two days since they come in one form.",
}
PRACTICE_FACTS = ("Recorded", "Revised", "Submitted", "Returned", "Catalogued", "Withdrawn", "UseAdded", "UseRemoved")
LEAST_SHERLOC = {f"Practice{each}.provider": "UNODC-SHERLOC" for each in PRACTICE_FACTS}
"""Values for examples without optional fields, which need an author: either a State or a provider."""
PORTAL_ADDRESS = "https://sherloc.example/legislation/112"

CHECK = {"result": "unchanged", "confirmed": 3}
CHECKS = {
    "legislation_check_id": "0193a1c2-7d4e-7f60-8a1b-2c3d4e5f6071",
    **{
        f"LegislationCheckAsked.{name}": at
        for name, at in (
            ("due_at", "2026-11-25T09:00:00Z"),
            ("asked_at", "2026-11-25T09:00:30Z"),
            ("closes_at", "2027-02-23T09:00:30Z"),
        )
    },
    **{f"LegislationCheckAnswered.{name}": value for name, value in CHECK.items()},
    "AnswerCheck.result": "unchanged",
}
"""Values of yearly checks, in facts and bodies."""

PROPOSAL = {"kind": "legislative_drafting", "article": "UNTOC:18", "completed_on": "2026-11-25"}
_PROPOSAL_FACTS = ("Made", "Accepted", "Dropped")
PROPOSALS = {
    "legislation_proposal_id": "0193a1c2-8e5f-7061-9b2c-3d4e5f607182",
    **{f"LegislationProposalMade.{name}": value for name, value in PROPOSAL.items()},
    **{f"LegislationProposal{fact}.article": "UNTOC:18" for fact in _PROPOSAL_FACTS},
    "LegislationProposalDropped.reason": "law_not_changed",
    "DropProposal.reason": "law_not_changed",
    **{f"AcceptProposal.{name}": value for name, value in {**STATEMENT, **TEXTS}.items()},
    "AcceptProposal.article": "UNTOC:18",
    "AcceptProposal.legislation_revision": 0,
}
"""Values of proposals after deliveries, in facts and bodies."""

SHERLOC: Mapping[str, Any] = MappingProxyType(
    {
        "legislation_id": LEGISLATION_ID,
        "article": "UNTOC:18",
        **{
            f"{one}.{name}": value
            for one in ("LegislationRecorded", "LegislationRevised", "RecordLegislation", "ReviseLegislation")
            for name, value in STATEMENT.items()
        },
        **{
            f"{one}.{name}": value
            for one in ("RecordLegislation", "ReviseLegislation")
            for name, value in TEXTS.items()
        },
        "LegislationVerified.by_role": "coordinator",
        "LegislationConfirmedUnchanged.by_role": "focal_point",
        "portal_address": PORTAL_ADDRESS,
        **CHECKS,
        **PROPOSALS,
        "practice_id": PRACTICE_ID,
        **{
            f"{one}.{name}": value
            for one in (*(f"Practice{each}" for each in PRACTICE_FACTS), "RecordPractice", "RevisePractice")
            for name, value in PRACTICE.items()
        },
        **{
            f"{one}.{name}": value
            for one in ("RecordPractice", "RevisePractice")
            for name, value in PRACTICE_TEXTS.items()
        },
    }
)
"""Values in facts and bodies."""

_SHOWN = {
    "status": "verified",
    **{name: value for name, value in STATEMENT.items() if name != "status"},
    **TEXTS,
    "portal_address": PORTAL_ADDRESS,
    "last_verified_by": "coordinator",
    "reason": None,
}
SHERLOC_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        "LinkedCheck.published": 3,
        "LinkedCheck.result": "unchanged",
        "LinkedCheck.confirmed": 3,
        "LinkedCheck.status": "answered",
        **{
            f"{one}.{name}": value
            for one in ("LegislationView", "LegislationVersion")
            for name, value in _SHOWN.items()
        },
        **{f"PracticeView.{name}": value for name, value in (PRACTICE | PRACTICE_TEXTS).items()},
        "PracticeView.status": "catalogued",
        "PracticeView.reason": None,
        "PracticeView.uses": 1,
        "PracticeView.used_in": [],
        "PracticeView.moves": ["withdraw_practice", "add_use", "remove_use"],
        "PracticePage.practices": [],
        "LegislationView.moves": ["confirm_unchanged"],
        **{f"LegislationCheckView.{name}": value for name, value in CHECK.items()},
        "LegislationCheckView.status": "answered",
        "LegislationCheckView.moves": ["answer_check"],
        "LegislationCheckPage.checks": [],
        **{f"LegislationProposalView.{name}": value for name, value in PROPOSAL.items()},
        "LegislationProposalView.status": "accepted",
        "LegislationProposalView.reason": None,
        "LegislationProposalView.dropped_at": None,
        "LegislationProposalView.moves": [],
        "LegislationProposalPage.proposals": [],
        "LegislationVersion.move": "verified",
        "LegislationPage.legislation": [],
        "RegisterFreshness.months": 12,
        "LegislationGaps.at_least": 5,
        "LegislationGap.without_law": ["UNTOC:20"],
        "LegislationGap.not_on_sherloc": ["UNTOC:16", "UNTOC:18"],
        "LegislationGap.outdated_on_sherloc": ["UNTOC:5", "UNTOC:6"],
        "LegislationGap.not_known": 36,
        "RequestDraft.address": "/v1/requests",
        "RequestDraft.body": {
            "language": "en",
            "lines": [
                {
                    "kind": "sherloc_record_update",
                    "articles": ["UNTOC:5", "UNTOC:6", "UNTOC:16", "UNTOC:18"],
                    "paragraphs": ["I.a"],
                }
            ],
        },
        "ProposedRequest.language": "en",
        "ProposedLine.kind": "sherloc_record_update",
        "ProposedLine.articles": ["UNTOC:5", "UNTOC:6", "UNTOC:16", "UNTOC:18"],
        "ProposedLine.paragraphs": ["I.a"],
        "StateFreshness.articles": 107,
        "StateFreshness.unverified": 1,
        "StateFreshness.counts": [{"status": "not_known", "articles": 104}, {"status": "verified", "articles": 3}],
        "StatusCount.status": "verified",
        "StatusCount.articles": 3,
    }
)
"""Values in answers."""
