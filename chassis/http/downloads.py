"""File downloads: sent in chunks, as an attachment, with a timeout for clients that do not read."""

import asyncio
from contextlib import closing
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import structlog
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from chassis.http.answer import CLOSED
from chassis.http.uploads import MEDIA_TYPE
from contracts.values import Language

CHUNK_BYTES = 256 * 1024
SEND_SECONDS = 10.0
"""Time after which a client that reads nothing, with full socket buffers, is disconnected."""

log = structlog.get_logger()


class Download(Response[bytes]):
    """Sends an open file and closes it."""

    def __init__(
        self,
        content: BinaryIO,
        *,
        name: str,
        size_bytes: int,
        etag: str,
        media_type: str = MEDIA_TYPE.decode(),
        language: Language | None = None,
    ) -> None:
        super().__init__(cast(bytes, None), media_type=media_type)
        self._content = content
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        self._head = [
            (b"content-type", f"{media_type}{charset}".encode()),
            (b"content-length", str(size_bytes).encode()),
            (b"content-disposition", disposition(name).encode()),
            (b"content-security-policy", CLOSED + b"; sandbox"),
            (b"etag", etag.encode()),
            *([(b"content-language", language.encode())] if language else []),
        ]

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        """Return the application that sends the file.

        It replaces the framework's stream, which waits indefinitely for a client that does not read.
        """
        return self._sent

    async def _sent(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        with closing(self._content):
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self._head})
                while piece := await asyncio.to_thread(self._content.read, CHUNK_BYTES):
                    await _put(send, piece)
                await _put(send, b"", more=False)
            except TimeoutError:
                log.info("download aborted: the client does not read")


async def _put(send: Send, body: bytes, *, more: bool = True) -> None:
    """Send a part of the body. Raises TimeoutError if the client does not read."""
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


def disposition(name: str) -> str:
    """The Content-Disposition of an attachment (RFC 6266), complete (RFC 8187) and in ASCII for old clients."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
