"""File uploads: streamed to disk with bounded memory and time.

An upload is an unnamed temporary file, which disappears with the process that holds it open: nothing is left after a
disconnect, a refusal or a crash.
"""

import asyncio
import contextlib
import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote
from uuid import UUID

import multipart
from litestar import Litestar
from litestar.routes import HTTPRoute

from chassis.http.asgi import Receive
from contracts.values import END, Caller

UPLOAD = "entraide.upload"
"""Scope key of the uploaded file."""

MEDIA_TYPE = b"application/octet-stream"
"""Media type accepted for every file. For other media types the content is checked."""

MULTIPART_TYPE = b"multipart/form-data"
"""Media type of a form (RFC 7578) with the file in the part `file`; accepted for every file."""

FILE_PART = "file"
NAME_PART = "name"
PART_HEADERS_BYTES_MAX = 4096
MULTIPART_MORE_BYTES_MAX = 16 * 1024
"""Maximum size of a form in addition to its file: boundaries, headers and the name."""

NAME_HEADER = "File-Name"
DISPOSITION_HEADER = "Content-Disposition"
NAME_MAX = 200
"""Maximum number of characters of a name; a percent-encoded character has up to twelve bytes."""

NAME_SENT = r"^([A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+" + END
NAME_SENT_MAX = 12 * NAME_MAX

UPLOAD_SECONDS_MAX = 300.0
PAUSE_SECONDS_MAX = 10.0
WRITE_BYTES = 256 * 1024
UNDER_WAY_MAX = 16
OF_ONE_CALLER_MAX = 2
OF_ONE_ORGANIZATION_MAX = 4

