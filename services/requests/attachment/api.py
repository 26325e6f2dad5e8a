"""The routes of attachments."""

import asyncio
from typing import Annotated, NamedTuple
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.files.recognition import recognise
from chassis.http.application import (
    CurrentCaller,
    CurrentCommand,
    CurrentUpload,
    Db,
    ExpectedRevision,
    Now,
    created,
    requires,
    with_etag,
)
from chassis.http.commands import show
from chassis.http.downloads import Download
from chassis.http.idempotency import Command, etag, once
from chassis.http.pages import Part
from chassis.http.queries import query_parameter
from chassis.http.uploads import MEDIA_TYPE, Upload, takes_file
from chassis.ids import new_id
from contracts.attachments import ATTACHMENT_BYTES_MAX
from contracts.file_formats import MEDIA_TYPES
from contracts.refusals import Invalid, Refusal
from contracts.values import Role, State
from services.requests import policy
from services.requests.attachment import actions as attachment_actions
from services.requests.attachment import store as attachment_store
from services.requests.attachment.actions import ATTACHING, FileStorage
from services.requests.attachment.model import Purpose
from services.requests.attachment.store import AttachmentView
from services.requests.audience import store as audience_store
from services.requests.policy import Action
from services.requests.request import store

Own = NamedDependency[FileStorage]


class StorageUse(Struct, frozen=True, kw_only=True):
    """The files of one purpose that are stored for a State, over all its requests, and their limits."""

    purpose: Purpose
    files: int
    files_max: int
    size_bytes: int
    bytes_max: int


class AttachmentList(Struct, frozen=True, kw_only=True):
    """The files attached to a request."""

    attachments: list[AttachmentView]
    cursor: str | None = None


class AttachmentQuotas(Struct, frozen=True, kw_only=True):
    """The files stored for a State, and its quotas."""

    state: str
    quotas: list[StorageUse]


class IncomingFile(NamedTuple):
    """An uploaded file: its purpose, its request, and the command's key and revision."""

    purpose: Purpose
    request_id: UUID
    command: Command
    ctx: Context


@post(
    "/v1/requests/{request_id:uuid}/attachments",
    opt=requires(Action.ATTACH) | takes_file(*MEDIA_TYPES.values(), bytes_max=ATTACHMENT_BYTES_MAX),
    summary="Attach a file to a draft or a returned request",
)
async def attach_file(
    request_id: FromPath[UUID],
    upload: CurrentUpload,
    db: Db,
    own: Own,
    caller: CurrentCaller,
    command: CurrentCommand,
    expected: ExpectedRevision,
    now: Now,
) -> Response[AttachmentView]:
    """The body is the file itself, or a form with the part `file`.

    PDF, DOCX, PNG and JPEG are accepted, recognised by their content; the content type of the body is that of the file
    or `application/octet-stream`. The name of a file sent as the body is in `File-Name` or `Content-Disposition`; in a
    form, the part `file` has the name, or the part `name` contains it. The file is `pending` until it is scanned.
    `If-Match` is the request's revision, which does not change.
    """
    coming = IncomingFile(Purpose.REQUEST, request_id, command, Context(caller=caller, now=now, expected=expected))
    return await _attach(db, own, upload, coming)


@post(
    "/v1/requests/{request_id:uuid}/notes-verbales",
    opt=requires(Action.SCAN_NOTE) | takes_file(*MEDIA_TYPES.values(), bytes_max=ATTACHMENT_BYTES_MAX),
    summary="Upload the scan of a note verbale",
)
async def scan_note(
    request_id: FromPath[UUID],
    upload: CurrentUpload,
    db: Db,
    own: Own,
    caller: CurrentCaller,
    command: CurrentCommand,
    expected: ExpectedRevision,
    now: Now,
) -> Response[AttachmentView]:
    """Requires the role `coordinator`. The scan is uploaded like an attachment.

    It is uploaded before a consent or a confirmation is recorded with it. Only the State and UNODC read it.
    """
    coming = IncomingFile(Purpose.NOTE_VERBALE, request_id, command, Context(caller=caller, now=now, expected=expected))
    return await _attach(db, own, upload, coming)


