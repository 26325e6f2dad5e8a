"""Files of the API, passed on to the browser: it asks for them with its cookie, the API with the person's token."""

import httpx
from litestar import Response

from services.console.page import Page


def passed_on(page: Page, answer: httpx.Response, name: str) -> Response[bytes]:
    """The file as the API answers it, to be saved; under `name` unless the API names it."""
    # The framework adds the encoding of texts again.
    media_type = answer.headers.get("content-type", "application/octet-stream").partition(";")[0]
    disposition = answer.headers.get("content-disposition", f'attachment; filename="{name}"')
    headers = {"Content-Disposition": disposition}
    return Response(answer.content, media_type=media_type, headers=headers, cookies=page.cookies)
