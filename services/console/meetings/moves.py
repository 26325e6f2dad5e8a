"""The moves of an informal meeting of States."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

REVISE, NEW_LESSON = "/revise", "/lessons/new"
MEETING = Noun(
    path="/meetings",
    api="/v1/meetings",
    record="meetings/head.html",
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
        Move(name="revise_meeting", path="revise", label=N_("Revise the meeting"), elsewhere=REVISE),
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
)
