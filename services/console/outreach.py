"""The outreach plan on pages: activities that make SHERLOC known, and their reach beside the target."""

from services.console.fields import Field
from services.console.moves.model import Entered, Filter, Listed, Move, Noun, Shown, reason
from services.console.translations import N_, P_

FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="text", label=N_("Text"), kind="words", max_length=10_000, required=False, empty=""),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(name="audience", label=N_("Whom it is for"), kind="choice", options="outreach_audience"),
    Field(name="outreach_kind", label=N_("What it is"), kind="choice", options="outreach_kind"),
    Field(name="starts", label=N_("First day"), kind="date"),
    Field(name="ends", label=N_("Last day"), kind="date"),
    Field(name="languages", label=N_("Languages it is held in"), kind="choices", options="text_languages"),
    Field(name="budget", label=N_("Budget"), kind="money"),
    Field(name="reach_target", label=N_("How many people it is to reach"), kind="number"),
)
AUDIENCE = Shown(label=N_("Whom it is for"), field="audience", kind="label", of="outreach_audience")
KIND = Shown(field="outreach_kind", kind="label", of="outreach_kind")
DAYS = Shown(label=N_("Days"), field="starts ends", kind="period")
OUTREACH = Noun(
    path="/outreach",
    api="/v1/outreach-activities",
    key="outreach_activity_id",
    items="outreach_activities",
    title=N_("Outreach plan of SHERLOC"),
    caption=(KIND,),
    heading=(Shown(field="title", kind="words"),),
    beneath=(AUDIENCE, DAYS),
    status="outreach_status",
    reasons="cancel_outreach_activity",
    listed=Listed(
        caption=N_("Outreach activities, newest first"),
        columns=(
            Shown(label=N_("Title"), field="title", kind="words"),
            AUDIENCE,
            DAYS,
            Shown(label=N_("Languages"), field="languages", kind="codes", of="languages"),
            Shown(label=N_("Target"), field="reach_target", kind="number"),
            Shown(label=N_("Reached"), field="reach", kind="number"),
        ),
        beneath=KIND,
        filters=(
            Filter(name="audience", label=N_("Whom it is for"), of="outreach_audience"),
            Filter(name="status", label=N_("Status"), of="outreach_status"),
        ),
        none=N_("No outreach activity is planned yet."),
        none_found=N_("No outreach activity fits these filters."),
    ),
    rows=(
        Shown(label=N_("Text"), field="text", kind="words"),
        AUDIENCE,
        DAYS,
        Shown(label=N_("Languages it is held in"), field="languages", kind="codes", of="languages"),
        Shown(label=N_("Budget"), field="budget", kind="money"),
        Shown(label=N_("How many people it is to reach"), field="reach_target", kind="number"),
        Shown(label=N_("How many people it reached"), field="reach reach_target", kind="share"),
    ),
    entered=Entered(
        button=N_("Plan an outreach activity"),
        heading=N_("Plan an outreach activity"),
        fields=FIELDS,
        roles=frozenset({"coordinator"}),
        first=lambda language: {"language": language, "languages": [language]},
    ),
    moves=(
        Move(
            name="hold_outreach_activity",
            path="hold",
            label=N_("The activity was held"),
            fields=(Field(name="reach", label=N_("How many people it reached"), kind="number"),),
            explains=N_("From its first day on. It cannot be revised afterwards."),
            done="saved",
        ),
        Move(
            name="revise_outreach_activity",
            path="revise",
            label=N_("Revise the outreach activity"),
            fields=FIELDS,
            elsewhere="/revise",
            form="revises",
        ),
        Move(
            name="cancel_outreach_activity",
            path="cancel",
            label=N_("Cancel the activity"),
            fields=(reason("cancel_outreach_activity"),),
            warns=True,
            done="saved",
        ),
    ),
    labels={
        "outreach_status": {
            "planned": P_("outreach", "Planned"),
            "held": P_("outreach", "Held"),
            "cancelled": P_("outreach", "Cancelled"),
        },
        "outreach_audience": {
            "judges_and_prosecutors": N_("Judges and prosecutors"),
            "law_enforcement": N_("Law enforcement"),
            "central_authorities": N_("Central authorities"),
            "legislators": N_("Legislators"),
            "defence_lawyers": N_("Defence lawyers"),
            "academia": N_("Academia"),
            "civil_society": N_("Civil society"),
            "private_sector": N_("The private sector"),
            "general_public": N_("The general public"),
        },
        "outreach_kind": {
            "briefing": N_("Briefing"),
            "webinar": N_("Webinar"),
            "side_event": N_("Side event"),
            "publication": P_("outreach", "Publication"),
            "social_media": N_("Social media"),
            "university_visit": N_("Visit to a university"),
            "other": P_("outreach", "Other"),
        },
    },
)
