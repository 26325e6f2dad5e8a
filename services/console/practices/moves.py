"""The moves of a practice, a challenge or a tool."""

from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

REVISE = "/revise"
PRACTICE = Noun(
    path="/practices",
    api="/v1/practices",
    record="practices/head.html",
    moves=(
        Move(
            name="submit_practice",
            path="submit",
            label=N_("Submit it for the catalogue"),
            explains=N_("A coordinator reads it. It needs an article or a topic, so that others find it."),
        ),
        Move(name="revise_practice", path="revise", label=N_("Revise it"), elsewhere=REVISE),
        Move(
            name="catalogue_practice",
            path="catalogue",
            label=N_("Put it into the catalogue"),
            explains=N_("From then on all States, providers and donors read it."),
        ),
        Move(
            name="return_practice",
            path="return",
            label=N_("Return it to its author"),
            fields=(reason("return_practice"), COMMENT),
            explains=N_("The author reads the reason and the comment."),
        ),
        Move(name="add_use", path="add-use", label=N_("Say that a delivery used it"), elsewhere="/use/add-use"),
        Move(
            name="remove_use",
            path="remove-use",
            label=N_("A delivery did not use it"),
            warns=True,
            elsewhere="/use/remove-use",
        ),
        Move(
            name="withdraw_practice",
            path="withdraw",
            label=N_("Withdraw it"),
            fields=(),
            explains=N_("Its texts are deleted, and others do not find it any more."),
            warns=True,
            done="saved",
        ),
    ),
)
