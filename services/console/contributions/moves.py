"""The moves of a contribution in kind."""

from msgspec.structs import replace

from services.console.fields import WORDS_MAX, Field
from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

DESCRIPTION = Field(
    name="description",
    label=N_("Description"),
    kind="words",
    required=False,
    max_length=WORDS_MAX,
    empty="",
    hint=N_("What you give, in a few sentences. Name no person."),
)

CONTRIBUTION = Noun(
    path="/contributions",
    api="/v1/in-kind-contributions",
    record="contributions/head.html",
    moves=(
        Move(
            name="acknowledge_in_kind",
            path="acknowledge",
            label=N_("Acknowledge"),
            fields=(),
            explains=N_("It has been provided, and counts in what the fund was given in kind."),
            done="acknowledged",
        ),
        Move(
            name="reword_in_kind",
            path="reword",
            label=N_("Change the description"),
            fields=(replace(DESCRIPTION, required=True),),
            explains=N_("The old description is deleted everywhere."),
            done="saved",
        ),
        Move(
            name="withdraw_in_kind",
            path="withdraw",
            label=N_("Withdraw"),
            fields=(),
            explains=N_("Only before UNODC acknowledges it."),
            warns=True,
            done="sent",
        ),
        Move(
            name="strike_in_kind",
            path="strike",
            label=N_("Strike out"),
            fields=(reason("strike_in_kind"),),
            explains=N_("It stays in the list, and no longer counts."),
            warns=True,
            done="sent",
        ),
    ),
)
