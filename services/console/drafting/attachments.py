"""Files attached to a draft."""

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.drafting.saving import closed, may_edit, read_request, request_path
from services.console.fields import FormError
from services.console.moves.forms import NOTHING, Sent, command, upload, wrong
from services.console.page import CurrentPage, Page
from services.console.translations import N_

NO_FILE = N_("Choose a file")
PATH = "/{language:str}/requests/{request_id:str}/edit/attachments"


@get(PATH)
async def list_files(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _files(page, request_id)


@post(PATH, status_code=303)
async def attach(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    file = page.files.get("file")
    if file is None:
        return await _files(page, request_id, wrong(FormError("file", NO_FILE)))
    sent = await upload(page, f"{request_path(request_id)}/attachments", file, hidden=False)
    if sent.errors:
        return await _files(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}/edit/attachments", done="attached")


@post(f"{PATH}/{{attachment_id:str}}/remove", status_code=303)
async def remove(page: CurrentPage, request_id: FromPath[str], attachment_id: FromPath[str]) -> Response[bytes]:
    sent = await command(page, "DELETE", f"/v1/attachments/{attachment_id}", hidden=False)
    if sent.errors:
        return await _files(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}/edit/attachments", done="removed")


async def _files(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    answer = await read_request(page, request_id)
    if not may_edit(answer.body):
        return closed(page, answer.body)
    files = (await page.api.get(f"{request_path(request_id)}/attachments"))["attachments"]
    return page.render(
        "drafting/attachments.html",
        request=answer.body,
        revision=answer.revision,
        files=files,
        **sent.shown,
    )


ROUTES = (list_files, attach, remove)
