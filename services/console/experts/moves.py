"""The moves of an expert of one's own roster."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun
from services.console.translations import N_

REVISE = "/revise"
EXPERT = Noun(
    path="/experts",
    api="/v1/experts",
    record="experts/head.html",
    moves=(
        Move(
            name="record_consent",
            path="consent",
            label=N_("Record the expert's consent"),
            fields=(Field(name="consented_on", label=N_("Day of the consent"), kind="date"),),
            explains=N_("From then on UNODC sees the expert, and so do the States whom the expert trains."),
            done="saved",
        ),
        Move(name="revise_expert", path="revise", label=N_("Revise the entry"), elsewhere=REVISE),
        Move(
            name="withdraw_expert",
            path="withdraw",
            label=N_("Withdraw the expert"),
            fields=(),
            explains=N_("Name, biography, email address and sex are deleted."),
            warns=True,
            done="saved",
        ),
    ),
)
