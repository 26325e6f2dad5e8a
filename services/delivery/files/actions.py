"""Actions on files. The content is stored before its row, and deleted after the row."""

from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.files.scanner import Verdict
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_bytes
from contracts.facts import Fact
from contracts.file_formats import Format
from contracts.refusals import Conflict, Invalid
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.files import model, store
from services.delivery.files.evolve import evolve
from services.delivery.files.model import File, FilePurpose, NewFile, Quota, author_side
from services.delivery.policy import Action


async def record(tx: Tx, before: File | None, fact: Fact) -> File:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


def described(
    file_id: UUID, purpose: FilePurpose, found: Format, size_bytes: int, digest: bytes, *, private: bool
) -> tuple[NewFile, bytes]:
    """Return the file to add, and the salt of the content's hash in the journal."""
    salt, content_hash = hash_bytes(digest)
    file = NewFile(
        file_id=file_id,
        purpose=purpose,
        private=private,
        format=found,
        size_bytes=size_bytes,
        content_hash=content_hash,
    )
    return file, salt


async def add(tx: Tx, ctx: Context, delivery_id: UUID, file: NewFile, name: str, salt: bytes, *, quota: Quota) -> None:
    """Add a stored file; the delivery is locked so that its files can be counted.

    The organization is not locked: files added to two deliveries at the same time may together exceed the quota.
    """
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.ADD_FILE, delivery).required()
    async with tx.as_service():
        stored = await store.stored_size(tx, ctx.caller.organization, delivery_id)
        fact = model.add(
            delivery,
            file,
            organization=ctx.caller.organization,
            role=ctx.caller.role,
            stored=stored,
            quota=quota,
            now=ctx.now,
        )
        await record(tx, None, fact)
        await store.save_name(tx, file.file_id, name, salt)


async def require_scan(tx: Tx, ctx: Context, delivery_id: UUID, file_id: UUID) -> None:
    """Raise Invalid unless the file is the scan of an agreement that the caller's side added to this delivery."""
    found = next(iter(await store.among(tx, [file_id], ctx.caller)), None)
    if found is None or not found.is_scan_of(delivery_id, author_side(ctx.caller.role)):
        raise Invalid("scan-unsuitable", field="file_id")


async def require_evidence(tx: Tx, ctx: Context, delivery_id: UUID, file_id: UUID) -> None:
    """Raise Invalid unless the file belongs to the delivery and all who see the delivery may see it."""
    found = next(iter(await store.among(tx, [file_id], ctx.caller)), None)
    if found is None or not found.is_evidence_for(delivery_id):
        raise Invalid("evidence-unsuitable", field="file_id")


async def remove(tx: Tx, ctx: Context, file_id: UUID) -> File:
    """Remove a file, also from a message. Raises Conflict if it is a signature or evidence."""
    seen = await store.get(tx, file_id, ctx.caller)
    policy.decide(ctx.caller, Action.REMOVE_FILE, seen).required()
    async with tx.as_service():
        found = await store.get_as_service(tx, file_id)
        assert found is not None, "it has just been read"
        check_revision(found.revision, ctx.expected)
        if await store.is_signature(tx, file_id):
            raise Conflict("scan-of-an-agreement")
        if await store.shows_a_result(tx, file_id):
            raise Conflict("evidence-of-a-result")
        if await store.shows_an_effect(tx, file_id):
            raise Conflict("evidence-of-an-effect")
        return await drop(tx, found, now=ctx.now)


async def drop(tx: Tx, file: File, *, now: datetime) -> File:
    """Record that a file is removed, and delete its name."""
    removed = await record(tx, file, file.remove(now=now))
    await store.delete_name(tx, file.file_id)
    return removed


async def judge(tx: Tx, file_id: UUID, verdict: Verdict, *, now: datetime) -> None:
    """Record a verdict, unless one was recorded or the file was removed meanwhile."""
    found = await store.get_as_service(tx, file_id)
    if found is None or found.status not in model.MOVES["clear"]:
        return
    infected = verdict is Verdict.INFECTED
    fact = found.refuse(now=now) if infected else found.clear(scanned=verdict is Verdict.CLEAN, now=now)
    await record(tx, found, fact)
