"""Actions on mails. The caller opens the transaction, and stores the contents of files before it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis import erasure
from chassis.context import Context
from chassis.db.database import Tx
from chassis.files.scanner import Verdict
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from chassis.texts import hash_bytes, hash_texts
from contracts.facts import Event, Fact
from contracts.file_formats import Format
from contracts.mails import MailFile, MailReceived, MailReplyReceived
from services.requests import policy
from services.requests.attachment import actions as attachment_actions
from services.requests.attachment.actions import FileStorage
from services.requests.attachment.model import AttachmentStatus, NewFile, Purpose
from services.requests.mail import answer_store, model, store
from services.requests.mail.model import Mail, ScannedFile
from services.requests.mail.parsing import IncomingFile, IncomingMail
from services.requests.mail.store import Texts
from services.requests.policy import Action
from services.requests.request.model import Request

OUTCOMES = {
    Verdict.CLEAN: AttachmentStatus.CLEAN,
    Verdict.UNSCANNED: AttachmentStatus.UNSCANNED,
    Verdict.INFECTED: AttachmentStatus.INFECTED,
}


class Sender(Struct, frozen=True, kw_only=True):
    """The person with the address of a mail, and the organization for which they act."""

    person_id: UUID
    organization: str


class Answered(Struct, frozen=True, kw_only=True):
    """The subject of the notice that a mail answers: a request, and a match if it was about one."""

    request_id: UUID
    state: str
    match_id: UUID | None


class CopiedFile(Struct, frozen=True, kw_only=True):
    """A file of a mail, copied to be attached under a new id; `salt` is that of its content's hash."""

    attachment_id: UUID
    file: ScannedFile
    name: str
    salt: bytes


async def record(tx: Tx, before: Mail | None, fact: Fact) -> Mail:
    """Apply a fact to the mail, save it, and announce the fact."""
    after = model.evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


async def receive(
    tx: Tx,
    mail_id: UUID,
    mail: IncomingMail,
    sender: Sender,
    files: Sequence[tuple[UUID, IncomingFile]],
    answered: Answered | None,
    *,
    now: datetime,
) -> None:
    """Put a mail into the triage box, or beside the request if it answers a notice. Its files are stored already."""
    salt, texts_hash = hash_texts([mail.sender, mail.subject, mail.text, mail.message_id])
    hashed = [(file_id, one, *hash_bytes(one.digest)) for file_id, one in files]
    given: dict[str, Any] = {
        "mail_id": mail_id,
        "person_id": sender.person_id,
        "organization": sender.organization,
        "size_bytes": mail.size_bytes,
        "texts_hash": texts_hash,
        "spf": mail.spf,
        "dkim": mail.dkim,
        "files": tuple(
            MailFile(file_id=file_id, format=one.format, size_bytes=len(one.content), content_hash=content_hash)
            for file_id, one, _, content_hash in hashed
        ),
        "received_at": now,
    }
    fact: Fact = (
        MailReceived(**given)
        if answered is None
        else MailReplyReceived(
            **given,
            request_id=answered.request_id,
            state=answered.state,
            match_id=answered.match_id,
        )
    )
    await record(tx, None, fact)
    texts = Texts(
        sender=mail.sender, subject=mail.subject, body=mail.text, message_id=mail.message_id, digest=mail.digest
    )
    await store.save_texts(tx, mail_id, texts, salt)
    await store.save_names(tx, mail_id, [(file_id, one_salt, one.name) for file_id, one, one_salt, _ in hashed])


async def to_change(tx: Tx, ctx: Context, mail_id: UUID, action: Action) -> Mail:
    """Return a mail that the caller may change, locked, in the expected revision."""
    mail = await store.get(tx, mail_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, mail).required()
    check_revision(mail.revision, ctx.expected)
    return mail


async def discard(tx: Tx, ctx: Context, mail_id: UUID, reason: str) -> None:
    mail = await to_change(tx, ctx, mail_id, Action.DISCARD_MAIL)
    await record(tx, mail, mail.discard(reason, now=ctx.now))


async def end_as_filed(
    tx: Tx, ctx: Context, mail: Mail, request: Request, files: Sequence[CopiedFile], own: FileStorage
) -> None:
    """Attach copied files to the draft that the mail was filed as, and record that the mail was filed."""
    of_draft = replace(ctx, expected=request.revision)
    for one in files:
        file = NewFile(
            attachment_id=one.attachment_id,
            purpose=Purpose.NOTE_VERBALE,
            format=Format(one.file.format),
            size_bytes=one.file.size_bytes,
            content_hash=one.file.content_hash,
        )
        await attachment_actions.add(tx, of_draft, request.request_id, file, one.name, one.salt, quota=own.quota)
    await record(tx, mail, mail.file(request.request_id, request.state, now=ctx.now))


async def copy_files(own: FileStorage, files: Sequence[tuple[ScannedFile, str, bytes]]) -> list[CopiedFile]:
    """Copy the contents of scanned files under new ids."""
    copied = []
    for file, name, salt in files:
        one = CopiedFile(attachment_id=new_id(), file=file, name=name, salt=salt)
        with await own.open(file.file_id) as content:
            await own.keep(one.attachment_id, content)
        copied.append(one)
    return copied


async def judge(tx: Tx, mail_id: UUID, file_id: UUID, verdict: Verdict, *, now: datetime) -> None:
    """Record a verdict, unless one was recorded before."""
    mail = await store.get_as_service(tx, mail_id)
    fact = mail.scanned(file_id, OUTCOMES[verdict], now=now) if mail else None
    if fact is not None:
        await record(tx, mail, fact)


async def forget(
    tx: Tx, person_id: UUID, because: Event | None = None, *, about: Sequence[UUID] = ()
) -> erasure.Dropped:
    """Delete what names a person, with the texts of the mails that came from the person's address."""
    dropped = await erasure.forget(tx, person_id, because, about=about)
    texts, answers = await store.delete_texts_of(tx, person_id), await answer_store.delete_of(tx, person_id)
    return {**dropped, "mail_text": texts, "mail_answer": answers}


async def rebuild(tx: Tx, mail_id: UUID, fact: Fact) -> None:
    """Apply one fact of our own journal to the tables, as the action that announced it did."""
    await store.save(tx, model.evolve(await store.get_as_service(tx, mail_id), fact))
