"""Routes of files."""

import asyncio
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
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
from chassis.http.downloads import Download
from chassis.http.idempotency import etag, once
from chassis.http.pages import Part
from chassis.http.uploads import MEDIA_TYPE, takes_file
from chassis.ids import new_id
from contracts.file_formats import FILE_BYTES_MAX, MEDIA_TYPES
from contracts.refusals import Refusal
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.consents import depends_on_consent
from services.delivery.dependencies import Owned
from services.delivery.files import actions, store
from services.delivery.files.model import FILES_MAX, FilePurpose
from services.delivery.files.store import DeliveryFile
from services.delivery.policy import Action

FILES = "/v1/deliveries/{delivery_id:uuid}/files"
FILE = "/v1/delivery-files/{file_id:uuid}"


@post(
    FILES,
    opt=requires(Action.ADD_FILE) | takes_file(*MEDIA_TYPES.values(), bytes_max=FILE_BYTES_MAX),
    summary="Add a file to a delivery",
)
async def add_file(
    delivery_id: FromPath[UUID],
    upload: CurrentUpload,
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    command: CurrentCommand,
    now: Now,
    purpose: FromQuery[FilePurpose],
    private: FromQuery[bool] = False,
) -> Response[DeliveryFile]:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`, until the thread is closed.

    The body is the file itself, with its own or any other content type: PDF, DOCX, PNG or JPEG, recognised by its
    content; its name is in `File-Name` or `Content-Disposition`. Alternatively it is a form with the part `file`, which
    has the name, or whose name is in the part `name`. The file is `pending` until it is scanned. A file for a private
    message is itself `private`.
    """
    ctx = Context(caller=caller, now=now, expected=0)
    own.storage.require_scanner()
    async with db.transaction(by=caller) as tx:
        delivery = await delivery_store.get(tx, delivery_id, caller)
        policy.decide(caller, Action.ADD_FILE, delivery).required()
    if purpose is not FilePurpose.AGREEMENT:
        await own.consents.require(delivery)
    found = await asyncio.to_thread(recognise, upload.file, upload.name)
    file, salt = actions.described(new_id(), purpose, found, upload.size_bytes, upload.digest, private=private)
    await own.storage.keep(file.file_id, upload.file)

    async def first(tx: Tx, file_id: UUID) -> DeliveryFile:
        await actions.add(tx, ctx, delivery_id, file, upload.name, salt, quota=own.quota)
        return await store.view(tx, file_id, caller)

    async def again(tx: Tx, file_id: UUID) -> DeliveryFile:
        return await store.view(tx, file_id, caller)

    try:
        added = await once(db, command, file.file_id, first=first, again=again)
    except Refusal:
        await own.storage.drop(file.file_id)
        raise
    if added.file_id != file.file_id:
        await own.storage.drop(file.file_id)
    return created(added, location=f"/v1/delivery-files/{added.file_id}", revision=added.revision)


class DeliveryFiles(Struct, frozen=True, kw_only=True):
    """The files of a delivery, oldest first."""

    files: list[DeliveryFile]
    cursor: str | None = None


@get(FILES, opt=requires(Action.LIST_FILES), summary="The files of a delivery")
async def list_files(
    delivery_id: FromPath[UUID],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    part: Part,
    purpose: FromQuery[FilePurpose | None] = None,
) -> DeliveryFiles:
    """The oldest file is first. Private files are shown to the two sides only; auditors see no names.

    After the State has withdrawn its consent, the provider sees the files of the agreement only.
    """
    async with db.transaction(by=caller) as tx:
        delivery = await delivery_store.get(tx, delivery_id, caller)
        policy.decide(caller, Action.LIST_FILES, delivery).required()
    only_agreement = depends_on_consent(caller) and await own.consents.is_withdrawn(delivery)
    async with db.transaction(by=caller) as tx:
        found = await store.of_delivery(tx, delivery_id, caller, purpose=purpose, limit=FILES_MAX)
        shown = [one for one in found if one.purpose is FilePurpose.AGREEMENT or not only_agreement]
        return part.of(DeliveryFiles(files=await store.views_of(tx, shown, caller)))


@get(FILE, opt=requires(Action.READ_FILE), media_type=MEDIA_TYPE.decode(), summary="Download a file of a delivery")
async def read_file(file_id: FromPath[UUID], db: Db, own: Owned, caller: CurrentCaller) -> Download:
    """The response is always a download, without a media type that a browser would display."""
    async with db.transaction(by=caller) as tx:
        found = await store.get(tx, file_id, caller)
        policy.decide(caller, Action.READ_FILE, found).required()
        delivery = await delivery_store.get(tx, found.delivery_id, caller)
    if found.purpose is not FilePurpose.AGREEMENT:
        await own.consents.require_for(caller, delivery)
    found.require("read_file")
    async with db.transaction(by=caller) as tx:
        name = (await store.names_of(tx, [file_id])).get(file_id, "")
    content = await own.storage.open(file_id)
    return Download(content, name=name, size_bytes=found.size_bytes, etag=etag(found.revision))


@delete(FILE, opt=requires(Action.REMOVE_FILE), status_code=200, summary="Remove a file of a delivery")
async def remove_file(
    file_id: FromPath[UUID], db: Db, own: Owned, caller: CurrentCaller, expected: ExpectedRevision, now: Now
) -> Response[DeliveryFile]:
    """Requires the side that added it; the file is also removed from a message. The file and its name are deleted."""
    async with db.transaction(by=caller) as tx:
        removed = await actions.remove(tx, Context(caller=caller, now=now, expected=expected), file_id)
        (view,) = await store.views_of(tx, [removed], caller)
    await own.storage.drop(file_id)
    return with_etag(view, revision=view.revision)


ROUTES = [add_file, list_files, read_file, remove_file]
