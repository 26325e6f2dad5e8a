"""The clocks, documents and messages of a request, and its record and events as the API returns them."""

import asyncio

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import FormError
from services.console.moves.forms import NOTHING, Sent, command, upload, wrong
from services.console.page import CurrentPage, Page
from services.console.translations import N_

JSON = "application/json"
REMOVABLE = {"focal_point": "request", "official": "request", "coordinator": "note_verbale"}
"""Purpose of the attachments that each role can remove."""

NO_FILE = N_("Choose a file: PDF, DOCX, PNG or JPEG")


@get("/{language:str}/requests/{request_id:str}/clocks")
async def show_clocks(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    request, found = await page.api.get_all(f"/v1/requests/{request_id}", f"/v1/requests/{request_id}/clocks")
    return page.render("requests/clocks.html", request=request, clocks=found["clocks"])


@get("/{language:str}/requests/{request_id:str}/closing")
async def show_closing(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    request, closing = await page.api.get_all(f"/v1/requests/{request_id}", f"/v1/requests/{request_id}/closing")
    return page.render("requests/closing.html", request=request, closing=closing)


@get("/{language:str}/requests/{request_id:str}/documents")
async def show_documents(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _documents(page, request_id)


@post("/{language:str}/requests/{request_id:str}/documents", status_code=303)
async def add_document(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Add a file: a State to its request, a coordinator the scan of a note verbale."""
    session = page.signed_in
    file = page.files.get("file")
    if file is None:
        return await _documents(page, request_id, wrong(FormError("", NO_FILE)))
    kind = "notes-verbales" if session.role == "coordinator" else "attachments"
    sent = await upload(page, f"/v1/requests/{request_id}/{kind}", file)
    if sent.errors:
        return await _documents(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}/documents", done="file_added")


@get("/{language:str}/requests/{request_id:str}/documents/{attachment_id:str}")
async def download_document(
    page: CurrentPage, request_id: FromPath[str], attachment_id: FromPath[str]
) -> Response[bytes]:
    answer = await page.api.download(f"/v1/attachments/{attachment_id}")
    names = ("content-disposition", "x-content-type-options")
    headers = {name: answer.headers[name] for name in names if name in answer.headers}
    media_type = answer.headers.get("content-type", "application/octet-stream")
    return Response(answer.content, media_type=media_type, headers={**headers, "Cache-Control": "private, no-store"})


@get("/{language:str}/requests/{request_id:str}/documents/{attachment_id:str}/remove")
async def ask_removal(page: CurrentPage, request_id: FromPath[str], attachment_id: FromPath[str]) -> Response[bytes]:
    return await _removal(page, request_id, attachment_id)


@post("/{language:str}/requests/{request_id:str}/documents/{attachment_id:str}/remove", status_code=303)
async def remove_document(
    page: CurrentPage, request_id: FromPath[str], attachment_id: FromPath[str]
) -> Response[bytes]:
    sent = await command(page, "DELETE", f"/v1/attachments/{attachment_id}")
    if sent.errors:
        return await _removal(page, request_id, attachment_id, sent)
    return page.redirect(f"/requests/{request_id}/documents", done="removed")


@get("/{language:str}/requests/{request_id:str}/json")
async def show_json(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return page.answer((await page.api.download(f"/v1/requests/{request_id}")).content, media_type=JSON)


@get("/{language:str}/requests/{request_id:str}/events")
async def show_events(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return page.answer((await page.api.download(f"/v1/requests/{request_id}/history")).content, media_type=JSON)


async def _documents(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    path = f"/v1/requests/{request_id}"
    request = await page.api.get(path)
    attachments, messages = await asyncio.gather(
        page.optional(f"{path}/attachments"), page.optional(f"{path}/messages")
    )
    return page.render(
        "requests/documents.html",
        request=request,
        attachments=attachments and attachments["attachments"],
        messages=messages and messages["mails"],
        removable=REMOVABLE.get(page.signed_in.role),
        can_add="attach" in request["moves"] or "scan_note" in request["moves"],
        **sent.shown,
    )


async def _removal(page: Page, request_id: str, attachment_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    path = f"/v1/requests/{request_id}"
    request, files = await page.api.get_all(path, f"{path}/attachments")
    document = next((one for one in files["attachments"] if one["attachment_id"] == attachment_id), None)
    return page.render("requests/remove_document.html", request=request, document=document, **sent.shown)


ROUTES = (
    show_clocks,
    show_closing,
    show_documents,
    add_document,
    download_document,
    ask_removal,
    remove_document,
    show_json,
    show_events,
)
