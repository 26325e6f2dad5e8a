"""Follow-ups and effects of a delivery: answers are given after signing in, or by the link of a mail."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.client import SERVER_ERROR, Problem
from services.console.deliveries.moves import (
    ANSWER_TEXT,
    EFFECT_FIELDS,
    EFFECT_NOUN,
    FIRST_ARTICLE,
    FOLLOW_UP,
    SECOND_ARTICLE,
)
from services.console.deliveries.words import USE
from services.console.fields import Option, read
from services.console.moves.forms import NOTHING, Form, Sent, send, show
from services.console.moves.pages import routes_of
from services.console.page import FOR_EVERYBODY, CurrentPage, Page
from services.console.translations import N_

LINK = "/v1/follow-ups/link"
NOT_FOUND = 404
EFFECTS_MAX = 100
NEW = "/{language:str}/deliveries/{delivery_id:str}/effects/new"


@get("/{language:str}/deliveries/{delivery_id:str}/after")
async def show_after(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Show the follow-ups of both sides by month, and the effects."""
    path = f"/v1/deliveries/{delivery_id}"
    delivery, found, effects = await page.api.get_all(
        path, f"{path}/follow-ups", f"/v1/effects?delivery={delivery_id}&limit={EFFECTS_MAX}"
    )
    months: dict[int, dict[str, Any]] = {}
    for one in found["follow_ups"]:
        months.setdefault(one["month"], {})[one["side"]] = one
    return page.render("deliveries/after.html", delivery=delivery, months=months, effects=effects["effects"])


@get("/{language:str}/follow-ups/{follow_up_id:str}")
async def show_follow_up(page: CurrentPage, follow_up_id: FromPath[str]) -> Response[bytes]:
    role = page.signed_in.role
    record = await page.api.get(f"/v1/follow-ups/{follow_up_id}")
    return page.render("deliveries/follow_up.html", record=record, moves=FOLLOW_UP.open_to(record, role))


@get("/{language:str}/effects/{effect_id:str}")
async def show_effect(page: CurrentPage, effect_id: FromPath[str]) -> Response[bytes]:
    role = page.signed_in.role
    record = await page.api.get(f"/v1/effects/{effect_id}")
    return page.render("deliveries/effect.html", record=record, moves=EFFECT_NOUN.open_to(record, role))


@get(NEW)
async def new_effect(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    return await _form(page, delivery_id, NOTHING)


@post(NEW, status_code=303)
async def record_effect(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/deliveries/{delivery_id}/effects", EFFECT_FIELDS, body_of=_body)
    if sent.record is None:
        return await _form(page, delivery_id, sent)
    return page.redirect(f"/effects/{sent.record['effect_id']}", done="saved")


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    """Return the body with the list of articles, of which the form asks for two."""
    named = [typed.pop(name) for name in (FIRST_ARTICLE, SECOND_ARTICLE) if name in typed]
    return {**typed, "articles": list(dict.fromkeys(named))}


async def _form(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    delivery, files = await page.api.get_all(f"/v1/deliveries/{delivery_id}", f"/v1/deliveries/{delivery_id}/files")
    form = Form(
        heading=N_("Record what changed"),
        back=f"/deliveries/{delivery_id}/after",
        groups=(("", EFFECT_FIELDS),),
        record=delivery,
        head="deliveries/head.html",
        explains=N_("A person of the other side or of UNODC verifies it."),
        button=N_("Record it"),
        given={"files": [Option(one["file_id"], one["name"]) for one in files["files"] if not one["private"]]},
        is_open="record_effect" in delivery["moves"],
    )
    return show(page, form, sent)


# -- by the link of a mail --------------------------------------------------------------------------------------------


@get("/{language:str}/answer", opt=FOR_EVERYBODY)
async def ask(page: CurrentPage) -> Response[bytes]:
    """Show a button for each answer. Opening the page answers nothing: programs follow links before people do."""
    try:
        found = await page.anonymous().get(LINK, token=page.asked("token"))
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        return _asked(page, None, status=NOT_FOUND)
    return _asked(page, found)


@post("/{language:str}/answer", opt=FOR_EVERYBODY, status_code=303)
async def answer(page: CurrentPage) -> Response[bytes]:
    """Record the answer, with its text if there is one."""
    token, result = page.asked("token"), page.value("result")
    text = read((ANSWER_TEXT,), page.typed).body.get("text", "")
    body = {"result": result, "text": text, "language": page.language} if text else {"result": result}
    api = page.anonymous()
    try:
        await api.send("POST", f"{LINK}?token={token}", body)
    except Problem as problem:
        if problem.status == NOT_FOUND:
            return _asked(page, None, status=problem.status)
        return _asked(page, await api.get(LINK, token=token), problem=problem.title, status=problem.status)
    return page.redirect("/answer", token=token, done="saved")


def _asked(page: Page, found: Any, *, problem: str = "", status: int = 200) -> Response[bytes]:
    return page.render(
        "deliveries/answer.html", status=status, found=found, problem=problem, answers=USE, field=ANSWER_TEXT
    )


ROUTES = (
    show_after,
    show_follow_up,
    show_effect,
    new_effect,
    record_effect,
    ask,
    answer,
    *routes_of(FOLLOW_UP),
    *routes_of(EFFECT_NOUN),
)
