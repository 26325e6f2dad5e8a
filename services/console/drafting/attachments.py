"""Files attached to a draft."""

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.client import Problem
from services.console.drafting.saving import closed, may_edit, read_request, refused, request_path
from services.console.fields import FormError
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
        return await _files(page, request_id, errors=(FormError("file", NO_FILE),), status=400)
    try:
        await page.api.upload(
            f"{request_path(request_id)}/attachments",
            file.content,
            name=file.name,
            media_type=file.media_type,
            key=page.key,
            revision=page.revision,
        )
    except Problem as problem:
        return await _files(page, request_id, errors=refused(page, problem, ()).errors, status=problem.status)
    return page.redirect(f"/requests/{request_id}/edit/attachments", done="attached")


@post(f"{PATH}/{{attachment_id:str}}/remove", status_code=303)
async def remove(page: CurrentPage, request_id: FromPath[str], attachment_id: FromPath[str]) -> Response[bytes]:
    try:
        await page.api.send("DELETE", f"/v1/attachments/{attachment_id}", revision=page.revision)
    except Problem as problem:
        return await _files(page, request_id, errors=refused(page, problem, ()).errors, status=problem.status)
    return page.redirect(f"/requests/{request_id}/edit/attachments", done="removed")


async def _files(
    page: Page, request_id: str, *, errors: Sequence[FormError] = (), status: int = 200
) -> Response[bytes]:
    answer = await read_request(page, request_id)
    if not may_edit(answer.body):
        return closed(page, answer.body)
    files = (await page.api.get(f"{request_path(request_id)}/attachments"))["attachments"]
    return page.render(
        "drafting/attachments.html",
        status=status,
        request=answer.body,
        revision=answer.revision,
        files=files,
        errors=errors,
    )


ROUTES = (list_files, attach, remove)
