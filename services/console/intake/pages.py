"""Mails and notes verbales that came in, and the forms by which they become a State's draft."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from services.console.client import ApiUnavailable, Problem
from services.console.fields import Field, FormError, Option, form_errors, read
from services.console.forms import SentFile
from services.console.intake.moves import MAIL, MAIL_FIELDS, NEED_MAX, NOTE_FIELDS, TITLE_MAX
from services.console.moves.forms import STALE
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
    sent = read(NOTE_FIELDS, page.typed)
    errors = sent.errors
    if not errors:
        key = page.key
        try:
            request = (await page.api.send("POST", "/v1/requests/on-behalf", sent.body, key=key)).body
        except Problem as problem:
            errors = _errors(NOTE_FIELDS, problem)
        else:
            return await _with_scan(page, request, key)
    return page.render("intake/on_behalf.html", status=400, fields=NOTE_FIELDS, typed=page.typed, errors=errors)


async def _with_scan(page: Page, request: Mapping[str, Any], key: str) -> Response[bytes]:
    path = f"/requests/{request['request_id']}"
    scan = page.files.get(SCAN)
    if scan is not None:
        try:
            await _upload(page, request, scan, f"{key}-scan")
        except (Problem, ApiUnavailable):
            return page.redirect(f"/intake/scans/{request['request_id']}", again="yes")
    return page.redirect(path, done="filed")


async def _upload(page: Page, request: Mapping[str, Any], scan: SentFile, key: str) -> None:
    await page.api.upload(
        f"/v1/requests/{request['request_id']}/notes-verbales",
        scan.content,
        name=scan.name,
        media_type=scan.media_type,
        key=key,
        revision=request["revision"],
    )


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
    request = {"request_id": request_id, "revision": page.revision}
    try:
        await _upload(page, request, scan, page.key)
    except Problem as problem:
        errors = [msgspec.structs.replace(one, field=SCAN) for one in form_errors(problem)]
        return await _scan_form(page, request_id, errors)
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
    sent = read(MAIL_FIELDS, page.typed)
    if sent.errors:
        return await _filing(page, mail_id, errors=sent.errors)
    try:
        answer = await page.api.send(
            "POST",
            f"/v1/intake/mails/{mail_id}/file",
            sent.body,
            key=page.key,
            revision=page.revision,
        )
    except Problem as problem:
        return await _filing(page, mail_id, errors=_errors(MAIL_FIELDS, problem), stale=problem.status == STALE)
    return page.redirect(f"/requests/{answer.body['request_id']}", done="filed")


async def _filing(
    page: Page, mail_id: str, errors: Sequence[FormError] = (), *, stale: bool = False
) -> Response[bytes]:
    answer = await page.api.read(f"/v1/intake/mails/{mail_id}")
    mail = answer.body
    files = [Option(one["file_id"], one["name"]) for one in mail["files"] if one["status"] in READABLE]
    return page.render(
        "intake/file.html",
        status=400 if errors else 200,
        mail=mail,
        fields=filled(mail, page.language),
        typed=page.typed or None,
        errors=errors,
        stale=stale,
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
    return [msgspec.structs.replace(one, value=values[one.name]) for one in shown]


def _errors(fields: Sequence[Field], problem: Problem) -> tuple[FormError, ...]:
    return form_errors(problem, fields)


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
