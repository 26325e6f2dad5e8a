"""The moves of a yearly report."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun
from services.console.translations import N_

AS_OF = Field(name="as_of", label=N_("Figures as of"), kind="date", hint=N_("A day of the year of the report"))
REPORT = Noun(
    path="/reports",
    api="/v1/reports",
    record="reports/head.html",
    moves=(
        Move(
            name="issue_report",
            path="issue",
            label=N_("Issue the report"),
            fields=(),
            explains=N_("Its figures and texts do not change any more. The version that is valid now is superseded."),
            warns=True,
            done="saved",
        ),
        Move(
            name="revise_report",
            path="refresh",
            label=N_("Draw the figures again"),
            fields=(AS_OF,),
            explains=N_("The texts stay as they are."),
            done="saved",
        ),
    ),
)
