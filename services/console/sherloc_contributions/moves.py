"""The moves of a contribution to SHERLOC."""

from services.console.fields import Field
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

CONTRIBUTION = Noun(
    path="/sherloc/contributions",
    api="/v1/contributions",
    record="sherloc_contributions/head.html",
    moves=(
        Move(
            name="submit_contribution",
            path="submit",
            label=N_("Submit to UNODC"),
            explains=N_("A coordinator checks whether it is complete, may be published and has no personal data."),
        ),
        Move(
            name="accept_contribution",
            path="accept",
            label=N_("Accept the contribution"),
            fields=(
                Field(name="complete", label=N_("It is complete"), kind="yes"),
                Field(name="rights_checked", label=N_("It may be published"), kind="yes"),
                Field(name="no_personal_data", label=N_("It has no personal data"), kind="yes"),
                COMMENT,
            ),
            explains=N_("Read the whole text: the screen misses names without a title before them."),
        ),
        Move(
            name="publish_contribution",
            path="publish",
            label=N_("Publish on SHERLOC"),
            fields=(
                Field(name="portal_address", label=N_("Address of its page on SHERLOC"), max_length=500),
                COMMENT,
            ),
            explains=N_("Every appointment sees it from then on, and the portal is handed it over."),
        ),
        Move(
            name="clear_marks",
            path="clear-marks",
            label=N_("Say that the marks are no personal data"),
            explains=N_("Read each marked passage first. A revision is marked again."),
            done="saved",
        ),
        Move(
            name="revise_contribution",
            path="edit",
            label=N_("Revise the contribution"),
            elsewhere="/edit",
        ),
        Move(
            name="return_contribution",
            path="return",
            label=N_("Return to the State"),
            fields=(reason("return_contribution"), COMMENT),
            explains=N_("The State revises it and submits it again."),
            warns=True,
        ),
        Move(
            name="supersede_contribution",
            path="supersede",
            label=N_("Put a newer one in its place"),
            fields=(
                Field(
                    name="superseded_by",
                    label=N_("Id of the newer contribution"),
                    hint=N_("Of the same State and kind, published. The id is the end of the address of its page."),
                ),
                COMMENT,
            ),
            warns=True,
        ),
        Move(
            name="withdraw_contribution",
            path="withdraw",
            label=N_("Withdraw the contribution"),
            fields=(),
            explains=N_("Its texts are deleted, and the portal is asked to remove it."),
            warns=True,
        ),
    ),
)