async def _attach(db: Database, own: FileStorage, upload: Upload, coming: IncomingFile) -> Response[AttachmentView]:
    request_id, caller = coming.request_id, coming.ctx.caller
    own.require_scanner()
    async with db.transaction(by=caller) as tx:
        policy.decide(caller, ATTACHING[coming.purpose], await store.get(tx, request_id, caller)).required()
    found = await asyncio.to_thread(recognise, upload.file, upload.name)
    file, salt = attachment_actions.described(new_id(), coming.purpose, found, upload.size_bytes, upload.digest)
    await own.keep(file.attachment_id, upload.file)

    async def first(tx: Tx, attachment_id: UUID) -> AttachmentView:
        await attachment_actions.add(tx, coming.ctx, request_id, file, upload.name, salt, quota=own.quota)
        return await attachment_store.view(tx, attachment_id)

    async def again(tx: Tx, attachment_id: UUID) -> AttachmentView:
        await attachment_store.get(tx, attachment_id)
        return await attachment_store.view(tx, attachment_id)

    try:
        added = await once(db, coming.command, file.attachment_id, first=first, again=again)
    except Refusal:
        await own.drop(file.attachment_id)
        raise
    if added.attachment_id != file.attachment_id:
        await own.drop(file.attachment_id)
    return created(added, location=f"/v1/attachments/{added.attachment_id}", revision=added.revision)


@show("/v1/requests/{request_id:uuid}/attachments", Action.READ_ATTACHMENTS, "The files attached to a request")
async def list_attachments(tx: Tx, ctx: Context, request_id: FromPath[UUID], part: Part) -> AttachmentList:
    """Requires access to the request's words. Outside the State and UNODC, only readable files are listed.

    Scans of notes verbales are listed for the State and UNODC only.
    """
    await attachment_store.require_words(tx, request_id)
    request = await store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_ATTACHMENTS, request).required()
    await audience_store.log_access(tx, request, ctx.caller)
    found = await attachment_store.of_request(tx, request_id, policy.attachments_seen(ctx.caller))
    return part.of(AttachmentList(attachments=found))


@get("/v1/attachments/quotas", opt=requires(Action.READ_QUOTAS), summary="The files stored for a State, and its quota")
async def show_quotas(
    db: Db,
    own: Own,
    caller: CurrentCaller,
    state_: Annotated[str | None, query_parameter(State, name="state")] = None,
) -> AttachmentQuotas:
    """Shows the quotas of the caller's own State. A coordinator names a State.

    For a coordinator, only the quota of scans of notes verbales is shown.
    """
    policy.decide(caller, Action.READ_QUOTAS, policy.Filing(state_)).required()
    own_state = caller.role is not Role.COORDINATOR
    state = caller.organization if own_state else state_
    if state is None:
        raise Invalid("missing-field", field="state")
    limits, purposes = own.quota, tuple(Purpose) if own_state else (Purpose.NOTE_VERBALE,)
    async with db.transaction(by=caller) as tx:
        stored = {purpose: await attachment_store.stored_size(tx, state, purpose) for purpose in purposes}
    return AttachmentQuotas(
        state=state,
        quotas=[
            StorageUse(
                purpose=purpose,
                files=one.files,
                files_max=limits.files_max,
                size_bytes=one.size_bytes,
                bytes_max=limits.bytes_max,
            )
            for purpose, one in stored.items()
        ],
    )


@get(
    "/v1/attachments/{attachment_id:uuid}",
    opt=requires(Action.READ_ATTACHMENTS),
    media_type=MEDIA_TYPE.decode(),
    summary="Download an attachment",
)
async def read_attachment(attachment_id: FromPath[UUID], db: Db, own: Own, caller: CurrentCaller) -> Download:
    """The response is always a download, without a media type that a browser would display."""
    async with db.transaction(by=caller) as tx:
        found = await attachment_store.get(tx, attachment_id)
        request = await store.get(tx, found.request_id, caller)
        policy.decide(caller, Action.READ_ATTACHMENTS, policy.file_of(request, found.purpose)).required()
        found.require("read")
        seen = await attachment_store.view(tx, attachment_id)
        await audience_store.log_access(tx, request, caller)
    content = await own.open(attachment_id)
    return Download(content, name=seen.name, size_bytes=seen.size_bytes, etag=etag(seen.revision))


@delete(
    "/v1/attachments/{attachment_id:uuid}",
    opt=requires(Action.DETACH),
    status_code=200,
    summary="Remove an attachment",
)
async def remove_attachment(
    attachment_id: FromPath[UUID], db: Db, own: Own, caller: CurrentCaller, expected: ExpectedRevision, now: Now
) -> Response[AttachmentView]:
    """Removes the file and its name, whatever the status of the request.

    Requires the role `coordinator` for the scan of a note verbale. A scan with which a consent or a confirmation was
    recorded cannot be removed.
    """
    async with db.transaction(by=caller) as tx:
        await attachment_actions.remove(tx, Context(caller=caller, now=now, expected=expected), attachment_id)
        removed = await attachment_store.view(tx, attachment_id)
    await own.drop(attachment_id)
    return with_etag(removed, revision=removed.revision)


ROUTES = [attach_file, scan_note, list_attachments, show_quotas, read_attachment, remove_attachment]
