"""The translations of a request beside their source, and its public summary."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import WORDS_MAX, Field, whole_number
from services.console.moves.forms import NOTHING, Sent, send
from services.console.page import CurrentPage, Page
from services.console.translations import LANGUAGES, N_

LINE_TEXTS = (
    ("outcome", N_("Outcome")),
    ("in_place", N_("Already in place")),
    ("institution_name", N_("Name of the institution")),
    ("markers_justification", N_("Justification of the markers")),
)
MACHINE = Field(name="machine", label=N_("It was translated by a machine"), kind="yes")
TITLE_MAX = 200
TITLE = Field(name="title", label=N_("Title"), max_length=TITLE_MAX)
BODY = Field(name="body", label=N_("Summary"), kind="words", max_length=WORDS_MAX, rows=10)
LANGUAGE = Field(name="language", label=N_("Language"), kind="choice", options="languages")
WORDS = (LANGUAGE, TITLE, BODY)
TRANSLATED = (TITLE, BODY, MACHINE)


# -- translations of the request --------------------------------------------------------------------------------------


@get("/{language:str}/requests/{request_id:str}/translations")
async def list_translations(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    found = await page.optional(f"/v1/requests/{request_id}/translations")
    return page.render(
        "requests/translations.html",
        request=request,
        translations=found["translations"] if found else [],
        texts=LINE_TEXTS,
    )


@get("/{language:str}/requests/{request_id:str}/translations/{code:str}")
async def edit_translation(page: CurrentPage, request_id: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    return await _edit(page, request_id, code)


@post("/{language:str}/requests/{request_id:str}/translations/{code:str}", status_code=303)
async def save_translation(page: CurrentPage, request_id: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    """Add a translation, or replace the existing one."""
    request = await page.api.get(f"/v1/requests/{request_id}")
    source = whole_number(page.value("source_revision")) or request["revision"]
    adds, path = page.revision is None, f"/v1/requests/{request_id}/translations"

    def body_of(typed: dict[str, Any]) -> dict[str, Any]:
        lines = [{"line_id": line_id, **values} for line_id, values in typed.pop("line", {}).items()]
        return {**typed, "source_revision": source, "lines": lines, **({"language": code} if adds else {})}

    method, path = ("POST", path) if adds else ("PUT", f"{path}/{code}")
    sent = await send(page, method, path, fields_of(request), body_of=body_of)
    if sent.errors:
        return await _edit(page, request_id, code, sent)
    return page.redirect(f"/requests/{request_id}/translations", done="saved")


def fields_of(request: Mapping[str, Any]) -> Sequence[Field]:
    """Return a field for each text of a request: `title`, `need`, `line.<id>.<text>`."""
    found = []
    if request.get("title"):
        found.append(Field(name="title", label=N_("Title"), required=False, max_length=TITLE_MAX))
    if request.get("need"):
        found.append(Field(name="need", label=N_("The need"), kind="words", required=False))
    for line in request["lines"]:
        for name, label in LINE_TEXTS:
            if line.get(name):
                found.append(Field(name=f"line.{line['line_id']}.{name}", label=label, kind="words", required=False))
    return (*found, MACHINE)


def source_of(request: Mapping[str, Any], name: str) -> str:
    """Return the text of the source that a field translates; empty for a field that translates none."""
    parts = name.split(".")
    if len(parts) == 1:
        return str(request.get(name) or "")
    return next((str(one.get(parts[2]) or "") for one in request["lines"] if one["line_id"] == parts[1]), "")


def values_of(translation: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """Return the texts of a translation as values of the fields."""
    shown = {name: [translation[name]] for name in ("title", "need") if translation.get(name)}
    for line in translation["lines"]:
        for name, _ in LINE_TEXTS:
            if line.get(name):
                shown[f"line.{line['line_id']}.{name}"] = [line[name]]
    return shown


async def _edit(page: Page, request_id: str, code: str, sent: Sent = NOTHING) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    held = await page.optional(f"/v1/requests/{request_id}/translations/{code}")
    fields = fields_of(request)
    return page.render(
        "requests/translate.html",
        request=request,
        code=code,
        held=held,
        fields=fields,
        source={one.name: source_of(request, one.name) for one in fields},
        typed=page.typed or (values_of(held) if held else None),
        **sent.shown,
    )


# -- the public summary -----------------------------------------------------------------------------------------------


@get("/{language:str}/requests/{request_id:str}/summary")
async def show_summary(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _summary(page, request_id)


@post("/{language:str}/requests/{request_id:str}/summary", status_code=303)
async def save_summary(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Draft the summary, or revise its draft."""
    method = "POST" if page.revision is None else "PUT"
    return await _send(page, request_id, method, "", WORDS)


@post("/{language:str}/requests/{request_id:str}/summary/{move:str}", status_code=303)
async def move_summary(page: CurrentPage, request_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    """Approve or unpublish the summary, or save its translation if `move` is a language."""
    if move in LANGUAGES:
        return await _send(page, request_id, "PUT", f"/translations/{move}", TRANSLATED)
    return await _send(page, request_id, "POST", "/unpublish" if move == "unpublish" else "/approve", ())


async def _send(page: Page, request_id: str, method: str, path: str, fields: Sequence[Field]) -> Response[bytes]:
    path = f"/v1/requests/{request_id}/summary{path}"
    sent = await send(page, method, path, fields, body_of=lambda typed: typed or None, hidden=False)
    if sent.errors:
        return await _summary(page, request_id, sent, fields)
    return page.redirect(f"/requests/{request_id}/summary", done="saved")


async def _summary(page: Page, request_id: str, sent: Sent = NOTHING, fields: Sequence[Field] = ()) -> Response[bytes]:
    session = page.signed_in
    request = await page.api.get(f"/v1/requests/{request_id}")
    summary = await page.optional(f"/v1/requests/{request_id}/summary")
    code = page.asked("translate")
    draft = summary["draft"] if summary else None
    own = fields or (TRANSLATED if draft and code in LANGUAGES else WORDS)
    held = draft
    if draft and own == TRANSLATED:
        held = next((one for one in draft["translations"] if one["language"] == code), None)
    shown = {name: [held[name]] for name in ("language", "title", "body")} if held else None
    return page.render(
        "requests/summary.html",
        request=request,
        summary=summary,
        code=code if own == TRANSLATED else "",
        fields=own,
        typed=page.typed or shown,
        writes=session.role in ("focal_point", "official", "coordinator"),
        **sent.shown,
    )


ROUTES = (list_translations, edit_translation, save_translation, show_summary, save_summary, move_summary)
