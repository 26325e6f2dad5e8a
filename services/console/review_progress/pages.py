"""Review progress: what States record voluntarily, the page of each record, the table for the Conference."""

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.params import FromPath

from contracts import reference
from services.console.deliveries.words import PROGRESS
from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Form, Sent, filled, form_routes, send, show, text_languages
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.review_progress.moves import REVIEW_PROGRESS
from services.console.translations import N_

LIST_LENGTH = 25
OF_STATE = frozenset({"focal_point", "official"})
FILTERS = ("state", "cluster")
CLUSTER = Field(name="cluster", label=N_("Cluster of the review"), kind="choice", options="clusters")
FIELDS = (
    Field(name="progress", label=N_("How far it is addressed"), kind="choice", options=tuple(PROGRESS.items())),
    Field(
        name="text",
        label=N_("Text"),
        kind="words",
        max_length=10_000,
        rows=8,
        required=False,
        empty="",
        hint=N_("Name no person."),
    ),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
)
NEW = "/{language:str}/review-progress/new"
ONE = "/{language:str}/review-progress/{review_progress_id:str}"
API = "/v1/review-progress"


@get("/{language:str}/review-progress")
async def list_progress(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get(API, **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("review_progress/list.html", found=found, query=query, records=page.signed_in.role in OF_STATE)


@get("/{language:str}/review-progress/table")
async def show_table(page: CurrentPage) -> Response[bytes]:
    """Show the table of the States that agree at this moment."""
    return page.render("review_progress/table.html", table=await page.api.get(f"{API}/table"))


@get(NEW)
async def new_record(page: CurrentPage) -> Response[bytes]:
    return await _new(page, NOTHING)


@post(NEW, status_code=303)
async def record_progress(page: CurrentPage) -> Response[bytes]:
    own = {"state": page.signed_in.organization}
    sent = await send(page, "POST", API, (CLUSTER, *FIELDS), body_of=lambda body: {**body, **own})
    if sent.record is None:
        return await _new(page, sent)
    return page.redirect(f"/review-progress/{sent.record['review_progress_id']}", done="saved")


@get(ONE)
async def show_progress(page: CurrentPage, review_progress_id: FromPath[str]) -> Response[bytes]:
    record = await page.api.get(f"{API}/{review_progress_id}")
    moves = REVIEW_PROGRESS.open_to(record, page.signed_in.role)
    return page.render("review_progress/show.html", record=record, moves=moves)


async def _new(page: Page, sent: Sent) -> Response[bytes]:
    state = page.signed_in.organization
    found = await page.api.get(API, state=state) if page.signed_in.role in OF_STATE else {"review_progress": ()}
    clusters = _left([one["cluster"] for one in found["review_progress"]], page.language)
    form = Form(
        heading=N_("Record our progress"),
        back="/review-progress",
        groups=(("", (CLUSTER, *filled(FIELDS, {"language": page.language}))),),
        explains=N_("It is voluntary. Your State and UNODC read it, and others once your focal point agrees."),
        given={**text_languages(), "clusters": clusters},
        is_open=page.signed_in.role in OF_STATE and bool(clusters),
    )
    return show(page, form, sent)


def _left(recorded: Sequence[str], language: str) -> Sequence[Option]:
    """Return the clusters of which the State has recorded nothing."""
    clusters = reference.review_clusters().values()
    return [Option(one.code, one.label(language)) for one in clusters if one.code not in recorded]


ROUTES = (
    list_progress,
    show_table,
    new_record,
    record_progress,
    show_progress,
    *form_routes(
        REVIEW_PROGRESS,
        "revise_review_progress",
        FIELDS,
        explains=N_("If your State has agreed, the table shows it at once. What was taken back needs a new consent."),
    ),
    *routes_of(REVIEW_PROGRESS),
)
