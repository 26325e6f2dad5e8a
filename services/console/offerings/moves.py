"""The moves of an offering."""

from services.console.fields import Field
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.offerings.steps import STEPS
from services.console.translations import N_

OFFERING = Noun(
    path="/offerings",
    api="/v1/offerings",
    record="offerings/head.html",
    places={
        field.name: (field.label, f"/edit/{step.path}?return=check#f-{field.name}")
        for step in STEPS
        for field in step.named
    },
    moves=(
        Move(
            name="submit",
            path="submit",
            label=N_("Submit for approval"),
            explains=N_("A coordinator of UNODC decides on it. You will be notified."),
            done="offering_submitted",
            elsewhere="/check",
        ),
        Move(
            name="approve",
            path="approve",
            label=N_("Approve"),
            explains=N_("From then on all who use the platform may see it, and it is matched with requests."),
        ),
        Move(name="return", path="return", label=N_("Return to the provider"), fields=(reason("return"), COMMENT)),
        Move(name="revise", path="edit", label=N_("Edit"), fields=(), elsewhere="/check"),
        Move(
            name="suspend",
            path="suspend",
            label=N_("Suspend"),
            explains=N_("It gets no new matches until it is resumed. What is agreed already stays as it is."),
        ),
        Move(
            name="resume",
            path="resume",
            label=N_("Resume"),
            explains=N_("It is available and matched again."),
        ),
        Move(
            name="reconfirm",
            path="reconfirm",
            label=N_("Reconfirm"),
            explains=N_(
                "You confirm that the offering still stands. An offering that is not reconfirmed in time lapses."
            ),
            fields=(
                Field(
                    name="valid_until",
                    label=N_("New last day of validity"),
                    kind="date",
                    required=False,
                    hint=N_("Leave it empty to keep it; if it ends within 30 days, it is extended by a year."),
                ),
                COMMENT,
            ),
        ),
        Move(name="publish", path="publish", label=N_("Publish in the catalogue"), elsewhere="/publication"),
        Move(
            name="unpublish",
            path="unpublish",
            label=N_("Take out of the catalogue"),
            fields=(),
            explains=N_("The public text is deleted. The offering itself stays as it is."),
        ),
        Move(
            name="withdraw",
            path="withdraw",
            label=N_("Withdraw"),
            explains=N_("This is for good. Matches that are not confirmed end."),
            warns=True,
        ),
    ),
)
