"""The moves of an outreach activity."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

REVISE = "/revise"
OUTREACH = Noun(
    path="/outreach",
    api="/v1/outreach-activities",
    record="outreach/head.html",
    moves=(
        Move(
            name="hold_outreach_activity",
            path="hold",
            label=N_("The activity was held"),
            fields=(Field(name="reach", label=N_("How many people it reached"), kind="number"),),
            explains=N_("From its first day on. It cannot be revised afterwards."),
            done="saved",
        ),
        Move(
            name="revise_outreach_activity", path="revise", label=N_("Revise the outreach activity"), elsewhere=REVISE
        ),
        Move(
            name="cancel_outreach_activity",
            path="cancel",
            label=N_("Cancel the activity"),
            fields=(reason("cancel_outreach_activity"),),
            warns=True,
            done="saved",
        ),
    ),
)
