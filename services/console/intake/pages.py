"""Mails and notes verbales that came in, and the forms by which they become a State's draft."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from services.console.client import ApiUnavailable, Problem
from services.console.fields import Field, FormError, Option
from services.console.intake.moves import MAIL, MAIL_FIELDS, NEED_MAX, NOTE_FIELDS, TITLE_MAX
from services.console.moves.forms import NOTHING, Sent, send, upload
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
STATUSES = ("new", "filed", "added", "discarded")
SCAN = "scan"
READABLE = frozenset({"clean", "unscanned"})
NOT_UPLOADED = N_("The draft was saved, but the scan could not be added. Try to add it again.")
NO_FILE = N_("Choose a file")
OCTETS = "application/octet-stream"


@get("/{language:str}/intake")
async def list_mails(page: CurrentPage) -> Response[bytes]:
    asked = page.asked("status", "new")
    status = asked if asked in STATUSES else None
    found = await page.api.get("/v1/intake/mails", status=status, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("intake/list.html", found=found, chosen=status, statuses=STATUSES)


# -- without a mail ----------------------------------------------------------------------------------------------------


@get("/{language:str}/intake/new")
async def show_on_behalf(page: CurrentPage) -> Response[bytes]:
    return page.render("intake/on_behalf.html", fields=NOTE_FIELDS, typed=None)


@post("/{language:str}/intake/new", status_code=303)
async def file_on_behalf(page: CurrentPage) -> Response[bytes]:
    """File a State's request, then add the scan of its note verbale."""
    sent = await send(page, "POST", "/v1/requests/on-behalf", NOTE_FIELDS)
    if not sent.errors:
        return await _with_scan(page, sent.record)
    return page.render("intake/on_behalf.html", status=400, fields=NOTE_FIELDS, typed=page.typed, errors=sent.errors)


async def _with_scan(page: Page, request: Mapping[str, Any]) -> Response[bytes]:
    scan = page.files.get(SCAN)
    if scan is not None:
        try:
            await page.api.upload(
                f"/v1/requests/{request['request_id']}/notes-verbales",
                scan.content,
                name=scan.name,
                media_type=scan.media_type,
                key=f"{page.key}-scan",
                revision=request["revision"],
            )
        except (Problem, ApiUnavailable):
            return page.redirect(f"/intake/scans/{request['request_id']}", again="yes")
    return page.redirect(f"/requests/{request['request_id']}", done="filed")


@get("/{language:str}/intake/scans/{request_id:str}")
async def show_scan(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show the form that adds a scan to a request."""
    errors = (FormError(SCAN, NOT_UPLOADED),) if page.asked("again") else ()
    return await _scan_form(page, request_id, errors)


@post("/{language:str}/intake/scans/{request_id:str}", status_code=303)
async def add_scan(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    scan = page.files.get(SCAN)
    if scan is None:
        return await _scan_form(page, request_id, (FormError(SCAN, NO_FILE),))
    sent = await upload(page, f"/v1/requests/{request_id}/notes-verbales", scan)
    if sent.errors:
        return await _scan_form(page, request_id, [replace(one, field=SCAN) for one in sent.errors])
    return page.redirect(f"/requests/{request_id}", done="scan_added")


async def _scan_form(page: Page, request_id: str, errors: Sequence[FormError]) -> Response[bytes]:
    answer = await page.api.read(f"/v1/requests/{request_id}")
    status = 400 if errors and page.request.method == "POST" else 200
    revision = answer.revision or answer.body["revision"]
    return page.render("intake/scan.html", status=status, record=answer.body, errors=errors, revision=revision)


# -- mails -------------------------------------------------------------------------------------------------------------


@get("/{language:str}/intake/{mail_id:str}")
async def show_mail(page: CurrentPage, mail_id: FromPath[str]) -> Response[bytes]:
    session = page.signed_in
    mail = await page.api.get(f"/v1/intake/mails/{mail_id}")
    return page.render("intake/show.html", mail=mail, moves=MAIL.open_to(mail, session.role), readable=READABLE)


@get("/{language:str}/intake/files/{file_id:str}")
async def download_file(page: CurrentPage, file_id: FromPath[str]) -> Response[bytes]:
    """Return a file of a mail, always as a download, so that a browser runs nothing of it."""
    answer = await page.api.download(f"/v1/intake/files/{file_id}")
    said = answer.headers.get("Content-Disposition", "")
    disposition = said if said.startswith("attachment") else f"attachment; filename*=UTF-8''{quote(file_id)}"
    headers = {"Content-Disposition": disposition, "Content-Security-Policy": "sandbox"}
    return Response(answer.content, media_type=answer.headers.get("Content-Type", OCTETS), headers=headers)


@get("/{language:str}/intake/{mail_id:str}/file")
async def show_filing(page: CurrentPage, mail_id: FromPath[str]) -> Response[bytes]:
    return await _filing(page, mail_id)


@post("/{language:str}/intake/{mail_id:str}/file", status_code=303)
async def file_mail(page: CurrentPage, mail_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/intake/mails/{mail_id}/file", MAIL_FIELDS)
    if sent.errors:
        return await _filing(page, mail_id, sent)
    return page.redirect(f"/requests/{sent.record['request_id']}", done="filed")


async def _filing(page: Page, mail_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    answer = await page.api.read(f"/v1/intake/mails/{mail_id}")
    mail = answer.body
    files = [Option(one["file_id"], one["name"]) for one in mail["files"] if one["status"] in READABLE]
    return page.render(
        "intake/file.html",
        status=400 if sent.errors else 200,
        mail=mail,
        fields=filled(mail, page.language),
        typed=page.typed or None,
        errors=sent.errors,
        stale=sent.stale,
        given={"files": files},
        revision=answer.revision or mail["revision"],
        is_open=any(one == "file_mail" for one in mail["moves"]),
    )


def filled(mail: Mapping[str, Any], language: str) -> list[Field]:
    """Return the fields, filled with what the mail says already: its State, subject, text and files."""
    organization = mail["organization"] or ""
    values = {
        "state": organization if len(organization) == 3 else "",
        "language": language,
        "title": (mail["subject"] or "")[:TITLE_MAX],
        "need": (mail["body"] or "")[:NEED_MAX],
        "file_ids": [one["file_id"] for one in mail["files"]],
    }
    shown = [one for one in MAIL_FIELDS if one.name != "file_ids" or mail["files"]]
    return [replace(one, value=values[one.name]) for one in shown]


ROUTES = (
    list_mails,
    show_on_behalf,
    file_on_behalf,
    show_scan,
    add_scan,
    show_mail,
    download_file,
    show_filing,
    file_mail,
    *routes_of(MAIL),
)
