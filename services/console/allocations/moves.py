"""The moves of an allocation."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun
from services.console.pledges.moves import day
from services.console.translations import N_

ALLOCATION = Noun(
    path="/allocations",
    api="/v1/allocations",
    record="allocations/head.html",
    moves=(
        Move(
            name="spend",
            path="spend",
            label=N_("Record what was spent"),
            fields=(
                Field(name="money", label=N_("Amount in US dollars"), kind="money"),
                Field(
                    name="how",
                    label=N_("How"),
                    kind="choice",
                    options=(
                        ("expenditure", N_("Spent by UNODC")),
                        ("disbursement", N_("Paid to the provider")),
                    ),
                    value="expenditure",
                ),
                day("spent_on", N_("Day")),
            ),
            done="spent",
        ),
        Move(
            name="give_back",
            path="return",
            label=N_("Give back what is left"),
            fields=(day("returned_on", N_("Day")),),
            explains=N_("What is not spent is available in the fund again; what is spent stays spent."),
            done="given_back",
        ),
    ),
)
