"""Contributions in kind on pages."""

from msgspec.structs import replace

from services.console.fields import WORDS_MAX, Field
from services.console.moves.model import Entered, Listed, Move, Noun, Shown, reason
from services.console.translations import N_, P_

DESCRIPTION = Field(
    name="description",
    label=N_("Description"),
    kind="words",
    required=False,
    max_length=WORDS_MAX,
    empty="",
    hint=N_("What you give, in a few sentences. Name no person."),
)
FORM = Shown(label=N_("What is given"), field="form", kind="code", of="in_kind_forms")
DONOR = Shown(label=N_("Donor"), field="donor", kind="organization")
FUND = Shown(label=N_("Fund"), field="fund", kind="fund")
VALUE = Shown(label=N_("Its value"), field="money", kind="money")
PROVIDED = Shown(label=N_("Provided on"), field="provided_on", kind="day")
SAID = Shown(label=N_("Description"), field="description")
CONTRIBUTIONS = Noun(
    path="/contributions",
    api="/v1/in-kind-contributions",
    key="in_kind_contribution_id",
    items="in_kind_contributions",
    title=N_("Contributions in kind"),
    caption=(DONOR, FUND),
    heading=(FORM, VALUE),
    beneath=(SAID,),
    status="in_kind_status",
    says={"declared": N_("UNODC has to acknowledge it.")},
    reasons="strike_in_kind",
    listed=Listed(
        caption=N_("Contributions in kind, newest first"),
        columns=(FORM, DONOR, FUND, PROVIDED, VALUE),
        beneath=SAID,
        parameters=("fund", "status"),
        none=N_("There are no contributions in kind yet."),
        none_found=N_("There are no contributions in kind yet."),
    ),
    rows=(
        SAID,
        Shown(label=N_("Value in US dollars"), field="usd_minor", kind="usd"),
        PROVIDED,
        Shown(label=N_("Declared"), field="declared_at", kind="moment"),
        Shown(label=N_("Acknowledged"), field="acknowledged_at", kind="moment"),
        Shown(label=N_("Struck out or withdrawn"), field="ended_at", kind="moment"),
    ),
    entered=Entered(
        button=N_("Declare a contribution in kind"),
        heading=N_("Declare a contribution in kind"),
        explains=N_("It counts once UNODC acknowledges that it has been provided. It is no money of the fund."),
        fields=(
            Field(name="fund", label=N_("Fund"), kind="choice", options="funds"),
            Field(name="form", label=N_("What is given"), kind="choice", options="in_kind_forms"),
            Field(
                name="money",
                label=N_("Its value"),
                kind="money",
                hint=N_("What you hold it to be worth, in any currency, for example 25,000.50 and EUR."),
            ),
            Field(name="provided_on", label=N_("Provided on"), kind="date"),
            DESCRIPTION,
        ),
        roles=frozenset({"donor_officer"}),
        done="declared",
    ),
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
    labels={
        "in_kind_status": {
            "declared": P_("contribution in kind", "Declared"),
            "acknowledged": P_("contribution in kind", "Acknowledged"),
            "withdrawn": P_("contribution in kind", "Withdrawn"),
            "struck": P_("contribution in kind", "Struck out"),
        },
    },
)
