"""The routes of consent: given, recorded, withdrawn; and what services that show requests ask for."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import INTERNAL, Calling, Db
from chassis.http.commands import change
from chassis.ids import new_id
from contracts.consents import ConsentPage, VisibilityQuery, VisibleRequest
from contracts.facts import Fact
from contracts.values import END
from services.requests.attachment import actions as attachment_actions
from services.requests.commands import Consenting, RecordConsent
from services.requests.consent import store as consent_store
from services.requests.policy import Action
from services.requests.request import actions
from services.requests.request.model import Request
from services.requests.request.views import read


@change(
    "/v1/requests/{request_id:uuid}/consents",
    Action.CONSENT,
    "Consent that a request is shown",
    read=read,
    status_code=201,
)
async def give_consent(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Consenting | None] = None
) -> None:
    """The State says to whom, which fields, how long; without a word everything, to whom the visibility names."""
    consenting = data or Consenting()
    give = _giving(Request.consent, new_id(), consenting, ctx.now)
    await actions.move(tx, ctx, request_id, Action.CONSENT, give, comment=consenting.comment)


@change(
    "/v1/requests/{request_id:uuid}/record-consent",
    Action.RECORD_CONSENT,
    "Write down a consent that came by note verbale",
    read=read,
    status_code=201,
)
async def record_consent(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[RecordConsent]) -> None:
    """A coordinator consents to nothing for a State: the State is told at once, reads the scan, and can withdraw it.

    `scan_id` is a note that was scanned to this request (`POST …/notes-verbales`) and can be read.
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
    """Also the objection while the window of the silence rule runs: the consent's id is then the request's own."""
    await actions.move(tx, ctx, request_id, Action.OBJECT, lambda r: r.object(consent_id, now=ctx.now))


@get("/internal/consents", opt=INTERNAL, summary="Consents that changed, for services that show requests")
async def show_consents(
    db: Db, caller: Calling, after: Annotated[str, QueryParameter(pattern=r"^\d{1,19}\.\d{1,18}" + END)] = "0.0"
) -> ConsentPage:
    """The requests whose consents changed after a watermark, each with all its consents as they now stand."""
    async with db.transaction(by=caller) as tx:
        return await consent_store.changed_after(tx, after)


# A POST: no log of whatever lies between says whose requests somebody was shown.
@post("/internal/shown", opt=INTERNAL, status_code=200, summary="Which requests consents show to an organization")
async def show_shown(data: JSONBody[VisibilityQuery], db: Db, caller: Calling) -> list[VisibleRequest]:
    """As consents stand at this moment: what a service shows of a request that it does not own hangs on it."""
    async with db.transaction(by=caller) as tx:
        return await consent_store.shown_to(tx, data)


ROUTES = [give_consent, record_consent, withdraw_consent, show_consents, show_shown]
