"""What the fields of an example hold: by field, or by `<struct>.<field>` where a field means something else there.

One story runs through all of them: a fictitious request of Kenya for training on mutual legal assistance, an offering
of a unit of UNODC that fits it, and a pledge of Norway. Whoever adds a field to a fact adds its value here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.matching.weights import FIRST as FIRST_WEIGHTS

FICTITIOUS = "[Fictitious sample]"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DOLLARS = {"minor": 3_800_000, "currency": "USD"}
KRONER = {"minor": 250_000_000, "currency": "NOK"}
INSTALMENT = {"minor": 100_000_000, "currency": "NOK"}
OF_AN_INSTALMENT = (
    "PledgeReceived", "ReceiveInstalment", "PledgeConditionMet", "PledgeReceiptReversed",
    "PledgeReduced", "PledgeWrittenOff", "PledgeRefunded", "PledgeWriteOffReversed",
    "PledgeRefundReversed", "ReducePledge", "ProposeRefund", "PledgeConditionReversed",
    "PledgeReductionReversed",
)  # fmt: skip
OF_ITS_WORTH = ("PledgeConditionMet", "PledgeConditionReversed", "PledgeWrittenOff", "PledgeWriteOffReversed")
KRONE_RATE = {"rate": "0.0950", "rate_source": "fictitious", "rate_date": "2026-11-01"}
CURRICULUM = ["convention_provisions", "obtaining_evidence", "preservation_of_stored_data", "real_time_traffic_data"]
SHARES = (
    ("topics", 220, 220),
    ("articles", 110, 110),
    ("kind", 50, 50),
    ("paragraphs", 60, 60),
    ("pillars", 30, 30),
    ("language", 100, 100),
    ("window", 75, 100),
    ("region", 18, 60),
    ("legal_system", 15, 30),
    ("experience", 28, 60),
    ("funding", 25, 50),
    ("load", 20, 30),
    ("meaning", 55, 100),
)

SUBJECT = {"issuer": "https://issuer.entraide.example", "subject": "e2e0974d-4f87-5a11-9e66-f8dbe4bf28ed"}

VALUES: Mapping[str, Any] = MappingProxyType(
    {
        # who
        "state": "KEN",
        "provider": "UNODC-SHERLOC",
        "donor": "NOR",
        "fund_donors": ["DEU", "NOR"],
        "organization": "KEN",
        "role": "focal_point",
        # a request and its lines
        "language": "en",
        "title": f"{FICTITIOUS} Training on mutual legal assistance",
        "need": f"{FICTITIOUS} The central authority is new and its requests come back incomplete.",
        "visibility": "providers",
        "addressee": "any",
        "addressed_states": [],
        "circulation": "granted",
        "circulation_rule": "granted",
        "excluded_providers": [],
        "kind": "mla_training",
        "topics": ["mutual_legal_assistance", "central_authorities"],
        "articles": ["UNTOC:18"],
        "paragraphs": ["I.k"],
        "pillars": ["pursue"],
        "institution": "central_authority",
        "institution_name": f"{FICTITIOUS} Central Authority",
        "group_size": 25,
        "languages": ["en"],
        "modality": "in_person",
        "from": "2027-02-01",
        "until": "2027-06-30",
        "gender_marker": 1,
        "human_rights_marker": 1,
        "cannot_wait": False,
        "markers_justification": f"{FICTITIOUS} Half of the places are kept for women.",
        "in_place": f"{FICTITIOUS} Six lawyers, a paper register, no electronic case file.",
        "texts_hash": HASH,
        "reference": "TA-2026-00012",
        "priority": "high",
        "reminder": 1,
        "outcome": "met",
        "NewLine.outcome": f"{FICTITIOUS} Outgoing requests are drafted without help.",
        "fulfilment": "partial",
        "match_status": "confirmed",
        "window_ends_at": "2026-12-02T10:00:00Z",
        "CirculationDecided.circulation": "window_running",
        "recipients": ["NOR", "unodc_units"],
        "fields": ["codes", "words"],
        "starts_at": "2026-12-01T00:00:00Z",
        "ends_at": "2027-12-01T00:00:00Z",
        "note_verbale": f"{FICTITIOUS} KEN/NV/2026/118",
        "ConsentWithdrawn.circulation": "objected",
        "ConsentEnded.circulation": "none",
        "format": "pdf",
        "size_bytes": 184_320,
        "content_hash": HASH,
        "scanned": True,
        "purpose": "request",
        "submit": True,
        "comment": f"{FICTITIOUS} Said on the telephone as well.",
        "reason": "other",
        "suffices": True,
        "FileRequest.addressee": {"to": "any", "states": []},
        "RequestBody.addressee": {"to": "any", "states": []},
        "ReviseRequest.addressee": {"to": "any", "states": []},
        "DraftedLine.addressee": {"to": "any", "states": []},
        "text": f"{FICTITIOUS} Judges are to be trained in mutual legal assistance and electronic evidence.",
        # an offering
        "summary": f"{FICTITIOUS} Five days with exercises on the participants' own drafts.",
        "kinds": ["mla_training"],
        "interpretation": ["fr"],
        "modalities": ["in_person", "hybrid"],
        "states": [],
        "regions": ["african"],
        "excluded_states": [],
        "eligible": {"states": [], "regions": ["african"], "excluded_states": []},
        "valid": {"from": "2026-01-01", "until": "2028-12-31"},
        "units": 2,
        "resource_status": "partly",
        "group_size_max": 30,
        "funding_needed": DOLLARS,
        "curriculum": CURRICULUM,
        "treaties": [],
        # treaty status
        "instrument": "UNTOC",
        "party": True,
        "as_of": "2026-11-01",
        # a match
        "score": sum(points for _, points, _ in SHARES),
        "shares": [{"criterion": name, "points": points, "of": of} for name, points, of in SHARES],
        "algorithm": "codes-3:weights-0",
        "criteria": [name for name, _, _ in SHARES],
        "points": [points for _, points, _ in SHARES],
        "LineRanked.of": [of for _, _, of in SHARES],
        # weights
        "version": 1,
        "weights": [{"criterion": name, "of": of} for name, of in FIRST_WEIGHTS.of.items()],
        "judgement": {"model": "universal-sentence-encoder-multilingual-3", "version": "0.2.1", "closeness": 420},
        "side": "state",
        "evaluation": {"result": "partially_met", "relevance": 5, "quality": 4, "timeliness": 3},
        "result": "partially_met",
        "relevance": 5,
        "quality": 4,
        "timeliness": 3,
        "offering_revision": 3,
        "rank": 1,
        "departs": True,
        "departure": "stated_preference",
        "capacity_period": {"from": "2027-01-01", "until": "2027-06-30"},
        "planned_period": {"from": "2027-01-01", "until": "2027-06-30"},
        # a round
        "settings_hash": HASH,
        "answer_hash": HASH,
        "seed": 7,
        "seconds": 20,
        "based_on": None,
        "ended": "proven",
        "NewRound.priorities": {"ldc": 300, "lldc": 200, "sids": 200, "review": 200, "high": 200, "urgent": 500},
        "NewRound.fairness_loss": 50,
        "NewRound.pinned": [],
        "NewRound.rooms": [],
        "NewRound.budgets": [
            {"fund": "SHERLOC-MNT", "money": DOLLARS, "earmarked_for": {"states": ["KEN"], "line_ids": []}}
        ],
        "RoundFailed.outcome": "out_of_memory",
        "RoundPlanned.lines": 12,
        "RoundPlanned.deliveries": 11,
        "RoundPlanned.value": 9_130_000,
        "bound": 9_130_000,
        "gap_millionths": 0,
        "presented": 11,
        # money
        "code": "SHERLOC-MNT",
        "fund": "SHERLOC-MNT",
        "year": 2027,
        "usd_minor": 3_800_000,
        "YearlyRequirement.usd_minor": 62_000_000,
        "YearlyRequirement.work_package": "maintenance",
        "FundRequirementRevised.before_usd_minor": 58_000_000,
        "FundRequirementRevised.reason": "needs_changed",
        "ReviseRequirement.reason": "needs_changed",
        "ReviseRequirement.work_package": "maintenance",
        "ReviseRequirement.money": {"minor": 62_000_000, "currency": "USD"},
        "NewRequirement.work_package": "maintenance",
        "NewRequirement.money": {"minor": 62_000_000, "currency": "USD"},
        "ar": "[مثال خيالي] صيانة بوابة شيرلوك",
        "en": f"{FICTITIOUS} SHERLOC maintenance",
        "es": "[Ejemplo ficticio] Mantenimiento de SHERLOC",
        "fr": "[Exemple fictif] Maintenance de SHERLOC",
        "ru": "[Вымышленный пример] Сопровождение портала ШЕРЛОК",
        "zh": "[虚构示例] 夏洛克门户网站的维护",
        "source": "fictitious",
        "currency": "NOK",
        "valid_from": "2026-11-01",
        "usd_per_unit": "0.0950",
        "money": KRONER,
        "valuation": {"usd_minor": 23_750_000, **KRONE_RATE},
        **{f"{name}.money": INSTALMENT for name in OF_AN_INSTALMENT},
        **{f"{name}.usd_minor": 9_500_000 for name in OF_ITS_WORTH},
        "PledgeReceived.valuation": {"usd_minor": 9_500_000, **KRONE_RATE},
        "RequirementOpened.money": DOLLARS,
        "RequirementOpened.valuation": {
            "usd_minor": 3_800_000,
            "rate": "1",
            "rate_source": "par",
            "rate_date": "2026-11-25",
        },
        "Allocate.money": DOLLARS,
        "Allocate.work_package": None,
        "AllocationMade.work_package": None,
        "Allocate.activity_id": None,
        "AllocationMade.activity_id": None,
        "earmarking": "softly_earmarked",
        "note": f"{FICTITIOUS} For the upkeep of the portal in 2027.",
        "support_cost_basis_points": 1300,
        "instalment": 1,
        "agreed_usd_minor": 9_500_000,
        "relieved_usd_minor": 9_500_000,
        "support_cost_usd_minor": 1_092_920,
        "complete": False,
        "agreement": "NOR/2026/114",
        "schedule": [{"due_on": "2026-12-25", "minor": 100_000_000}, {"due_on": "2027-06-30", "minor": 150_000_000}],
        "instalments": [{"due_on": "2026-12-25", "minor": 100_000_000}, {"due_on": "2027-06-30", "minor": 150_000_000}],
        "recognized_minor": 250_000_000,
        "pledged_usd_minor": 23_750_000,
        "committed_usd_minor": 9_500_000,
        "conditional_minor": 0,
        "condition": "report_accepted",
        "PledgeReceiptReversed.valuation": {"usd_minor": 9_500_000, **KRONE_RATE},
        "PledgeReduced.recognized_minor": 100_000_000,
        "PledgeReduced.pledged_usd_minor": 0,
        "PledgeReductionReversed.recognized_minor": 100_000_000,
        "PledgeReductionReversed.pledged_usd_minor": 0,
        "PledgeReduced.reason": "donor_budget",
        "PledgeWrittenOff.reason": "not_expected",
        "PledgeRefunded.valuation": {"usd_minor": 9_500_000, **KRONE_RATE},
        "PledgeRefunded.reason": "not_used",
        "restored": [{"number": 1, "minor": 100_000_000}, {"number": 2, "minor": 150_000_000}],
        "PledgeRefundReversed.valuation": {"usd_minor": 9_500_000, **KRONE_RATE},
        "due_on": "2026-12-25",
        "cash": None,
        "charges": None,
        "charges_usd_minor": 0,
        "charges_minor": 0,
        "settles": None,
        "to_fund": "SHERLOC-DEV",
        "from_fund": "SHERLOC-MNT",
        "PledgeBroughtForward.fund": "SHERLOC-DEV",
        "PledgeBroughtForwardReversed.fund": "SHERLOC-DEV",
        "how": "expenditure",
        "measure": "write_off",
        "ProposalMade.reason": "not_expected",
        "ProposalMade.money": None,
        "ProposalMade.entry_id": None,
        "ProposalMade.year": None,
        "carried_forward": [{"fund": "SHERLOC-MNT", "usd_minor": 1_017_699}],
        "PeriodClosed.year": 2026,
        "PeriodReopened.year": 2026,
        "reverses": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a44",
        "ReducePledge.reason": "donor_budget",
        "CarryOver.money": DOLLARS,
        "ProposeWriteOff.reason": "not_expected",
        "ProposeRefund.reason": "not_used",
        "ProposeReversal.reason": "recorded_wrongly",
        "ProposeReopening.reason": "audit_finding",
        "Spend.money": DOLLARS,
        "met_on": "2026-11-25",
        "lapsed_on": "2026-11-25",
        "reduced_on": "2026-11-25",
        "carried_over_on": "2026-11-25",
        "written_off_on": "2026-11-25",
        "refunded_on": "2026-11-25",
        "reversed_on": "2026-11-25",
        "spent_on": "2026-11-25",
        "effective_on": "2026-11-25",
        "pledged_on": "2026-11-25",
        "committed_on": "2026-11-25",
        "received_on": "2026-11-25",
        "withdrawn_on": "2026-11-25",
        "allocated_on": "2026-11-25",
        "gap_usd_minor": 0,
        "activity_kind": "training",
        "PlanActivity.title": f"{FICTITIOUS} SHERLOC for the central authorities of a region",
        "starts_on": "2027-03-08",
        "ends_on": "2027-03-12",
        "completed_on": "2027-03-12",
        "participants": 34,
        "ActivityCancelled.reason": "priorities_changed",
        "CancelActivity.reason": "priorities_changed",
        "form": "equipment",
        "provided_on": "2026-11-25",
        "description": f"{FICTITIOUS} Two document scanners, used for a year.",
        "InKindContributionStruck.reason": "given_back",
        "InKindContributionAcknowledged.usd_minor": 23_750_000,
        "InKindContributionStruck.usd_minor": 23_750_000,
        "StrikeInKind.reason": "given_back",
        "file_hash": HASH,
        "import_line": 1,
        "ImportRecorded.format": "fts_csv",
        "rows": 1106,
        "accepted": 582,
        "rejected": 524,
        # who is who
        "OrganizationRegistered.code": "KEN",
        "RegisterOrganization.code": "KEN",
        "RegisterOrganization.name": "",
        "name": f"{FICTITIOUS} Wanjiru Kamau",
        "subjects": 1,
        "EnterPerson.subjects": [SUBJECT],
        "SetSubjects.subjects": [SUBJECT],
        "EnterPerson.person_id": None,
        "letter": f"{FICTITIOUS} Note verbale of 3 November 2026",
        "Mandate.from": "2026-12-01",
        "Mandate.until": "2028-11-30",
        "Mandate.regions": [],
        "Mandate.topics": [],
        "Appoint.from": "2026-12-01",
        "Appoint.until": "2028-11-30",
        "Appoint.regions": [],
        "Appoint.topics": [],
        "scopes": ["read", "write"],
        "ClientRegistered.role": "official",
        "ClientRegistered.until": "2027-11-24",
        "ClientExpiring.until": "2026-12-09",
        "RegisterClient.name": f"{FICTITIOUS} Case system of the central authority",
        "RegisterClient.role": "official",
        "overlap_hours": 24,
        "grant_type": "client_credentials",
        "client_id": "0b6e1f52-7c3d-5a4b-8e9f-1a2b3c4d5e6f",
        "scope": "read",
        "client_secret": "<the secret>",
        # who is told
        "channels": ["inbox", "mail"],
        "channel": "mail",
        "email": "focal.point@ken.example",
        "address_hash": HASH,
        "notice": "matching.match.presented.v1",
        "link": "/v1/matches/7d3c1f0a-5e2b-5c8d-9a4e-6b1f2c3d4e5f",
        "webhook_id": "5f0c9d3e-8a1b-5d2c-9e4f-7a6b5c4d3e2f",
        "record": {"aggregate": "match", "id": "7d3c1f0a-5e2b-5c8d-9a4e-6b1f2c3d4e5f", "version": 3},
        "happened_at": "2026-11-25T09:59:58Z",
        "scheme": "v1a",
        "key_id": "4c1d8f2a9b3e7056",
        "url": "https://hooks.ken.example/entraide",
        "url_hash": HASH,
        "generation": 2,
        "previous_until": "2026-11-26T10:00:00Z",
        "NotificationDelivered.reason": "250",
        "attempt": 1,
        "next_at": "2026-11-25T10:01:00Z",
        "NotificationDeferred.reason": "451",
        "NotificationRefused.reason": "550",
        "NotificationExpired.attempt": 8,
        "WebhookDisabled.reason": "gone",
        "NotificationExpired.reason": "timeout",
    }
)

LEAST: Mapping[str, Any] = MappingProxyType(
    {"Terms.resource_status": "funded", "AllocationMade.work_package": "maintenance"}
)
"""What differs in an example that leaves everything optional away."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "RequestReturned": "too_general",
        "RequestDeclined": "outside_scope",
        "RequestHeld": "awaiting_funding",
        "RequestReopened": "new_need",
        "OfferingReturned": "incomplete",
        "MatchDeclinedByState": "dates_unsuitable",
        "MatchDeclinedByProvider": "capacity_exhausted",
        "MatchNotPursued": "better_match_found",
        "MatchRevoked": "security_situation",
        "PersonDisabled": "access_compromised",
        "PersonErasureProposed": "asked_by_person",
        "PersonErasureDeclined": "data_still_needed",
        "PersonErased": "asked_by_person",
        "WeightsAdopted": "calibrated",
        "AdoptWeights": "calibrated",
        "AppointmentRefused": "letter_not_authenticated",
        "AppointmentEnded": "new_duties",
        "ClientEnded": "no_longer_in_use",
    }
)
"""A reason that the move in question may be given."""

