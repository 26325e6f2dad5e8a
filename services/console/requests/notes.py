"""The forms in which a coordinator records a State's confirmation or consent, with the scan of the note verbale."""

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Sent, command, send, wrong
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.requests.audience import ENDS, ONE_STATE, RECIPIENTS, SETS, STARTS, body_of
from services.console.translations import N_

READABLE = frozenset({"clean", "unscanned"})
SCAN = Field(name="scan_id", label=N_("Scan of the note verbale"), kind="choice", options="scans")
CONFIRMATION = (SCAN, COMMENT)
CONSENT = (
    Field(name="note_verbale", label=N_("Reference of the note verbale")),
    SCAN,
    RECIPIENTS,
    ONE_STATE,
    replace(
        SETS,
        options=(
            ("codes", N_("Kind, topics and dates")),
            ("words", N_("The texts of the State")),
            ("institution", N_("The institution")),
        ),
    ),
    STARTS,
    replace(ENDS, hint=N_("Empty: until the State withdraws it.")),
    COMMENT,
)


@get("/{language:str}/requests/{request_id:str}/record-confirmation")
async def ask_confirmation(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _confirmation(page, request_id)


@post("/{language:str}/requests/{request_id:str}/record-confirmation", status_code=303)
async def record_confirmation(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/requests/{request_id}/record-confirmation", CONFIRMATION)
    if sent.errors:
        return await _confirmation(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}", done="sent")


@get("/{language:str}/requests/{request_id:str}/record-consent")
async def ask_recording(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _consent(page, request_id)


@post("/{language:str}/requests/{request_id:str}/record-consent", status_code=303)
async def record_consent(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    body, errors = body_of(page.typed, CONSENT)
    sent = wrong(*errors)
    if not errors:
        sent = await command(page, "POST", f"/v1/requests/{request_id}/record-consent", body, CONSENT)
    if sent.errors:
        return await _consent(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}/audience", done="sent")


async def _confirmation(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    return await _form(
        page,
        request_id,
        "record_confirmation",
        CONFIRMATION,
        sent,
        title=N_("Record the confirmation of the State"),
        explains=N_("The request is submitted in the name of the State."),
    )


async def _consent(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    return await _form(
        page,
        request_id,
        "record_consent",
        CONSENT,
        sent,
        title=N_("Record the consent of the State"),
        explains=N_("The State is notified immediately. It can read the scan and withdraw the consent."),
    )


async def _form(
    page: Page,
    request_id: str,
    move: str,
    fields: Sequence[Field],
    sent: Sent,
    *,
    title: str,
    explains: str,
) -> Response[bytes]:
    path = f"/v1/requests/{request_id}"
    request, files = await page.api.get_all(path, f"{path}/attachments")
    scans = [
        Option(one["attachment_id"], one["name"])
        for one in files["attachments"]
        if one["purpose"] == "note_verbale" and one["status"] in READABLE
    ]
    return page.render(
        "requests/note.html",
        request=request,
        title=title,
        explains=explains,
        fields=fields,
        scans=scans,
        typed=page.typed or None,
        is_open=move in request["moves"],
        **sent.shown,
    )


ROUTES = (ask_confirmation, record_confirmation, ask_recording, record_consent)