_SENT = re.compile(NAME_SENT)
_EXTENDED_NAME = re.compile(r"""(?i);\s*filename\*\s*=\s*utf-8'[a-z0-9-]*'([^;\s"]+)""")
_DIRECTION_SIGNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that would display `gpj.exe` as `exe.jpg` (UAX #9); right-to-left letters need no such signs."""

_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")


class TooLarge(Exception):
    """The file is announced or found to be larger than its route allows."""


class MalformedForm(Exception):
    """The body is not a form with one file."""


class CallerGone(Exception):
    """The client disconnected before the end of the body."""


@dataclass(frozen=True)
class Upload:
    """An uploaded file, open until the request ends."""

    file: BinaryIO
    size_bytes: int
    digest: bytes
    """SHA-256 of all bytes."""
    name: str = ""
    """The name given by the caller; not a path."""


def file_name(sent: str) -> str:
    """Decode the file name header (percent-encoded UTF-8). Raises ValueError.

    The name is in a header, because proxies and browsers log URLs.
    """
    if not _SENT.fullmatch(sent):
        raise ValueError("not a file name")
    return checked_name(unquote(sent, errors="strict"))


def checked_name(name: str) -> str:
    """A file name without direction signs. Raises ValueError for a path and for control characters."""
    name = _DIRECTION_SIGNS.sub("", name)
    if not _NAME.fullmatch(name):
        raise ValueError("not a file name")
    return name


def disposition_name(sent: str) -> str | None:
    """The file name in a Content-Disposition header (RFC 6266), if there is one. Raises ValueError."""
    if extended := _EXTENDED_NAME.search(sent):
        return unquote(extended[1], errors="strict")
    # UTF-8 is often sent unencoded; a header is read as Latin-1.
    name = multipart.parse_options_header(sent)[1].get("filename")
    return name.encode("latin-1").decode("utf-8") if name else None


class FileRule(NamedTuple):
    """The file that a route takes as its body."""

    bytes_max: int
    media_types: tuple[str, ...]


def takes_file(*media_types: str, bytes_max: int) -> dict[str, FileRule]:
    """Return the route option for a body that is a file of at most `bytes_max` bytes, or a form with one.

    The file is injected as `upload`. `media_types` are accepted as well; the route decides by the content.
    """
    return {"file": FileRule(bytes_max, (MEDIA_TYPE.decode(), *media_types, MULTIPART_TYPE.decode()))}


def routes_of_files(app: Litestar) -> dict[tuple[str, str], FileRule]:
    """Maps method and path template of each route that takes a file to its rule."""
    return {
        (method, route.path_format): handler.opt["file"]
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if "file" in handler.opt
    }


class Uploads:
    """The routes that take a file, and the running uploads."""

    def __init__(self, routes: Mapping[tuple[str, str], FileRule], folder: Path) -> None:
        """Create the limits. `routes` maps method and path template to the rule; `folder` holds the temporary files."""
        self._routes = [(method, template.split("/"), rule) for (method, template), rule in routes.items()]
        self._folder = folder
        self._under_way: Counter[UUID] = Counter()
        self._of_organization: Counter[str] = Counter()

    def rule_of(self, method: str, path: str) -> FileRule | None:
        """The file rule of a route; None if it takes no file."""
        for of_method, template, rule in self._routes:
            if method == of_method and _fits(path.split("/"), template):
                return rule
        return None

    def has_capacity(self, caller: Caller) -> bool:
        """False at the limit of all running uploads, or of this person's."""
        return self._under_way.total() < UNDER_WAY_MAX and self._under_way[caller.person_id] < OF_ONE_CALLER_MAX

    def has_capacity_for(self, organization: str) -> bool:
        """False at the limit of this organization's running uploads."""
        return self._of_organization[organization] < OF_ONE_ORGANIZATION_MAX

    @contextlib.contextmanager
    def place(self, caller: Caller) -> Iterator[BinaryIO]:
        """Reserve a slot and an empty temporary file for an upload; both are released at the end."""
        self._under_way[caller.person_id] += 1
        self._of_organization[caller.organization] += 1
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                yield file
        finally:
            self._under_way -= Counter([caller.person_id])
            self._of_organization -= Counter([caller.organization])


def _fits(path: Sequence[str], template: Sequence[str]) -> bool:
    return len(path) == len(template) and all(t.startswith("{") or t == p for t, p in zip(template, path, strict=True))


class FileBody:
    """A body that is the file itself."""

    more_bytes_max = 0
    name = ""

    def file_bytes(self, part: bytes) -> bytes:
        """The bytes of the file in the next bytes of the body."""
        return part

    def end(self) -> None:
        """Raise MalformedForm if the body has no file."""


class FormBody(FileBody):
    """A form: the part `file`, and its name in that part's header or in the part `name`. Other parts are refused."""

    more_bytes_max = MULTIPART_MORE_BYTES_MAX

    def __init__(self, content_type: str) -> None:
        """Create a reader. Raises MalformedForm if the content type has no valid boundary."""
        boundary = multipart.parse_options_header(content_type)[1].get("boundary")
        if not boundary or not boundary.isascii() or len(boundary) > 70:
            raise MalformedForm
        self._parser = multipart.PushMultipartParser(
            boundary, max_header_size=PART_HEADERS_BYTES_MAX, max_segment_count=2, strict=True
        )
        self._part: str | None = None
        self._parts: set[str] = set()
        self._name = bytearray()

    def file_bytes(self, part: bytes) -> bytes:
        found = bytearray()
        try:
            for event in self._parser.parse(part) if part else ():
                if isinstance(event, multipart.MultipartSegment):
                    self._begin(event)
                elif event and self._part == FILE_PART:
                    found += event
                elif event:
                    self._name += event
        except (multipart.MultipartError, ValueError) as error:
            raise MalformedForm from error
        if len(self._name) > NAME_SENT_MAX:
            raise MalformedForm
        return bytes(found)

    def end(self) -> None:
        try:
            self._parser.close()
            name = self._name.decode()
        except (multipart.MultipartError, ValueError) as error:
            raise MalformedForm from error
        if FILE_PART not in self._parts:
            raise MalformedForm
        self.name = name or self.name

    def _begin(self, part: multipart.MultipartSegment) -> None:
        if part.name not in {FILE_PART, NAME_PART} or part.name in self._parts:
            raise MalformedForm
        self._part = part.name
        self._parts.add(part.name)
        if part.name == FILE_PART:
            self.name = part.filename or ""


def body_of(content_type: str) -> FileBody:
    """The reader of a body of this content type. Raises MalformedForm."""
    media_type = content_type.partition(";")[0].strip().lower()
    return FormBody(content_type) if media_type == MULTIPART_TYPE.decode() else FileBody()


async def read_upload(
    file: BinaryIO, announced: bytes, receive: Receive, bytes_max: int, body: FileBody | None = None
) -> Upload:
    """Read the body's file into `file`. Raises TooLarge, MalformedForm, TimeoutError and CallerGone."""
    body = body or FileBody()
    if not announced.isdigit() or int(announced) > bytes_max + body.more_bytes_max:
        raise TooLarge
    digest, waiting, received, size = hashlib.sha256(), bytearray(), 0, 0

    def write(part: bytes) -> None:
        digest.update(part)
        file.write(part)

    async with asyncio.timeout(UPLOAD_SECONDS_MAX):
        more = True
        while more:
            async with asyncio.timeout(PAUSE_SECONDS_MAX):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise CallerGone
            received += len(message.get("body", b""))
            found = body.file_bytes(message.get("body", b""))
            waiting += found
            size += len(found)
            if size > bytes_max or received > bytes_max + body.more_bytes_max:
                raise TooLarge
            more = message.get("more_body", False)
            if len(waiting) >= WRITE_BYTES or not more:
                await asyncio.to_thread(write, bytes(waiting))
                waiting.clear()
    body.end()
    file.flush()
    file.seek(0)
    return Upload(file, size, digest.digest(), body.name)
