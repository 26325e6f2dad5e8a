"""The outreach plan: activities that make SHERLOC known, their audiences, and their reach beside the target."""

from litestar import Response, get
from litestar.params import FromPath

from services.console.fields import Field
from services.console.moves.forms import entry_routes, form_routes
from services.console.moves.pages import routes_of
from services.console.outreach.moves import OUTREACH
from services.console.outreach.words import OUTREACH_AUDIENCE, OUTREACH_KIND, OUTREACH_STATUS
from services.console.page import CurrentPage
from services.console.translations import N_

LIST_LENGTH = 25
PLANNED_BY = frozenset({"coordinator"})
FILTERS = ("status", "audience")
FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="text", label=N_("Text"), kind="words", max_length=10_000, required=False, empty=""),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(name="audience", label=N_("Whom it is for"), kind="choice", options=tuple(OUTREACH_AUDIENCE.items())),
    Field(name="outreach_kind", label=N_("What it is"), kind="choice", options=tuple(OUTREACH_KIND.items())),
    Field(name="starts", label=N_("First day"), kind="date"),
    Field(name="ends", label=N_("Last day"), kind="date"),
    Field(name="languages", label=N_("Languages it is held in"), kind="choices", options="text_languages"),
    Field(name="budget", label=N_("Budget"), kind="money"),
    Field(name="reach_target", label=N_("How many people it is to reach"), kind="number"),
)
ONE = "/{language:str}/outreach/{outreach_activity_id:str}"
API = "/v1/outreach-activities"


@get("/{language:str}/outreach")
async def list_outreach(page: CurrentPage) -> Response[bytes]:
    """List the outreach activities, newest first."""
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get(API, **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "outreach/list.html",
        found=found,
        query=query,
        statuses=list(OUTREACH_STATUS),
        audiences=list(OUTREACH_AUDIENCE),
        plans=page.signed_in.role in PLANNED_BY,
    )


@get(ONE)
async def show_activity(page: CurrentPage, outreach_activity_id: FromPath[str]) -> Response[bytes]:
    """Show an outreach activity, with its reach beside the target."""
    activity = await page.api.get(f"{API}/{outreach_activity_id}")
    moves = OUTREACH.open_to(activity, page.signed_in.role)
    return page.render("outreach/show.html", record=activity, moves=moves)


ROUTES = (
    list_outreach,
    show_activity,
    *entry_routes(
        OUTREACH,
        "outreach_activity_id",
        FIELDS,
        heading=N_("Plan an outreach activity"),
        roles=PLANNED_BY,
        first=lambda page: {"language": page.language, "languages": [page.language]},
    ),
    *form_routes(OUTREACH, "revise_outreach_activity", FIELDS),
    *routes_of(OUTREACH),
)
