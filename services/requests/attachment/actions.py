"""Actions on attachments. A file is stored before its row is committed, and deleted after its removal is committed."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.files.scanner import Verdict
from chassis.files.storage import Storage
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_bytes
from contracts.facts import Fact
from contracts.file_formats import Format
from contracts.refusals import Conflict, Invalid
from services.requests import policy
from services.requests.attachment import model as attachment
from services.requests.attachment import store as attachment_store
from services.requests.attachment.model import Attachment, NewFile, Purpose, Quota
from services.requests.policy import Action
from services.requests.request import store

ATTACHING: Mapping[Purpose, Action] = {Purpose.REQUEST: Action.ATTACH, Purpose.NOTE_VERBALE: Action.SCAN_NOTE}


class FileStorage(Storage, frozen=True, kw_only=True):
    """File storage, with the limits of a State."""

    quota: Quota


async def record(tx: Tx, before: Attachment | None, fact: Fact) -> Attachment:
    """Apply a fact to the attachment, save it, and announce the fact."""
    after = attachment.evolve(before, fact)
    await attachment_store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


def described(file_id: UUID, purpose: Purpose, found: Format, size_bytes: int, digest: bytes) -> tuple[NewFile, bytes]:
    """Return the file to attach, and the salt of the hash that the journal has of its content."""
    salt, content_hash = hash_bytes(digest)
    file = NewFile(
        attachment_id=file_id, purpose=purpose, format=found, size_bytes=size_bytes, content_hash=content_hash
    )
    return file, salt


async def add(tx: Tx, ctx: Context, request_id: UUID, file: NewFile, name: str, salt: bytes, *, quota: Quota) -> None:
    """Attach a stored file. Locks the request, so that its files can be counted.

    The State is not locked, so files attached to several of its requests at the same moment may together exceed its
    quota.
    """
    request = await store.get(tx, request_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, ATTACHING[file.purpose], request).required()
    check_revision(request.revision, ctx.expected)
    kept = await attachment_store.count_stored(tx, request_id, file.purpose)
    stored = await attachment_store.stored_size(tx, request.state, file.purpose)
    fact = attachment.attach(request, file, kept=kept, stored=stored, quota=quota, now=ctx.now)
    added = await record(tx, None, fact)
    await attachment_store.save_name(tx, added, name, salt)


async def remove(tx: Tx, ctx: Context, attachment_id: UUID) -> None:
    """Remove a file, whatever the status of its request.

    Raises Conflict for the scan of a recorded consent or confirmation, because the State has to be able to read what
    was recorded in its name.
    """
    # Lock the request first, as recording a consent does, to avoid a deadlock.
    seen = await attachment_store.get(tx, attachment_id)
    request = await store.get(tx, seen.request_id, ctx.caller, lock=True)
    found = await attachment_store.get(tx, attachment_id, lock=True)
    policy.decide(ctx.caller, Action.DETACH, policy.file_of(request, found.purpose)).required()
    check_revision(found.revision, ctx.expected)
    if await attachment_store.is_consented_by(tx, attachment_id):
        raise Conflict("scan-of-a-consent")
    if request.confirmation_scan_id == attachment_id:
        raise Conflict("scan-of-a-confirmation")
    await record(tx, found, found.remove(now=ctx.now))
    await attachment_store.delete_name(tx, attachment_id)


async def require_scan(tx: Tx, request_id: UUID, attachment_id: UUID) -> None:
    """Raise Invalid unless this is the scan of a note verbale about this request, Conflict unless it can be read."""
    found = await attachment_store.get_as_service(tx, attachment_id)
    if found is None or found.request_id != request_id or found.purpose is not Purpose.NOTE_VERBALE:
        raise Invalid("scan-not-known", field="scan_id")
    found.require("read")


async def judge(tx: Tx, attachment_id: UUID, verdict: Verdict, *, now: datetime) -> None:
    """Record a verdict, unless one was recorded or the file was removed meanwhile."""
    found = await attachment_store.get_as_service(tx, attachment_id)
    if found is None or found.status not in attachment.MOVES["clear"]:
        return
    infected = verdict is Verdict.INFECTED
    fact = found.reject(now=now) if infected else found.clear(scanned=verdict is Verdict.CLEAN, now=now)
    await record(tx, found, fact)
