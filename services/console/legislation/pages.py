"""The register of legislation: a State's articles, the freshness of all registers, and the page of each record."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from chassis import clock
from contracts.formats import as_datetime
from services.console.fields import Field
from services.console.legislation.moves import LEGISLATION, REVISE
from services.console.legislation.words import LEGISLATION_STATUS
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show, text_languages
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 60
OF_STATE = frozenset({"focal_point", "official"})
ANSWERS_CHECKS = "focal_point"
STATED = tuple((one, LEGISLATION_STATUS[one]) for one in ("none", "missing", "outdated"))
FIELDS = (
    Field(name="status", label=N_("What the law is on SHERLOC"), kind="choice", options=STATED),
    Field(name="title", label=N_("Title"), max_length=300, required=False, empty=""),
    Field(name="language", label=N_("Language of the law"), kind="choice", options="text_languages", required=False),
    Field(name="in_force_on", label=N_("In force since"), kind="date", required=False),
    Field(name="gazette", label=N_("Gazette"), max_length=300, required=False, empty=""),
    Field(name="address", label=N_("Address where it can be read"), max_length=500, required=False, empty=""),
    Field(name="comment", label=N_("Comment"), kind="words", required=False),
)
IDS = (Field(name="state", label=N_("State"), kind="hidden"), Field(name="article", label=N_("Article"), kind="hidden"))
NEEDED = N_(
    "Leave the rest empty if there is no such law. "
    "To submit it, a title, the day in force, and a gazette or an address are needed."
)
ONE = "/{language:str}/legislation/{legislation_id:str}"
NEW = "/{language:str}/legislation/new"
NOT_RECORDED = {"legislation_id": "", "title": "", "language": None, "status": ""}


@get("/{language:str}/legislation")
async def show_register(page: CurrentPage) -> Response[bytes]:
    """Show the register of one's own State, or of the one asked for; without either, the freshness of all."""
    own = page.signed_in.organization if page.signed_in.role in OF_STATE else ""
    state = page.asked("state") or own
    if not state:
        return await _freshness(page)
    query = {name: page.asked(name) for name in ("instrument", "status") if page.asked(name)} | {"state": state}
    found = await page.api.get("/v1/legislation", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    fresh = await page.part("/v1/legislation/freshness", state=state)
    is_asked = page.signed_in.role == ANSWERS_CHECKS and state == own
    checks = await page.part("/v1/legislation/checks", limit=1) if is_asked else None
    return page.render(
        "legislation/register.html",
        found=found,
        query=query,
        state=state,
        records_own=state == own,
        counted=next(iter(fresh["states"]), None) if fresh else None,
        statuses=list(LEGISLATION_STATUS),
        waits=next((one for one in checks["checks"] if _waits(one)), None) if checks else None,
    )


def _waits(check: Mapping[str, Any]) -> bool:
    return check["status"] == "asked" and clock.now() < as_datetime(check["closes_at"])


@get("/{language:str}/legislation/freshness")
async def show_freshness(page: CurrentPage) -> Response[bytes]:
    return await _freshness(page)


async def _freshness(page: Page) -> Response[bytes]:
    found = await page.api.get("/v1/legislation/freshness")
    rows = [(one, {each["status"]: each["articles"] for each in one["counts"]}) for one in found["states"]]
    # Registers with records come first, since nothing is recorded of most States.
    rows.sort(key=lambda row: (row[0]["articles"] == row[1].get("not_known", 0), row[0]["state"]))
    return page.render("legislation/freshness.html", rows=rows, months=found["months"])


@get(NEW)
async def new_record(page: CurrentPage) -> Response[bytes]:
    """Show the form. `article` in the address is the article that the law implements."""
    return await _new(page, NOTHING)


@post(NEW, status_code=303)
async def record_law(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/legislation", (*IDS, *FIELDS))
    if sent.record is None:
        return await _new(page, sent)
    return page.redirect(f"/legislation/{sent.record['legislation_id']}", done="saved")


@get(ONE)
async def show_record(page: CurrentPage, legislation_id: FromPath[str]) -> Response[bytes]:
    """Show a record as it is now, and its versions."""
    record = await page.api.get(f"/v1/legislation/{legislation_id}")
    versions = await page.part(f"/v1/legislation/{legislation_id}/versions")
    return page.render(
        "legislation/show.html",
        record=record,
        versions=versions["versions"] if versions else [],
        moves=LEGISLATION.open_to(record, page.signed_in.role),
    )


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, legislation_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with what was stated last."""
    return await _again(page, legislation_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_law(page: CurrentPage, legislation_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/legislation/{legislation_id}/revise", FIELDS)
    if sent.record is None:
        return await _again(page, legislation_id, sent)
    return page.redirect(f"/legislation/{legislation_id}", done="saved")


async def _new(page: Page, sent: Sent) -> Response[bytes]:
    first = {"state": page.signed_in.organization, "article": page.asked("article"), "language": page.language}
    form = Form(
        heading=N_("Record the law"),
        back="/legislation",
        groups=(("", filled((*IDS, *FIELDS), first)),),
        record={**NOT_RECORDED, "state": first["state"], "article": first["article"]},
        head="legislation/head.html",
        explains=NEEDED,
        given=text_languages(),
    )
    return show(page, form, sent)


async def _again(page: Page, legislation_id: str, sent: Sent) -> Response[bytes]:
    record = await page.api.get(f"/v1/legislation/{legislation_id}")
    form = Form(
        heading=N_("Here is what has changed"),
        back=f"/legislation/{legislation_id}",
        # A comment belongs to one move: the last one is not shown again.
        groups=(("", filled(FIELDS, {**record, "comment": ""})),),
        record=record,
        head="legislation/head.html",
        explains=NEEDED,
        revision=record["revision"],
        given=text_languages(),
    )
    return show(page, form, sent)


ROUTES = (
    show_register,
    show_freshness,
    new_record,
    record_law,
    show_record,
    show_revision,
    revise_law,
    *routes_of(LEGISLATION),
)
