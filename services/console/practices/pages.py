"""The catalogue of practices, challenges and tools, with its search; the page of each, and its form."""

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec.structs import replace

from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show, text_languages
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.practices.moves import PRACTICE, REVISE
from services.console.practices.words import COUNTRY_REVIEW, PRACTICE_KIND, PRACTICE_STATUS
from services.console.translations import N_

LIST_LENGTH = 25
DELIVERIES_MAX = 100
AUTHORS = frozenset({"focal_point", "official", "provider_officer"})
FILTERS = ("q", "kind", "topic", "article", "state", "language", "status")
TEXTS = (
    Field(name="practice_kind", label=N_("What it is"), kind="choice", options=tuple(PRACTICE_KIND.items())),
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="text", label=N_("Text"), kind="words", max_length=10_000, rows=12),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
    Field(name="country_review", label=N_("Country review"), kind="choice", options=tuple(COUNTRY_REVIEW.items())),
    Field(name="topics", label=N_("Topics"), kind="choices", options="topics", required=False),
    Field(name="articles", label=N_("Articles of the Convention"), kind="choices", options="articles", required=False),
)
DELIVERY = Field(
    name="delivery_id",
    label=N_("Learned in this delivery"),
    kind="choice",
    options="deliveries",
    required=False,
)
USED_IN = Field(name="delivery_id", label=N_("Delivery"), kind="choice", options="deliveries")
USES = frozenset({"add-use", "remove-use"})
ONE = "/{language:str}/practices/{practice_id:str}"
USE = f"{ONE}/use/{{move:str}}"


@get("/{language:str}/practices")
async def list_practices(page: CurrentPage) -> Response[bytes]:
    """List the practices, challenges and tools found. `q` is in any of the six languages."""
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get("/v1/practices", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "practices/list.html",
        found=found,
        query=query,
        enters=page.signed_in.role in AUTHORS,
        kinds=list(PRACTICE_KIND),
        statuses=list(PRACTICE_STATUS),
    )


@get("/{language:str}/practices/new")
async def new_practice(page: CurrentPage) -> Response[bytes]:
    """Show the form. `delivery` in the address is the completed delivery in which it was learned."""
    return await _new(page, NOTHING)


@post("/{language:str}/practices/new", status_code=303)
async def enter_practice(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/practices", (*TEXTS, DELIVERY))
    if sent.record is None:
        return await _new(page, sent)
    return page.redirect(f"/practices/{sent.record['practice_id']}", done="saved")


@get(ONE)
async def show_practice(page: CurrentPage, practice_id: FromPath[str]) -> Response[bytes]:
    practice = await page.api.get(f"/v1/practices/{practice_id}")
    return page.render("practices/show.html", record=practice, moves=PRACTICE.open_to(practice, page.signed_in.role))


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, practice_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with what was stated last."""
    return await _again(page, practice_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_practice(page: CurrentPage, practice_id: FromPath[str]) -> Response[bytes]:
    # A browser does not send boxes that are not checked, but the API expects all fields.
    fields = tuple(replace(one, empty=[]) if one.kind == "choices" else one for one in TEXTS)
    sent = await send(page, "POST", f"/v1/practices/{practice_id}/revise", fields)
    if sent.record is None:
        return await _again(page, practice_id, sent)
    return page.redirect(f"/practices/{practice_id}", done="saved")


@get(USE)
async def show_use(page: CurrentPage, practice_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    return await _use(page, practice_id, move, NOTHING)


@post(USE, status_code=303)
async def send_use(page: CurrentPage, practice_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    if move not in USES:
        raise NotFoundException
    sent = await send(page, "POST", f"/v1/practices/{practice_id}/{move}", (USED_IN,))
    if sent.record is None:
        return await _use(page, practice_id, move, sent)
    return page.redirect(f"/practices/{practice_id}", done="saved")


async def _use(page: Page, practice_id: str, move: str, sent: Sent) -> Response[bytes]:
    """Show the deliveries that used it, or those of the caller that may have used it."""
    practice = await page.api.get(f"/v1/practices/{practice_id}")
    found = next((one for one in PRACTICE.open_to(practice, page.signed_in.role) if one.path == move), None)
    if found is None or move not in USES:
        raise NotFoundException
    used = set(practice["used_in"])
    offered = [one for one in await _completed_deliveries(page) if (one.value in used) == (move == "remove-use")]
    return page.render(
        "practices/use.html",
        record=practice,
        move=found,
        fields=(USED_IN,),
        given={"deliveries": offered},
        typed=page.typed,
        **sent.shown,
    )


async def _new(page: Page, sent: Sent) -> Response[bytes]:
    form = Form(
        heading=N_("Record a practice, a challenge or a tool"),
        back="/practices",
        groups=(("", filled((*TEXTS, DELIVERY), {"language": page.language, "delivery_id": page.asked("delivery")})),),
        explains=N_("Only your organization sees it until you submit it."),
        # A person without a completed delivery is not asked for one.
        given={**text_languages(), "deliveries": await _completed_deliveries(page)},
    )
    return show(page, form, sent)


async def _again(page: Page, practice_id: str, sent: Sent) -> Response[bytes]:
    practice = await page.api.get(f"/v1/practices/{practice_id}")
    form = Form(
        heading=N_("Revise it"),
        back=f"/practices/{practice_id}",
        groups=(("", filled(TEXTS, practice)),),
        record=practice,
        head="practices/head.html",
        revision=practice["revision"],
        given=text_languages(),
    )
    return show(page, form, sent)


async def _completed_deliveries(page: Page) -> Sequence[Option]:
    """Return the completed deliveries of the caller as options, with their State, provider and last day."""
    found = await page.part("/v1/deliveries", status="completed", limit=DELIVERIES_MAX)
    return [
        Option(one["delivery_id"], f"{one['state']}, {one['provider']}, {one['completed_on']}")
        for one in (found["deliveries"] if found else ())
    ]


ROUTES = (
    list_practices,
    new_practice,
    enter_practice,
    show_practice,
    show_revision,
    revise_practice,
    show_use,
    send_use,
    *routes_of(PRACTICE),
)
