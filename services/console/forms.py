"""Forms that browsers post: parsing, and the proof that a page of the console sent them."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from litestar import Request
from msgspec import Struct
from multipart import MultipartError, MultipartParser, parse_options_header

from services.console.edge import BODY

FIELDS_MAX = 500
FILES_MAX = 5
CSRF_FIELD = "csrf_token"


class SentFile(Struct, frozen=True):
    name: str
    media_type: str
    content: bytes


class ForgedForm(Exception):
    """The form was not sent by a page of the console, or its session has ended."""


class UnreadableForm(Exception):
    """A form that cannot be parsed, or has too many fields."""


def parse(request: Request[Any, Any, Any]) -> tuple[Mapping[str, list[str]], Mapping[str, SentFile]]:
    """Return the fields and files of a posted form. Raises UnreadableForm."""
    body = cast(bytes, cast(Mapping[str, object], request.scope).get(BODY, b""))
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    files: Mapping[str, SentFile] = {}
    try:
        if kind == "multipart/form-data":
            typed, files = _parse_multipart(body, options.get("boundary", ""))
        else:
            typed = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except (ValueError, MultipartError) as error:
        raise UnreadableForm from error
    if any("\0" in value for values in typed.values() for value in values):
        raise UnreadableForm
    return typed, files


def _parse_multipart(body: bytes, boundary: str) -> tuple[Mapping[str, list[str]], Mapping[str, SentFile]]:
    typed: dict[str, list[str]] = {}
    files: dict[str, SentFile] = {}
    all_of_it = len(body) + 1
    # Nothing is written to temporary files.
    parts = MultipartParser(
        BytesIO(body), boundary, content_length=len(body), spool_limit=all_of_it, memory_limit=all_of_it
    )
    for number, part in enumerate(parts):
        if number >= FIELDS_MAX or len(files) >= FILES_MAX:
            raise UnreadableForm
        if part.filename is None:
            # Browsers send UTF-8 (HTML 4.10.22.7). A decoder chosen by the sender could take minutes, or fail.
            typed.setdefault(part.name, []).append(part.raw.decode())
        elif part.size:
            files[part.name] = SentFile(part.filename, part.content_type or "application/octet-stream", part.raw)
    return typed, files


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Raise ForgedForm if another site sent the form (Fetch Metadata; without it, the Origin header)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise ForgedForm
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForgedForm
