"""Activities that a fund pays for without a request, on pages."""

from services.console.fields import Field
from services.console.moves.model import Entered, Listed, Move, Noun, Shown, reason
from services.console.pledges.moves import day
from services.console.translations import N_, P_

KIND = Shown(field="activity_kind", kind="code", of="activity_kinds")
FUND = Shown(label=N_("Fund"), field="fund", kind="fund")
WHEN = Shown(label=N_("When"), field="starts_on ends_on", kind="period")
ALLOCATED = Shown(label=N_("Allocated"), field="allocated_usd_minor", kind="usd")
SPENT = Shown(label=N_("Spent"), field="spent_usd_minor", kind="usd")
PARTICIPANTS = Shown(label=N_("Participants"), field="participants", kind="number")
ACTIVITIES = Noun(
    path="/activities",
    api="/v1/activities",
    key="activity_id",
    items="activities",
    title=N_("Activities"),
    caption=(KIND, FUND),
    heading=(Shown(field="title", kind="words"),),
    beneath=(FUND, WHEN),
    status="activity_status",
    reasons="cancel_activity",
    beside="more/activity_links.html",
    more="more/activity_allocations.html",
    listed=Listed(
        caption=N_("Activities, the last planned first"),
        columns=(
            Shown(label=N_("Activity"), field="title", kind="words"),
            FUND,
            WHEN,
            ALLOCATED,
            SPENT,
            PARTICIPANTS,
        ),
        beneath=KIND,
        parameters=("fund", "status"),
        none=N_("No activity is planned yet."),
        none_found=N_("No activity is planned yet."),
    ),
    rows=(
        WHEN,
        Shown(label=N_("Topics"), field="topics", kind="codes", of="topics"),
        Shown(label=N_("Pillars"), field="pillars", kind="codes", of="pillars"),
        ALLOCATED,
        SPENT,
        Shown(label=N_("Took place on"), field="completed_on", kind="day"),
        PARTICIPANTS,
    ),
    entered=Entered(
        button=N_("Plan an activity"),
        heading=N_("Plan an activity"),
        fields=(
            Field(name="fund", label=N_("Fund"), kind="choice", options="funds"),
            Field(name="activity_kind", label=N_("Kind of activity"), kind="choice", options="activity_kinds"),
            Field(
                name="title",
                label=N_("Title"),
                hint=N_("It is published with the fund: it must name no person or case."),
            ),
            Field(name="language", label=N_("Language of the title"), kind="choice", options="text_languages"),
            Field(name="starts_on", label=N_("First day"), kind="date"),
            Field(name="ends_on", label=N_("Last day"), kind="date"),
        ),
        roles=frozenset({"coordinator", "finance_officer"}),
    ),
    moves=(
        Move(
            name="complete_activity",
            path="complete",
            label=N_("It took place"),
            fields=(
                Field(name="participants", label=N_("Number of participants"), kind="number", required=False),
                day("completed_on", N_("Last day")),
            ),
            explains=N_("No more money can be allocated to it; what is allocated can still be spent."),
            done="saved",
        ),
        Move(
            name="cancel_activity",
            path="cancel",
            label=N_("Cancel the activity"),
            fields=(reason("cancel_activity"),),
            explains=N_("Give back first what was allocated to it and not spent."),
            warns=True,
            done="saved",
        ),
    ),
    labels={
        "activity_status": {
            "planned": P_("activity", "Planned"),
            "completed": P_("activity", "Completed"),
            "cancelled": P_("activity", "Cancelled"),
        },
    },
)
