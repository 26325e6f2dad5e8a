"""The moves of an extension of the portal."""

from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

REVISE, NOTE = "/revise", "/note"
DONORS_NOTIFIED = N_("Donors who earmarked a pledge to it are notified.")
EXTENSION = Noun(
    path="/extensions",
    api="/v1/extensions",
    record="extensions/head.html",
    moves=(
        Move(
            name="vote_for_extension",
            path="vote",
            label=N_("Vote for the extension"),
            fields=(),
            explains=N_("It is the one vote of your State, which everybody who signs in here reads."),
            done="saved",
        ),
        Move(name="plan_extension", path="plan", label=N_("Plan the extension"), fields=(), explains=DONORS_NOTIFIED),
        Move(
            name="begin_extension",
            path="begin",
            label=N_("Begin to build the extension"),
            fields=(),
            explains=DONORS_NOTIFIED,
        ),
        Move(
            name="release_extension",
            path="release",
            label=N_("Release the extension"),
            fields=(),
            explains=DONORS_NOTIFIED,
        ),
        Move(name="note_progress", path="note", label=N_("Note progress"), elsewhere=NOTE),
        Move(name="revise_extension", path="revise", label=N_("Revise the extension"), elsewhere=REVISE),
        Move(
            name="withdraw_vote",
            path="withdraw-vote",
            label=N_("Withdraw our vote"),
            fields=(),
            explains=N_("Your State can vote for it again."),
            warns=True,
            done="saved",
        ),
        Move(
            name="drop_extension",
            path="drop",
            label=N_("Drop the extension"),
            fields=(reason("drop_extension"),),
            explains=DONORS_NOTIFIED,
            warns=True,
        ),
    ),
)
