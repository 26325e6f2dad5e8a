"""What can be done with a record of the register of legislation."""

from services.console.fields import Field
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

REVISE = "/revise"
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
