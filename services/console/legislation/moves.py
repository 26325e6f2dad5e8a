"""The moves of a record of the register of legislation, of a yearly check of it, and of a proposal for it."""

from services.console.fields import Field
from services.console.legislation.words import CHECK_RESULT
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

REVISE, ACCEPT = "/revise", "/accept"
LEGISLATION = Noun(
    path="/legislation",
    api="/v1/legislation",
    record="legislation/head.html",
    moves=(
        Move(
            name="submit_legislation",
            path="submit",
            label=N_("Submit the law for SHERLOC"),
            explains=N_("A coordinator reviews it. It needs a title, the day in force, and a gazette or an address."),
        ),
        Move(
            name="confirm_unchanged",
            path="confirm-unchanged",
            label=N_("Nothing has changed"),
            explains=N_("Your State verifies by this that what is recorded is still so."),
        ),
        Move(name="revise_legislation", path="revise", label=N_("Here is what has changed"), elsewhere=REVISE),
        Move(name="review_legislation", path="review", label=N_("Begin the review")),
        Move(
            name="publish_legislation",
            path="publish",
            label=N_("Publish it on SHERLOC"),
            fields=(Field(name="portal_address", label=N_("Page of SHERLOC"), max_length=500), COMMENT),
            explains=N_("From then on everybody who signs in here reads it."),
        ),
        Move(name="verify_legislation", path="verify", label=N_("Verify that it is the law in force")),
        Move(
            name="return_legislation",
            path="return",
            label=N_("Return it to the State"),
            fields=(reason("return_legislation"), COMMENT),
            explains=N_("The State reads the reason and the comment."),
        ),
        Move(
            name="mark_outdated",
            path="mark-outdated",
            label=N_("Mark it as outdated"),
            explains=N_("The State is notified, and others do not read it until it is published again."),
            warns=True,
        ),
    ),
)
CHECK = Noun(
    path="/legislation/checks",
    api="/v1/legislation/checks",
    record="legislation/check_head.html",
    moves=(
        Move(
            name="answer_check",
            path="answer",
            label=N_("Answer the yearly check"),
            fields=(
                Field(
                    name="result",
                    label=N_("Has your State’s law on SHERLOC changed?"),
                    kind="choice",
                    options=tuple(CHECK_RESULT.items()),
                ),
            ),
            explains=N_(
                "If nothing has changed, all that is published of your State is confirmed as the law in force today. If"
                " something has changed, enter it in the register afterwards."
            ),
            done="saved",
        ),
    ),
)
PROPOSAL = Noun(
    path="/legislation/proposals",
    api="/v1/legislation/proposals",
    record="legislation/proposal_head.html",
    moves=(
        Move(name="accept_proposal", path="accept", label=N_("Record the law"), elsewhere=ACCEPT),
        Move(
            name="drop_proposal",
            path="drop",
            label=N_("Drop the proposal"),
            fields=(reason("drop_proposal"),),
            explains=N_("Nothing is recorded. UNODC reads the reason."),
            warns=True,
            done="saved",
        ),
    ),
)
