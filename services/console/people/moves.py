"""The moves of a person, and of an appointment."""

from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

PERSON = Noun(
    path="/people",
    api="/v1/people",
    record="people/head.html",
    moves=(
        Move(
            name="approve_subjects",
            path="approve-subjects",
            label=N_("Approve how they sign in"),
            fields=(),
            explains=N_("From then on, who signs in with these accounts acts as this person."),
            asks_sign_in=True,
        ),
        Move(name="decline_subjects", path="decline-subjects", label=N_("Decline how they sign in"), fields=()),
        Move(
            name="disable",
            path="disable",
            label=N_("Disable"),
            fields=(reason("disable_person"),),
            explains=N_("They can do nothing any more, from now on. Their appointments remain, without effect."),
            warns=True,
            asks_sign_in=True,
        ),
        Move(name="enable", path="enable", label=N_("Enable again"), fields=()),
        Move(
            name="propose_erasure",
            path="propose-erasure",
            label=N_("Propose to erase"),
            fields=(reason("propose_erasure"),),
            explains=N_("An administrator has to approve it. A person with an appointment in force is not erased."),
        ),
        Move(
            name="approve_erasure",
            path="approve-erasure",
            label=N_("Approve the erasure"),
            fields=(),
            explains=N_("What names this person is deleted everywhere. This cannot be undone."),
            warns=True,
            asks_sign_in=True,
        ),
        Move(
            name="decline_erasure",
            path="decline-erasure",
            label=N_("Decline the erasure"),
            fields=(reason("decline_erasure"),),
        ),
    ),
)
APPOINTMENT = Noun(
    path="/appointments",
    api="/v1/appointments",
    record="people/appointment_head.html",
    moves=(
        Move(
            name="approve",
            path="approve",
            label=N_("Approve the appointment"),
            fields=(),
            explains=N_("Compare it with the letter before. It is in force from its first day."),
            asks_sign_in=True,
        ),
        Move(
            name="refuse",
            path="refuse",
            label=N_("Refuse the appointment"),
            fields=(reason("refuse_appointment"),),
        ),
        Move(name="withdraw", path="withdraw", label=N_("Take the proposal back"), fields=()),
        Move(
            name="end",
            path="end",
            label=N_("End the appointment"),
            fields=(reason("end_appointment"),),
            explains=N_("It ends immediately, in all parts of the platform."),
            warns=True,
            asks_sign_in=True,
        ),
    ),
)
