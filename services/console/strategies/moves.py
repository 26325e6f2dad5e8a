"""The moves of a strategy."""

from services.console.moves.model import Move, Noun
from services.console.translations import N_

REVISE, NEW_POINT = "/revise", "/action-points/new"
STRATEGY = Noun(
    path="/strategies",
    api="/v1/strategies",
    record="strategies/head.html",
    moves=(
        Move(
            name="add_action_point",
            path="action-points",
            label=N_("Add a milestone or an evaluation"),
            elsewhere=NEW_POINT,
        ),
        Move(name="revise_strategy", path="", method="PUT", label=N_("Revise the strategy"), elsewhere=REVISE),
        Move(
            name="conclude_strategy",
            path="conclude",
            label=N_("Conclude the strategy"),
            explains=N_("All its milestones and evaluations have to be verified or dropped."),
        ),
        Move(name="reopen_strategy", path="reopen", label=N_("Reopen it")),
    ),
)
