"""The table of review progress for the Conference, and the form in which a State records a cluster."""

from collections.abc import Sequence

from litestar import Response, get, post

from contracts import reference
from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show, text_languages
from services.console.moves.records import routes_of
from services.console.page import CurrentPage, Page
from services.console.review_progress.model import FIELDS, OF_STATE, REVIEW_PROGRESS
from services.console.translations import N_

CLUSTER = Field(name="cluster", label=N_("Cluster of the review"), kind="choice", options="clusters")
NEW = "/{language:str}/review-progress/new"
API = "/v1/review-progress"


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


ROUTES = (show_table, new_record, record_progress, *routes_of(REVIEW_PROGRESS))
