"""The moves of a package."""

from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

PACKAGE = Noun(
    path="/packages",
    api="/v1/packages",
    record="packages/head.html",
    moves=(
        Move(
            name="agree",
            path="agree",
            label=N_("Agree"),
            fields=(),
            explains=N_("The package is confirmed once all four parties have agreed."),
            done="accepted",
        ),
        Move(
            name="decline",
            path="decline",
            label=N_("Decline"),
            fields=(reason("decline_package"), COMMENT),
            warns=True,
        ),
        Move(
            name="withdraw",
            path="withdraw",
            label=N_("Withdraw the package"),
            fields=(reason("withdraw_package"), COMMENT),
            warns=True,
        ),
    ),
)
