"""The moves of an activity that a fund pays for."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun, reason
from services.console.pledges.moves import day
from services.console.translations import N_

ACTIVITY = Noun(
    path="/activities",
    api="/v1/activities",
    record="activities/head.html",
    moves=(
        Move(
            name="complete_activity",
            path="complete",
            label=N_("It took place"),
            fields=(
                Field(name="participants", label=N_("Number of participants"), kind="number", required=False),
                day("completed_on", N_("Last day")),
            ),
            explains=N_("No more money can be allocated to it; what is allocated can still be spent."),
            done="saved",
        ),
        Move(
            name="cancel_activity",
            path="cancel",
            label=N_("Cancel the activity"),
            fields=(reason("cancel_activity"),),
            explains=N_("Give back first what was allocated to it and not spent."),
            warns=True,
            done="saved",
        ),
    ),
)
