"""Values of example fields of SHERLOC's portal, such as its extensions; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
EXTENSION_ID = "6a0e2b1c-8d4f-5b3a-9c7e-2f1d0b4a6c58"
DESCRIPTION = {"cost": {"minor": 12_000_000, "currency": "USD"}, "work_package": "development"}
EXTENSION_TEXTS = {
    "title": f"{FICTITIOUS} Search of court decisions in six languages",
    "scope": f"{FICTITIOUS} One search finds decisions in all six languages by article and by offence.",
}
NOTE = f"{FICTITIOUS} The index of decisions is complete in three languages."
TERMS = {
    "audience": "judges_and_prosecutors",
    "outreach_kind": "webinar",
    "languages": ["en", "fr"],
    "starts": "2026-11-24",
    "ends": "2026-11-24",
    "budget": {"minor": 400_000, "currency": "USD"},
    "reach_target": 250,
}
OUTREACH_TEXTS = {
    "title": f"{FICTITIOUS} How courts find comparable decisions",
    "text": f"{FICTITIOUS} A webinar of two hours with exercises.",
}
PROGRESS = {"cluster": "international_cooperation", "progress": "partly_addressed"}
PROGRESS_TEXT = f"{FICTITIOUS} The central authority has its own budget since July; an online register is being built."
MEETING_TEXTS = {
    "place": "https://meeting.example/international-cooperation",
    "title": f"{FICTITIOUS} What helped central authorities to answer sooner",
    "agenda": f"{FICTITIOUS} 1. Experiences of three States. 2. Questions. 3. What we take home.",
    "invitation": f"{FICTITIOUS} Practitioners of central authorities are welcome; nothing is recorded.",
}
LESSON = f"{FICTITIOUS} A list of the documents that a request needs halves the number of questions."
LESSON_ID = "c2a8e6f0-4d1b-4a7c-9e35-8b0d6f2a1c94"

PORTAL: Mapping[str, Any] = MappingProxyType(
    {
        "extension_id": EXTENSION_ID,
        "donors": ["DEU", "NOR"],
        **{
            f"{one}.{name}": value
            for one in ("ExtensionProposed", "ExtensionRevised", "ProposeExtension", "ReviseExtension")
            for name, value in DESCRIPTION.items()
        },
        **{
            f"{one}.{name}": value
            for one in ("ProposeExtension", "ReviseExtension")
            for name, value in EXTENSION_TEXTS.items()
        },
        "NoteProgress.text": NOTE,
        "PledgePledged.extension_id": None,
        "MakePledge.extension_id": None,
        "outreach_activity_id": "1d7c3e9a-5b2f-5e8d-8a4c-6f0e9b1d2c37",
        "audience": "judges_and_prosecutors",
        "reach": 312,
        **{
            f"{one}.{name}": value
            for one in (
                *("OutreachActivityPlanned", "OutreachActivityRevised", "PlanOutreachActivity"),
                "ReviseOutreachActivity",
            )
            for name, value in TERMS.items()
        },
        **{
            f"{one}.{name}": value
            for one in ("PlanOutreachActivity", "ReviseOutreachActivity")
            for name, value in OUTREACH_TEXTS.items()
        },
        "review_progress_id": "8e5b1d4f-3c6a-5f9e-9b2d-7a1c0e4f8d63",
        **PROGRESS,
        **{f"{one}.text": PROGRESS_TEXT for one in ("RecordReviewProgress", "ReviseReviewProgress")},
        "meeting_id": "2e9d6b4c-7a1f-5c3e-8d0b-4f5a9c7e1b26",
        "starts_on": "2026-12-10",
        **{
            f"{one}.states": ["KEN", "UGA"]
            for one in ("MeetingRevised", "MeetingInvited", "MeetingCancelled", "InviteStates")
        },
        **{f"{one}.people": 3 for one in ("MeetingSignedUp", "SignUp")},
        "lesson_id": LESSON_ID,
        "AddLesson.text": LESSON,
        **{f"{one}.{name}": value for one in ("PlanMeeting", "ReviseMeeting") for name, value in MEETING_TEXTS.items()},
    }
)
"""Values in facts and bodies."""

PORTAL_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        **{f"ExtensionView.{name}": value for name, value in {**DESCRIPTION, **EXTENSION_TEXTS}.items()},
        "ExtensionView.status": "in_progress",
        "ExtensionView.pledges": 2,
        "ExtensionView.voted_by": ["KEN", "UGA"],
        "ExtensionView.reason": None,
        "ExtensionView.moves": ["vote_for_extension"],
        "ProgressNote.text": NOTE,
        "PledgeView.extension_id": None,
        **{f"OutreachActivityView.{name}": value for name, value in {**TERMS, **OUTREACH_TEXTS}.items()},
        "OutreachActivityView.status": "held",
        "OutreachActivityView.reason": None,
        "OutreachActivityView.moves": [],
        "ReviewProgressView.status": "shown",
        "ReviewProgressView.text": PROGRESS_TEXT,
        "ReviewProgressView.moves": ["revise_review_progress", "withdraw_table_consent"],
        "TableEntry.text": PROGRESS_TEXT,
        "ReviewProgressTable.agreed": 1,
        **{f"MeetingView.{name}": value for name, value in MEETING_TEXTS.items()},
        "MeetingView.status": "held",
        "MeetingView.starts_on": "2026-11-20",
        "MeetingView.invited": ["KEN", "UGA"],
        "MeetingView.states": 2,
        "MeetingView.people": 5,
        "MeetingView.own_people": 3,
        "MeetingView.lessons": [{"lesson_id": LESSON_ID, "text": LESSON}],
        "MeetingView.reason": None,
        "MeetingView.moves": ["add_lesson"],
        "LessonView.text": LESSON,
    }
)
"""Values in answers."""
