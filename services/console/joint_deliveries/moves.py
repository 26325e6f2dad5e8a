"""The moves of a joint delivery."""

from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

JOINT_DELIVERY = Noun(
    path="/joint-deliveries",
    api="/v1/joint-deliveries",
    record="joint_deliveries/head.html",
    moves=(
        Move(
            name="confirm",
            path="confirm",
            label=N_("Confirm for all States"),
            explains=N_("You confirm all matches of it together. Your capacity is taken once."),
            done="accepted",
        ),
        Move(
            name="withdraw",
            path="withdraw",
            label=N_("Withdraw the joint delivery"),
            fields=(reason("not_pursue"), COMMENT),
            explains=N_("Every match of it that is not confirmed ends."),
            warns=True,
        ),
    ),
)
