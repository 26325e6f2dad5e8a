"""The outreach plan: what makes SHERLOC known, to whom, and how many people it is to reach and reached."""

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.deliveries.action_point_pages import text_languages
from services.console.fields import Field
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show
from services.console.moves.pages import routes_of
from services.console.outreach.moves import OUTREACH, REVISE
from services.console.outreach.words import OUTREACH_AUDIENCE, OUTREACH_KIND, OUTREACH_STATUS
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
PLANNED_BY = "coordinator"
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
NEW = "/{language:str}/outreach/new"
ONE = "/{language:str}/outreach/{outreach_activity_id:str}"
API = "/v1/outreach-activities"


@get("/{language:str}/outreach")
async def list_outreach(page: CurrentPage) -> Response[bytes]:
    """Newest first."""
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get(API, **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "outreach/list.html",
        found=found,
        query=query,
        statuses=list(OUTREACH_STATUS),
        audiences=list(OUTREACH_AUDIENCE),
        plans=page.signed_in.role == PLANNED_BY,
    )


@get(NEW)
async def new_activity(page: CurrentPage) -> Response[bytes]:
    return _new(page, NOTHING)


@post(NEW, status_code=303)
async def plan_activity(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", API, FIELDS)
    if sent.record is None:
        return _new(page, sent)
    return page.redirect(f"/outreach/{sent.record['outreach_activity_id']}", done="saved")


@get(ONE)
async def show_activity(page: CurrentPage, outreach_activity_id: FromPath[str]) -> Response[bytes]:
    """With its reach against the target."""
    activity = await page.api.get(f"{API}/{outreach_activity_id}")
    moves = OUTREACH.open_to(activity, page.signed_in.role)
    return page.render("outreach/show.html", record=activity, moves=moves)


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, outreach_activity_id: FromPath[str]) -> Response[bytes]:
    """The form, with what was stated last."""
    return await _again(page, outreach_activity_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_activity(page: CurrentPage, outreach_activity_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"{API}/{outreach_activity_id}/revise", FIELDS)
    if sent.record is None:
        return await _again(page, outreach_activity_id, sent)
    return page.redirect(f"/outreach/{outreach_activity_id}", done="saved")


def _new(page: Page, sent: Sent) -> Response[bytes]:
    form = Form(
        heading=N_("Plan an outreach activity"),
        back="/outreach",
        groups=(("", filled(FIELDS, {"language": page.language, "languages": [page.language]})),),
        given=text_languages(),
        is_open=page.signed_in.role == PLANNED_BY,
    )
    return show(page, form, sent)


async def _again(page: Page, outreach_activity_id: str, sent: Sent) -> Response[bytes]:
    activity = await page.api.get(f"{API}/{outreach_activity_id}")
    form = Form(
        heading=N_("Revise the outreach activity"),
        back=f"/outreach/{outreach_activity_id}",
        groups=(("", filled(FIELDS, activity)),),
        record=activity,
        head="outreach/head.html",
        revision=activity["revision"],
        given=text_languages(),
        is_open="revise_outreach_activity" in activity["moves"],
    )
    return show(page, form, sent)


ROUTES = (
    list_outreach,
    new_activity,
    plan_activity,
    show_activity,
    show_revision,
    revise_activity,
    *routes_of(OUTREACH),
)
