"""Values of example fields of deliveries; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
PERIOD = {"from": "2027-02-01", "until": "2027-06-30"}
TERMS = {
    "period": {"from": "2027-03-01", "until": "2027-03-05"},
    "modality": "in_person",
    "languages": ["en"],
    "participants": 25,
    "women": 10,
    "costs": [{"side": "provider", "cost": "travel", "money": {"minor": 900_000, "currency": "USD"}}],
    "clauses": ["privileges_and_immunities"],
}
TEXTS = {
    "scope": f"{FICTITIOUS} A course of five days on requests for mutual legal assistance.",
    "place": f"{FICTITIOUS} Nairobi",
    "clauses": [f"{FICTITIOUS} The trainers are experts on mission."],
}
CONTACT = {
    "name": f"{FICTITIOUS} A. Mwangi",
    "email": "a.mwangi@central-authority.example",
    "function": "Head of the Central Authority",
    "telephone": "+254 20 000 0000",
    "languages": ["en"],
    "person_id": None,
}
DELIVERY_ID = "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a60"
DAYS = {"from": "2027-03-01", "until": "2027-03-05"}
COUNTS = [
    {"sex": "women", "age_band": "35_44", "function": "prosecutor", "people": 7},
    {"sex": "men", "age_band": "35_44", "function": "prosecutor", "people": 6},
]
TOOK_PART = [{"delivery_id": DELIVERY_ID, "women": 7, "men": 6, "other_or_not_stated": 0}]
TAUGHT = {"women": 1, "men": 1, "other_or_not_stated": 0}
PARTICIPANTS = {
    "people": 13,
    "suppressed": False,
    "by_sex": [{"code": "women", "people": 7, "suppressed": False}, {"code": "men", "people": 6, "suppressed": False}],
    "by_age_band": [{"code": "35_44", "people": 13, "suppressed": False}],
    "by_function": [{"code": "prosecutor", "people": 13, "suppressed": False}],
    "counts": COUNTS,
}
EXPERT = {
    "name": f"{FICTITIOUS} B. Hansen",
    "function": "Senior prosecutor",
    "biography": f"{FICTITIOUS} Ten years of mutual legal assistance.",
    "email": "b.hansen@experts.example",
    "person_id": None,
    "sex": "women",
    "topics": ["mutual_legal_assistance"],
    "kinds": ["training"],
    "languages": ["en", "fr"],
    "periods": [PERIOD],
}
_EFFECT_FACTS = ("Recorded", "Verified", "Declined", "Withdrawn")
CHANGE = {
    "change": "law_changed",
    "happened_on": "2026-11-20",
    "language": "en",
    "articles": ["UNTOC:18"],
    "moved_from": None,
    "moved_to": None,
    "file_id": None,
}
CHANGE_TEXTS = {
    "title": f"{FICTITIOUS} Mutual Legal Assistance (Amendment) Act, 2027",
    "text": f"{FICTITIOUS} Requests can be sent and answered electronically.",
    "gazette": f"{FICTITIOUS} Gazette Supplement No. 112",
    "address": "https://gazette.example/2027/112",
}

EFFECTS: Mapping[str, Any] = MappingProxyType(
    {
        **{f"Effect{fact}.side": "state" for fact in _EFFECT_FACTS},
        **{f"{one}.{name}": value for one in ("EffectRecorded", "RecordEffect") for name, value in CHANGE.items()},
        **{f"RecordEffect.{name}": value for name, value in CHANGE_TEXTS.items()},
        "effect_id": "0d4e6f8a-1b2c-5d3e-9f40-a1b2c3d4e5f6",
    }
)
"""Values of effects, in facts and bodies."""
_FOLLOW_UP_FACTS = ("Scheduled", "Asked", "Reminded", "Answered", "Lapsed")
ANSWER = {"result": "partly", "language": "en"}
ANSWER_TEXT = f"{FICTITIOUS} Two of the three units work with the manual."

FOLLOW_UPS: Mapping[str, Any] = MappingProxyType(
    {
        **{
            f"FollowUp{fact}.{name}": value
            for fact in _FOLLOW_UP_FACTS
            for name, value in (("side", "state"), ("organization", "KEN"), ("role", "focal_point"), ("month", 6))
        },
        "due_at": "2027-09-05T00:00:00Z",
        "closes_at": "2028-03-05T00:00:00Z",
        **{f"{one}.{name}": value for one in ("FollowUpAnswered", "AnswerFollowUp") for name, value in ANSWER.items()},
        "AnswerFollowUp.text": ANSWER_TEXT,
        "text_hash": "4be0d91c7a2f63e58b1d0c9f8e7a6b5c4d3e2f10192a3b4c5d6e7f8091a2b3c4",
        "follow_up_id": "7c3f1d5e-2a4b-5c6d-8e9f-0b1c2d3e4f50",
    }
)
"""Values of follow-ups, in facts and bodies."""
_SESSION_FACTS = ("Planned", "Revised", "Rescheduled", "Cancelled", "Held", "ParticipantsReported")
_SESSION_TERMS = {"modality": "in_person", "languages": ["en"], "people": 20, "women": 10}

RESULT = {
    "indicator": "test_score",
    "baseline": 48,
    "target": 75,
    "actual": 81,
    "measured_on": "2026-11-25",
    "file_id": None,
}
POINT = {
    "source": "evaluation",
    "owner": "state",
    "due_on": "2027-05-31",
    "language": "en",
}
POINT_TEXT = f"{FICTITIOUS} Have two more prosecutors trained to draft requests."
_POINT_FACTS = ("Added", "Revised", "Done", "Verified", "Reopened", "Dropped", "Reminded")

ANSWERS = [{"question": "fair_trial", "answer": "yes"}, {"question": "privacy", "answer": "unknown"}]
ANSWER_COMMENT = f"{FICTITIOUS} The interception of messages is not in the draft yet."

STRATEGY = {"stakeholders": ["ministry", "prosecution", "civil_society"], "language": "en"}
STRATEGY_TEXTS = {
    "title": f"{FICTITIOUS} National strategy against trafficking in persons, 2027–2031",
    "roles": f"{FICTITIOUS} The Ministry of Justice leads; the prosecution service and three shelters are consulted.",
}
STRATEGY_ID = "3b9f2d7c-5e1a-5f48-9c60-d2e3f4a5b6c7"

FOLLOWING: Mapping[str, Any] = MappingProxyType(
    {
        "indicator": RESULT["indicator"],
        **{
            f"{one}.{name}": value
            for one in ("ResultReported", "ReportResult", "ReportAgain")
            for name, value in RESULT.items()
        },
        "ResultReported.side": "provider",
        **{
            f"{one}.{name}": value
            for one in ("ActionPointAdded", "ActionPointRevised", "AddActionPoint", "ReviseActionPoint")
            for name, value in POINT.items()
        },
        **{f"{one}.text": POINT_TEXT for one in ("AddActionPoint", "ReviseActionPoint")},
        "screening": "human_rights",
        "ScreeningAnswered.answers": ANSWERS,
        "Answered.question": "fair_trial",
        "Answered.answer": "yes",
        "GivenAnswer.question": "privacy",
        "GivenAnswer.answer": "unknown",
        "GivenAnswer.comment": ANSWER_COMMENT,
        **{
            f"{one}.answers": [{**ANSWERS[0], "comment": ""}, {**ANSWERS[1], "comment": ANSWER_COMMENT}]
            for one in ("AnswerScreening", "BeginScreening")
        },
        "CompleteScreening.recommendations": [],
        "ScreeningCompleted.recommended": 0,
        "ActionPointReminded.due_on": POINT["due_on"],
        **{f"ActionPoint{one}.strategy_id": None for one in _POINT_FACTS},
        **{
            f"{one}.{name}": value
            for one in ("StrategyDrawnUp", "StrategyRevised", "DrawUpStrategy", "ReviseStrategy")
            for name, value in STRATEGY.items()
        },
        **{
            f"{one}.{name}": value
            for one in ("DrawUpStrategy", "ReviseStrategy")
            for name, value in STRATEGY_TEXTS.items()
        },
        "strategy_id": STRATEGY_ID,
        **{f"ActionPoint{one}.organization": "KEN" for one in _POINT_FACTS},
        **{f"ActionPoint{one}.role": "focal_point" for one in _POINT_FACTS},
    }
)
"""Values of results, action points, screenings and strategies, in facts and bodies."""

SESSIONS: Mapping[str, Any] = MappingProxyType(
    {
        **{f"Session{one}.deliveries": [DELIVERY_ID] for one in _SESSION_FACTS},
        **{f"Session{one}.reported": [DELIVERY_ID] for one in ("Held", "ParticipantsReported")},
        **{
            f"{one}.{name}": value
            for one in ("SessionPlanned", "SessionRevised", "PlanSession", "ReviseSession")
            for name, value in _SESSION_TERMS.items()
        },
        **{f"Session{one}.participants": TOOK_PART for one in ("Held", "ParticipantsReported")},
        "SessionHeld.trainers": TAUGHT,
        **{f"Session{one}.starts": DAYS["from"] for one in ("Planned", "Rescheduled", "Cancelled")},
        **{f"Session{one}.ends": DAYS["until"] for one in ("Planned", "Rescheduled")},
        **{f"Session{one}.trainers": [] for one in ("Planned", "Revised")},
        **{f"{one}.period": DAYS for one in ("PlanSession", "RescheduleSession")},
        **{f"{one}.place": f"{FICTITIOUS} Kenya School of Law, Nairobi" for one in ("PlanSession", "ReviseSession")},
        "PlanSession.deliveries": [],
        **{f"{one}.trainers": [] for one in ("PlanSession", "ReviseSession")},
        **{
            f"{one}.{name}": EXPERT[name]
            for one in ("ExpertListed", "ExpertRevised")
            for name in ("topics", "kinds", "languages", "periods")
        },
        **{f"StateExpert.{name}": value for name, value in EXPERT.items()},
        "consented_on": "2027-01-15",
        "counts_hash": "c6b0f2a1d49e8375a0b1c2d3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f6071",
        "CancelSession.reason": "dates_unsuitable",
        **{f"ParticipantCount.{name}": value for name, value in COUNTS[0].items()},
        "DeliveryParticipants.counts": COUNTS,
        **{
            f"{one}.participants": [{"delivery_id": DELIVERY_ID, "counts": COUNTS}]
            for one in ("HoldSession", "ReportParticipants")
        },
    }
)
"""Values of sessions, in facts and bodies."""

FILE = {
    "file_id": "5d1c9f3e-7a2b-5c4d-8e6f-0a1b2c3d4e5f",
    "delivery_id": "b9859adb-103e-5eb7-b853-aecc60a86e45",
    "status": "clean",
    "revision": 2,
    "purpose": "message",
    "private": False,
    "name": "Programme.pdf",
    "format": "pdf",
    "size_bytes": 52_431,
    "side": "state",
    "organization": "KEN",
    "added_at": "2026-11-25T10:00:00Z",
    "moves": ["read_file", "remove_file"],
}
MESSAGE = {
    "topic": f"{FICTITIOUS} Dates",
    "text": f"{FICTITIOUS} Could the trainers come in the first week of March?",
    "language": "en",
    "private": False,
}
MESSAGE_ID = "6e2d8a4b-1c3f-5d5e-9f7a-1b2c3d4e5f60"

DELIVERY: Mapping[str, Any] = MappingProxyType(
    {
        "FileAdded.purpose": "message",
        "FileAdded.format": "pdf",
        "FileAdded.side": "state",
        "FileAdded.organization": "KEN",
        **{f"{fact}.private": False for fact in ("FileAdded", "FileCleared", "FileRefused", "FileRemoved")},
        "FileCleared.scanned": True,
        "MessageSent.organization": "KEN",
        "MessageSent.side": "state",
        "MessageSent.language": "en",
        "MessageSent.files": [FILE["file_id"]],
        "MessageSent.contacts": [],
        "MessageSent.private": False,
        "MessageWithdrawn.private": False,
        "DeliveryPrivateTopicOpened.waiting_for": "provider",
        **{f"SendMessage.{name}": value for name, value in MESSAGE.items()},
        "SendMessage.files": [],
        "ReadUpTo.message_id": MESSAGE_ID,
        **SESSIONS,
        **FOLLOWING,
        **{f"{fact}.kind": "mla_training" for fact in ("MatchConfirmed", "DeliveryOpened")},
        **FOLLOW_UPS,
        **EFFECTS,
        "DeliveryOpened.period": PERIOD,
        "DeliveryContactsNamed.contacts": 1,
        "NameContacts.contacts": [CONTACT],
        "DeliveryAgreementWaived.waiting_for": "provider",
        "DeliveryOpened.joint_delivery_id": None,
        "MatchConfirmed.joint_delivery_id": None,
        "MatchConfirmed.window": PERIOD,
        "completed_on": "2027-03-05",
        "confirm_by": "2027-04-02",
        "ends_on": "2027-06-30",
        "confirmed_by": "state",
        "without": ["session"],
        "silence_counts": True,
        "DeliveryCompletionProposed.side": "provider",
        "DeliveryCompletionWithdrawn.side": "provider",
        "AgreementEnded.status": "ended",
        "AgreementProposed.terms": TERMS,
        "AgreementSigned.waiting_for": "provider",
        "signed_on": "2026-12-10",
        "version": 1,
        **{f"ProposeAgreement.{name}": value for name, value in TERMS.items() if name != "clauses"},
        "ProposeAgreement.scope": TEXTS["scope"],
        "ProposeAgreement.place": TEXTS["place"],
        "ProposeAgreement.clauses": [{"clause": "privileges_and_immunities", "text": TEXTS["clauses"][0]}],
        **{f"NewContact.{name}": value for name, value in CONTACT.items()},
    }
)
"""Values in facts and bodies."""

DELIVERY_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        **{f"DeliveryFile.{name}": value for name, value in FILE.items()},
        **{f"ThreadMessage.{name}": value for name, value in MESSAGE.items()},
        "ThreadMessage.status": "sent",
        "ThreadMessage.revision": 1,
        "ThreadMessage.side": "state",
        "ThreadMessage.organization": "KEN",
        "ThreadMessage.files": [FILE],
        **{f"{view}.message_id": MESSAGE_ID for view in ("ThreadMessage", "ReadMark")},
        "ThreadMessage.withdrawn_at": None,
        "ThreadMessage.mine": True,
        "ThreadMessage.read_by": ["provider"],
        "ThreadMessage.moves": ["withdraw_message"],
        "MessagePage.closes_at": None,
        "MessagePage.read_up_to": MESSAGE_ID,
        "ReadMark.read_at": "2026-11-25T10:00:00Z",
        **{f"DeliveryContact.{name}": value for name, value in CONTACT.items()},
        **{f"SessionView.{name}": value for name, value in _SESSION_TERMS.items()},
        **{f"ExpertView.{name}": value for name, value in EXPERT.items()},
        "ExpertView.status": "listed",
        "ExpertView.consented_on": "2027-01-15",
        "ExpertView.withdrawn_at": None,
        "ExpertView.moves": ["revise_expert", "record_consent", "withdraw_expert"],
        "ExpertPage.experts": [],
        **{f"FollowUpView.{name}": value for name, value in ANSWER.items()},
        "FollowUpView.text": ANSWER_TEXT,
        "FollowUpView.side": "state",
        "FollowUpView.organization": "KEN",
        "FollowUpView.month": 6,
        "FollowUpView.status": "answered",
        "FollowUpView.reminded_at": None,
        "FollowUpView.lapsed_at": None,
        "FollowUpView.moves": ["answer"],
        "FollowUpList.follow_ups": [],
        "DeliveryFiles.files": [],
        "LinkedFollowUp.result": "partly",
        "LinkedFollowUp.month": 6,
        "LinkedFollowUp.status": "answered",
        "LinkedFollowUp.has_text": True,
        "LinkedFollowUp.next_token": None,
        **{f"EffectView.{name}": value for name, value in (*CHANGE.items(), *CHANGE_TEXTS.items())},
        "EffectView.side": "state",
        "EffectView.status": "verified",
        "EffectView.declined_at": None,
        "EffectView.withdrawn_at": None,
        "EffectView.reason": None,
        "EffectView.moves": ["withdraw_effect"],
        "EffectPage.effects": [],
        "Trainer.name": EXPERT["name"],
        "Trainer.function": EXPERT["function"],
        **{f"ResultView.{name}": value for name, value in RESULT.items()},
        "ResultView.unit": "percent",
        "ResultView.status": "reported",
        "ResultView.comment": f"{FICTITIOUS} The same test on the first and the last day.",
        "ResultView.reported_by": "provider",
        "ResultView.state_comment": "",
        **{f"ResultView.{name}": None for name in ("confirmed_at", "disputed_at", "reason")},
        "ResultView.moves": ["report_result", "confirm_result", "dispute_result"],
        "DeliveryResults.results": [],
        "DeliveryResults.indicators": ["people_trained", "test_score"],
        "DeliveryResults.closed_at": None,
        **{f"ActionPointView.{name}": value for name, value in POINT.items()},
        "ActionPointView.strategy_id": None,
        "ActionPointView.text": POINT_TEXT,
        "ActionPointView.status": "done",
        "ActionPointView.moves": ["verify", "reopen_action_point", "drop_action_point"],
        **{
            f"ActionPointView.{name}": None
            for name in ("verified_by", "verified_at", "dropped_at", "reason", "reminded_at")
        },
        "ActionPointList.action_points": [],
        **{f"StrategyView.{name}": value for name, value in (*STRATEGY.items(), *STRATEGY_TEXTS.items())},
        "StrategyView.status": "active",
        "StrategyView.concluded_at": None,
        "StrategyView.moves": ["add_action_point", "revise_strategy", "conclude_strategy"],
        "StrategyPage.strategies": [],
        "ScreeningView.status": "open",
        "ScreeningView.questions": [{**ANSWERS[1], "comment": ANSWER_COMMENT}],
        "ScreeningView.completed_at": None,
        "ScreeningView.moves": ["answer_screening", "complete_screening"],
        "QuestionView.question": "privacy",
        "QuestionView.answer": "unknown",
        "QuestionView.comment": ANSWER_COMMENT,
        "DeliveryScreenings.screenings": [],
        "DeliveryScreenings.needed": ["human_rights"],
        **{f"{view}.kind": "mla_training" for view in ("DeliveryView", "DeliveryItem")},
        "SessionView.trainers": [],
        "SessionView.deliveries": [DELIVERY_ID],
        "SessionView.serves": 1,
        "SessionView.status": "held",
        "SessionView.period": DAYS,
        "SessionView.place": f"{FICTITIOUS} Kenya School of Law, Nairobi",
        "SessionView.participants": [{"delivery_id": DELIVERY_ID, "participants": PARTICIPANTS}],
        "SessionView.reason": None,
        "SessionView.cancelled_at": None,
        "SessionView.moves": ["report_participants"],
        "Reported.participants": PARTICIPANTS,
        **{f"Participants.{name}": value for name, value in PARTICIPANTS.items()},
        "ParticipantGroup.code": "women",
        "ParticipantGroup.people": 7,
        "ParticipantGroup.suppressed": False,
        "DeliverySessions.sessions": [],
        "DeliverySessions.people": 20,
        "DeliverySessions.women": 10,
        "DeliverySessions.participants": PARTICIPANTS,
        "SideContacts.state": [CONTACT],
        "SideContacts.provider": [],
        "DeliveryView.remarks": [],
        "Remark.move": "begun",
        "Remark.comment": f"{FICTITIOUS} The trainers have arrived.",
        "AgreementView.status": "proposed",
        "AgreementView.turn": "provider",
        "AgreementView.in_force": None,
        "AgreementView.in_force_since": None,
        "AgreementView.moves": ["propose", "sign"],
        "VersionView.terms": TERMS,
        "VersionView.texts": TEXTS,
        "VersionView.provider_signed_on": None,
        "VersionView.state_signed_on": None,
        "VersionView.dropped_at": None,
        "VersionView.changed": [],
        **{f"VersionView.{name}": None for name in ("state_file_id", "provider_file_id")},
        **{f"{view}.period": PERIOD for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.status": "open" for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.silence_counts": False for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.without": [] for view in ("DeliveryView", "DeliveryItem")},
        **{f"{view}.moves": ["name_contacts", "waive_agreement"] for view in ("DeliveryView", "DeliveryItem")},
        **{
            f"{view}.{name}": None
            for view in ("DeliveryView", "DeliveryItem")
            for name in (
                *("joint_delivery_id", "agreement_id", "agreed_at", "provider_waived_at", "begun_at", "suspended_at"),
                *("state_private_at", "provider_private_at"),
                *("completion_by", "completion_proposed_at", "proposed_on", "confirm_by", "objection", "confirmed_by"),
                *("completed_on", "completed_at", "terminated_at", "reason"),
            )
        },
    }
)
"""Values in answers."""
