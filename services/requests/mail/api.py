"""The routes of mails: the triage box, its files, and messages on requests."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from chassis.audit.log import log_read
from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.downloads import Download
from chassis.http.idempotency import etag
from chassis.http.pages import Pagination, Part
from chassis.http.queries import query_parameter
from chassis.http.uploads import MEDIA_TYPE
from contracts import reference
from contracts.conversion import from_attributes
from contracts.refusals import Conflict, Invalid
from contracts.values import Organization
from services.requests import policy
from services.requests.attachment.actions import FileStorage
from services.requests.attachment.model import ATTACHMENTS_MAX
from services.requests.audience import store as audience_store
from services.requests.commands import DiscardMail, FileMail, check_reason, check_state
from services.requests.mail import actions as mail_actions
from services.requests.mail import store
from services.requests.mail.actions import CopiedFile
from services.requests.mail.model import Mail, MailStatus
from services.requests.mail.store import FileView, MailSummary
from services.requests.policy import Action
from services.requests.request import actions
from services.requests.request import store as request_store
from services.requests.request.values import FilingChannel
from services.requests.request.views import read

READ = "requests.mail.read"
MESSAGES_MAX = 100
Own = NamedDependency[FileStorage]


class MailPage(Struct, frozen=True, kw_only=True):
    """Mails, newest first; `cursor` leads to the next page."""

    mails: list[MailSummary]
    cursor: str | None


class MailView(Struct, frozen=True, kw_only=True):
    """A mail with its text and files.

    `sender` is the address that the mail came from, `organization` that of the person with this address. An address can
    be forged: `spf` and `dkim` are the results of UNODC's own mail edge, or else `unverified`. `request_id` is the
    request that the mail was filed as or, for a message, that it belongs to.
    """

    mail_id: UUID
    status: MailStatus
    revision: int
    organization: str
    received_at: datetime
    size_bytes: int
    spf: str
    dkim: str
    sender: str
    subject: str
    body: str
    message_id: str
    files: list[FileView]
    request_id: UUID | None
    match_id: UUID | None
    reason: str | None
    moves: tuple[str, ...]


@get("/v1/intake/mails", opt=requires(Action.LIST_MAILS), summary="Incoming mails, newest first")
async def list_mails(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    status: FromQuery[MailStatus | None] = None,
    organization: Annotated[str | None, query_parameter(Organization)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[MailPage]:
    """Requires the role `coordinator` or `auditor`. `status=new` lists the triage box."""
    policy.decide(caller, Action.LIST_MAILS).required()
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, status=status, organization=organization, before=cursor, limit=limit + 1)
    return paging.page(MailPage, found, limit)


async def read_mail(tx: Tx, ctx: Context, mail_id: UUID) -> MailView:
    """Return the mail, and record the read in the audit. Raises Missing."""
    mail = await store.get(tx, mail_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_MAIL, mail).required()
    await log_read(tx, READ, "mail", mail_id, mail.revision)
    words = await store.words(tx, mail_id)
    return from_attributes(
        MailView,
        mail,
        sender=words.sender,
        subject=words.subject,
        body=words.body,
        message_id=words.message_id,
        files=await store.file_views(tx, mail_id),
        moves=policy.mail_moves_open_to(ctx.caller, mail),
    )


@show("/v1/intake/mails/{mail_id:uuid}", Action.SHOW_MAIL, "One incoming mail")
async def show_mail(tx: Tx, ctx: Context, mail_id: FromPath[UUID]) -> MailView:
    """Requires the role `coordinator` or `auditor`. A message is also shown to the State of its sender."""
    return await read_mail(tx, ctx, mail_id)


@get(
    "/v1/intake/files/{file_id:uuid}",
    opt=requires(Action.READ_MAIL_FILE),
    media_type=MEDIA_TYPE.decode(),
    summary="Download a file of a mail",
)
async def read_mail_file(file_id: FromPath[UUID], db: Db, own: Own, caller: CurrentCaller) -> Download:
    """The response is always a download, without a media type that a browser would display.

    The format may be that of an attachment or `other`.
    """
    async with db.transaction(by=caller) as tx:
        mail = await store.get(tx, await store.id_of_file(tx, file_id), caller)
        policy.decide(caller, Action.READ_MAIL_FILE, mail).required()
        found = next(one for one in await store.file_views(tx, mail.mail_id) if one.file_id == file_id)
        if not next(one for one in mail.files if one.file_id == file_id).readable:
            raise Conflict("attachment-status", status=found.status, move="read")
        await log_read(tx, READ, "mail", mail.mail_id, mail.revision)
    content = await own.open(file_id)
    return Download(content, name=found.name, size_bytes=found.size_bytes, etag=etag(mail.revision))


async def _copy_files(
    db: Database, ctx: Context, _request_id: UUID, mail_id: FromPath[UUID], data: JSONBody[FileMail], own: Own
) -> list[CopiedFile]:
    """Copy the files of a mail to be filed, under new ids, before the transaction."""
    async with db.transaction(by=ctx.caller) as tx:
        mail = await store.get(tx, mail_id, ctx.caller)
        policy.decide(ctx.caller, Action.FILE_MAIL, mail).required()
        if mail.status is not MailStatus.NEW:
            # This is a repeat: its answer was recorded, or the transaction refuses it.
            return []
        files = mail.chosen(data.file_ids, most=ATTACHMENTS_MAX)
        names = await store.names(tx, mail_id)
    return await mail_actions.copy_files(own, [(one, *names[one.file_id]) for one in files if one.file_id in names])


@create(
    "/v1/intake/mails/{mail_id:uuid}/file",
    Action.FILE_MAIL,
    "File a mail as a draft on behalf of a State",
    read=read,
    location=lambda view: f"/v1/requests/{view.request_id}",
    before=_copy_files,
    if_match=True,
)
async def file_mail(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    mail_id: FromPath[UUID],
    data: JSONBody[FileMail],
    own: Own,
    before: list[CopiedFile],
) -> None:
    """Files a request like `POST /v1/requests/on-behalf`, with channel `mail` and the day that the mail came.

    The files of the mail become scans of the request, which the State and UNODC read. `If-Match` is the mail's
    revision.
    """
    mail = await mail_actions.to_change(tx, ctx, mail_id, Action.FILE_MAIL)
    mail.require(Action.FILE_MAIL)
    words = await store.words(tx, mail_id)
    body = replace(data, title=data.title or words.subject[:200], need=data.need or words.body[:4000])
    content, texts, salt = body.content()
    received = FilingChannel.MAIL, mail.received_at.date(), _reference(data, mail, words.message_id)
    state = _state(data, mail)
    request = await actions.file_on_behalf(tx, ctx, request_id, state, content, texts, salt, *received)
    await mail_actions.end_as_filed(tx, ctx, mail, request, before, own)


def _state(data: FileMail, mail: Mail) -> str:
    """Return the State for which the mail is filed. Raises Invalid if none is named and the sender is of none."""
    if data.state is None and mail.organization not in reference.countries():
        raise Invalid("mail-state-missing", field="state")
    return check_state(data.state or mail.organization)


def _reference(data: FileMail, mail: Mail, message_id: str) -> str:
    return data.received_reference or (message_id[:200] if len(message_id) >= 3 else str(mail.mail_id))


@change("/v1/intake/mails/{mail_id:uuid}/discard", Action.DISCARD_MAIL, "Discard a mail", read=read_mail)
async def discard_mail(tx: Tx, ctx: Context, mail_id: FromPath[UUID], data: JSONBody[DiscardMail]) -> None:
    """Requires the role `coordinator`. Removes the mail from the triage box.

    Its text and files stay readable for coordinators and auditors.
    """
    await mail_actions.discard(tx, ctx, mail_id, check_reason("discard_mail", data.reason))


@show("/v1/requests/{request_id:uuid}/messages", Action.READ_MESSAGES, "The messages on a request, newest first")
async def list_messages(tx: Tx, ctx: Context, request_id: FromPath[UUID], part: Part) -> MailPage:
    """Lists the mails that answered a notice about the request.

    UNODC reads all of them, a State those of its own people. The text of each is at `/v1/intake/mails/{mail_id}`.
    """
    request = await request_store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_MESSAGES, request).required()
    await audience_store.log_access(tx, request, ctx.caller)
    found = await store.page(
        tx,
        ctx.caller,
        status=MailStatus.ADDED,
        organization=None,
        request_id=request_id,
        before=None,
        limit=MESSAGES_MAX,
    )
    return part.of(MailPage(mails=found, cursor=None))


ROUTES = [list_mails, show_mail, read_mail_file, file_mail, discard_mail, list_messages]