ACTORS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "KEN:focal_point": frozenset(
            {"RequestDrafted", "RequestRevised", "RequestSubmitted", "RequestWithdrawn", "RequestDelivered"}
            | {"CirculationDecided", "ConsentGiven", "ConsentWithdrawn", "MatchAccepted", "MatchCompleted"}
            | {"MatchConfirmed", "MatchEvaluated", "MatchDeclinedByState", "AttachmentAdded", "AttachmentRemoved"}
            | {"SubscriptionRegistered", "NotificationRead", "WebhookRegistered", "WebhookRotated", "WebhookEnabled"}
            | {"WebhookRemoved", "ClientRegistered", "ClientRotated", "ClientEnded"}
        ),
        "UNODC:coordinator": frozenset(
            {"RequestRegistered", "RequestReturned", "RequestDeclined", "RequestOpened", "RequestHeld"}
            | {"RequestResumed", "RequestReopened", "RequestClosed", "OfferingApproved", "OfferingReturned"}
            | {"OfferingSuspended", "OfferingResumed", "MatchNominated", "MatchShortlisted", "MatchPresented"}
            | {"MatchNotPursued", "MatchRevoked", "ConsentRecorded", "TreatyStatusRecorded", "WeightsAdopted"}
        ),
        "UNODC-SHERLOC:provider_officer": frozenset(
            {"OfferingDrafted", "OfferingRevised", "OfferingSubmitted", "OfferingReconfirmed", "OfferingWithdrawn"}
            | {"MatchInterested", "MatchProviderConfirmed", "MatchBegun", "MatchDeclinedByProvider"}
        ),
        "UNODC:administrator": frozenset(
            {"OrganizationRegistered", "PersonEntered", "PersonIdentified", "PersonDisabled", "PersonEnabled"}
            | {"PersonErasureProposed", "PersonErasureDeclined", "PersonErased"}
            | {"AppointmentProposed", "AppointmentMade", "AppointmentRefused", "AppointmentWithdrawn"}
            | {"AppointmentEnded"}
        ),
        "NOR:donor_officer": frozenset(
            {"PledgePledged", "PledgeReworded", "PledgeWithdrawn"}
            | {"InKindContributionDeclared", "InKindContributionReworded", "InKindContributionWithdrawn"}
        ),
        "UNODC:finance_officer": frozenset(
            {"FundOpened", "FundRequirementRevised", "RatesLoaded", "PledgeCommitted", "PledgeConditionMet"}
            | {"PledgeReceived", "PledgeReduced"}
            | {"PledgeLapsed", "PledgeCarriedOver", "PledgeBroughtForward", "PledgeClosed", "AllocationMade"}
            | {"AllocationSpent", "ProposalMade", "ProposalApproved", "ProposalRefused", "PeriodClosed"}
            | {"ImportRecorded", "InKindContributionAcknowledged", "InKindContributionStruck"}
            | {"ActivityPlanned", "ActivityRevised", "ActivityCompleted", "ActivityCancelled"}
        ),
    }
)
"""Who does it; whatever is missing here follows from another fact, without anybody's hand."""

FIRST: frozenset[str] = frozenset(
    {
        "RequestDrafted",
        "AttachmentAdded",
        "OfferingDrafted",
        "LineRanked",
        "MatchSuggested",
        "MatchNominated",
        "MatchInterested",
        "FundOpened",
    }
    | {"RatesLoaded", "PledgePledged", "RequirementOpened", "AllocationMade", "SubscriptionRegistered"}
    | {"ProposalMade", "PeriodClosed"}
    | {"NotificationOwed", "WebhookRegistered", "OrganizationRegistered", "PersonEntered", "AppointmentProposed"}
    | {"ClientRegistered", "TreatyStatusRecorded", "WeightsAdopted", "ImportRecorded"}
    | {"InKindContributionDeclared", "ActivityPlanned"}
)
"""What an aggregate begins with."""
