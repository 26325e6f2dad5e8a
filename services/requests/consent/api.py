"""The routes of consents, and the internal routes with which services ask what they may show."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import INTERNAL, CurrentCaller, Db
from chassis.http.commands import change
from chassis.ids import new_id
from contracts.consents import ConsentPage, VisibilityQuery, VisibleRequest, Withdrawal, WithdrawalQuery
from contracts.facts import Fact
from contracts.requests import RequestSubmitted
from contracts.values import END
from services.requests.attachment import actions as attachment_actions
from services.requests.commands import Consenting, RecordConfirmation, RecordConsent
from services.requests.consent import store as consent_store
from services.requests.policy import Action
from services.requests.request import actions
from services.requests.request.model import Request
from services.requests.request.views import read


@change(
    "/v1/requests/{request_id:uuid}/consents",
    Action.CONSENT,
    "Give consent to show a request",
    read=read,
    status_code=201,
)
async def give_consent(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Consenting | None] = None
) -> None:
    """Requires the role `focal_point` of the State. By default all fields are shown to those whom the visibility names.

    The consent lasts until it is withdrawn, or until `ends_at`.
    """
    consenting = data or Consenting()
    give = _giving(Request.consent, new_id(), consenting, ctx.now)
    await actions.move(tx, ctx, request_id, Action.CONSENT, give, comment=consenting.comment)


@change(
    "/v1/requests/{request_id:uuid}/record-confirmation",
    Action.RECORD_CONFIRMATION,
    "Record a State's confirmation of a request filed on its behalf",
    read=read,
)
async def record_confirmation(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[RecordConfirmation]
) -> None:
    """Requires the role `coordinator`. Submits the request in the State's name.

    `scan_id` is a scan of this request (`POST …/notes-verbales`).
    """

    def confirm(request: Request, reference: str) -> RequestSubmitted:
        return request.record_confirmation(data.scan_id, reference, now=ctx.now)

    await actions.submit(tx, ctx, request_id, Action.RECORD_CONFIRMATION, confirm, data.comment)
    await attachment_actions.require_scan(tx, request_id, data.scan_id)


@change(
    "/v1/requests/{request_id:uuid}/record-consent",
    Action.RECORD_CONSENT,
    "Record a consent given by note verbale",
    read=read,
    status_code=201,
)
async def record_consent(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[RecordConsent]) -> None:
    """Requires the role `coordinator`. The State is notified at once, reads the scan, and can withdraw the consent.

    `scan_id` is a scanned note of this request (`POST …/notes-verbales`) that can be read.
    """
    consent_id = new_id()
    give = _giving(partial(Request.record_consent, scan_id=data.scan_id), consent_id, data, ctx.now)
    request = await actions.move(tx, ctx, request_id, Action.RECORD_CONSENT, give, comment=data.comment)
    await attachment_actions.require_scan(tx, request_id, data.scan_id)
    await consent_store.save_note(tx, request, consent_id, data.note_verbale)


def _giving(
    give: Callable[..., Fact], consent_id: UUID, consenting: Consenting, now: datetime
) -> Callable[[Request], Fact]:
    return lambda request: give(request, consent_id, consenting.terms(request.terms_by_visibility), now=now)


@change(
    "/v1/requests/{request_id:uuid}/consents/{consent_id:uuid}",
    Action.OBJECT,
    "Withdraw a consent",
    read=read,
    method="DELETE",
)
async def withdraw_consent(tx: Tx, ctx: Context, request_id: FromPath[UUID], consent_id: FromPath[UUID]) -> None:
    """Requires the role `focal_point` of the State. Also objects during the window of the silence rule.

    The id of the consent by silence is the request's own id.
    """
    await actions.move(tx, ctx, request_id, Action.OBJECT, lambda r: r.object(consent_id, now=ctx.now))


@get("/internal/consents", opt=INTERNAL, summary="Consents that changed, for services that show requests")
async def show_consents(
    db: Db, caller: CurrentCaller, after: Annotated[str, QueryParameter(pattern=r"^\d{1,19}\.\d{1,18}" + END)] = "0.0"
) -> ConsentPage:
    """Lists the requests whose consents changed after a watermark, each with all its current consents."""
    async with db.transaction(by=caller) as tx:
        return await consent_store.changed_after(tx, after)


# A POST, so that no access log contains the ids of requests.
@post("/internal/shown", opt=INTERNAL, status_code=200, summary="Which requests consents show to an organization")
async def show_shown(data: JSONBody[VisibilityQuery], db: Db, caller: CurrentCaller) -> list[VisibleRequest]:
    """Lists the requests that the consents in force now show to an organization, with the fields.

    A service asks before it shows a request that it does not own.
    """
    async with db.transaction(by=caller) as tx:
        return await consent_store.shown_to(tx, data)


@post("/internal/withdrawn", opt=INTERNAL, status_code=200, summary="Whether a State has withdrawn its words")
async def show_withdrawal(data: JSONBody[WithdrawalQuery], db: Db, caller: CurrentCaller) -> Withdrawal:
    """States whether the State has withdrawn its words from a provider that it agreed with.

    If it has, the provider may no longer read what a service has of the request.
    """
    async with db.transaction(by=caller) as tx:
        return Withdrawal(is_withdrawn=await consent_store.is_withdrawn(tx, data))


ROUTES = [
    record_confirmation,
    give_consent,
    record_consent,
    withdraw_consent,
    show_consents,
    show_shown,
    show_withdrawal,
]
