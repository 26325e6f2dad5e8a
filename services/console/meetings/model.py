"""Informal meetings of States on pages."""

from services.console.fields import Field
from services.console.moves.model import Entered, Filter, Listed, Move, Noun, Shown, reason
from services.console.translations import N_, P_

NEW_LESSON = "/lessons/new"
FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="starts_on", label=N_("Day of the meeting"), kind="date"),
    Field(name="place", label=N_("Place, or link"), max_length=500),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(name="agenda", label=N_("Agenda"), kind="words", max_length=10_000, rows=8),
    Field(
        name="invitation",
        label=N_("Invitation"),
        kind="words",
        max_length=5000,
        rows=6,
        required=False,
        empty="",
        hint=N_("What invited States read above the agenda."),
    ),
)
DAY = Shown(label=N_("Day"), field="starts_on", kind="day")
SIGNED_UP = Shown(label=N_("States signed up"), field="states", kind="number")
EXPECTED = Shown(label=N_("People expected"), field="people", kind="number")
MEETINGS = Noun(
    path="/meetings",
    api="/v1/meetings",
    key="meeting_id",
    items="meetings",
    title=N_("Informal meetings of States"),
    caption=(N_("Informal meeting"),),
    heading=(Shown(field="title", kind="words"),),
    record="more/meeting_head.html",
    more="more/meeting_texts.html",
    status="meeting_status",
    reasons="cancel_meeting",
    listed=Listed(
        explains=N_(
            "States speak here with each other about their experience with assistance. What is learned is kept without"
            " saying who said it."
        ),
        columns=(
            Shown(label=N_("Meeting"), field="title", kind="words"),
            DAY,
            Shown(label=N_("States invited"), field="invited", kind="count"),
            SIGNED_UP,
            EXPECTED,
        ),
        filters=(Filter(name="status", label=N_("Status"), of="meeting_status"),),
        none=N_("No meeting is planned yet."),
        none_found=N_("No meeting has this status."),
    ),
    rows=(
        DAY,
        Shown(label=N_("Place, or link"), field="place"),
        Shown(label=N_("States invited"), field="invited", kind="states", none=N_("None yet")),
        SIGNED_UP,
        EXPECTED,
        Shown(label=N_("Of your State"), field="own_people", kind="some"),
    ),
    entered=Entered(
        button=N_("Plan a meeting"),
        heading=N_("Plan a meeting"),
        fields=FIELDS,
        roles=frozenset({"coordinator"}),
        explains=N_("States, UNODC and auditors read it. States are invited afterwards."),
    ),
    moves=(
        Move(
            name="sign_up",
            path="sign-up",
            label=N_("Sign up"),
            fields=(Field(name="people", label=N_("How many people of your State come?"), kind="number"),),
            explains=N_("Nobody is named. Other States read only how many States and people come in all."),
            done="saved",
        ),
        Move(
            name="withdraw_sign_up",
            path="withdraw-sign-up",
            label=N_("Withdraw the sign-up"),
            fields=(),
            explains=N_("Your State is no longer counted. It can sign up again until the meeting is held."),
            warns=True,
            done="saved",
        ),
        Move(
            name="invite_states",
            path="invite",
            label=N_("Invite States"),
            fields=(Field(name="states", label=N_("States to invite"), kind="choices", options="states"),),
            explains=N_("Their focal points are notified."),
        ),
        Move(
            name="revise_meeting",
            path="revise",
            label=N_("Revise the meeting"),
            fields=FIELDS,
            explains=N_("The invited States are notified."),
            elsewhere="/revise",
            form="revises",
        ),
        Move(
            name="hold_meeting",
            path="hold",
            label=N_("Record that it was held"),
            fields=(),
            explains=N_("From then on States and UNODC can say what was learned."),
            done="saved",
        ),
        Move(name="add_lesson", path="lessons", label=N_("Add a lesson"), elsewhere=NEW_LESSON),
        Move(
            name="remove_lesson",
            path="remove-lesson",
            label=N_("Remove a lesson"),
            fields=(Field(name="lesson_id", label=N_("Lesson"), kind="choice", options="lessons"),),
            explains=N_("For example where it names a person. It is deleted."),
            warns=True,
            done="removed",
        ),
        Move(
            name="cancel_meeting",
            path="cancel",
            label=N_("Cancel the meeting"),
            fields=(reason("cancel_meeting"),),
            explains=N_("The invited States are notified."),
            warns=True,
        ),
    ),
    labels={
        "meeting_status": {
            "planned": P_("meeting", "Planned"),
            "held": P_("meeting", "Held"),
            "cancelled": P_("meeting", "Cancelled"),
        },
    },
)
