"""The routes of consent: given, recorded, withdrawn; and what services that show requests ask for."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.http.application import INTERNAL, Calling, Commanded, Db, Expected, Now, asks, shown
from chassis.http.idempotency import claim
from chassis.ids import new_id
from contracts.consents import ConsentPage, Showing, Shown
from contracts.facts import Fact
from contracts.values import END
from services.requests.attachment import actions as attachment_actions
from services.requests.commands import Consenting, RecordConsent
from services.requests.consent import store as consent_store
from services.requests.policy import Action
from services.requests.request import actions
from services.requests.request.model import Request
from services.requests.request.views import RequestView, read


@post(
    "/v1/requests/{request_id:uuid}/consents",
    opt=asks(Action.CONSENT),
    status_code=201,
    summary="Consent that a request is shown",
)
async def give_consent(
    request_id: FromPath[UUID],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
    data: JSONBody[Consenting | None] = None,
) -> Response[RequestView]:
    """The State says to whom, which fields, how long; without a word everything, to whom the visibility names."""
    consenting = data or Consenting()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=request_id)
        if claimed.first:
            give = _giving(Request.consent, new_id(), consenting, now)
            await actions.move(
                tx, request_id, Action.CONSENT, give, caller=caller, expected=expected, comment=consenting.comment
            )
        given = await read(tx, request_id, caller, now)
    return _consented(given)


@post(
    "/v1/requests/{request_id:uuid}/record-consent",
    opt=asks(Action.RECORD_CONSENT),
    status_code=201,
    summary="Write down a consent that came by note verbale",
)
async def record_consent(
    request_id: FromPath[UUID],
    data: JSONBody[RecordConsent],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[RequestView]:
    """A coordinator consents to nothing for a State: the State is told at once, reads the scan, and can withdraw it.

    `scan_id` is a note that was scanned to this request (`POST …/notes-verbales`) and can be read.
    """
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=request_id)
        if claimed.first:
            consent_id = new_id()
            give = _giving(partial(Request.record_consent, scan_id=data.scan_id), consent_id, data, now)
            request = await actions.move(
                tx, request_id, Action.RECORD_CONSENT, give, caller=caller, expected=expected, comment=data.comment
            )
            await attachment_actions.require_scan(tx, request_id, data.scan_id)
            await consent_store.save_note(tx, request, consent_id, data.note_verbale)
        recorded = await read(tx, request_id, caller, now)
    return _consented(recorded)


def _giving(
    give: Callable[..., Fact], consent_id: UUID, consenting: Consenting, now: datetime
) -> Callable[[Request], Fact]:
    return lambda request: give(request, consent_id, consenting.terms(request.terms_by_visibility), now=now)


def _consented(view: RequestView) -> Response[RequestView]:
    response = shown(view, revision=view.revision)
    response.status_code = 201
    return response


@delete(
    "/v1/requests/{request_id:uuid}/consents/{consent_id:uuid}",
    opt=asks(Action.OBJECT),
    status_code=200,
    summary="Withdraw a consent",
)
async def withdraw_consent(
    request_id: FromPath[UUID],
    consent_id: FromPath[UUID],
    db: Db,
    caller: Calling,
    expected: Expected,
    now: Now,
) -> Response[RequestView]:
    """Also the objection while the window of the silence rule runs: the consent's id is then the request's own."""
    async with db.transaction(by=caller) as tx:
        await actions.move(
            tx, request_id, Action.OBJECT, lambda r: r.object(consent_id, now=now), caller=caller, expected=expected
        )
        view = await read(tx, request_id, caller, now)
    return shown(view, revision=view.revision)


@get("/internal/consents", opt=INTERNAL, summary="Consents that changed, for services that show requests")
async def show_consents(
    db: Db, caller: Calling, after: Annotated[str, QueryParameter(pattern=r"^\d{1,19}\.\d{1,18}" + END)] = "0.0"
) -> ConsentPage:
    """The requests whose consents changed after a watermark, each with all its consents as they now stand."""
    async with db.transaction(by=caller) as tx:
        return await consent_store.changed_after(tx, after)


# A POST: no log of whatever lies between says whose requests somebody was shown.
@post("/internal/shown", opt=INTERNAL, status_code=200, summary="Which requests consents show to an organization")
async def show_shown(data: JSONBody[Showing], db: Db, caller: Calling) -> list[Shown]:
    """As consents stand at this moment: what a service shows of a request that it does not own hangs on it."""
    async with db.transaction(by=caller) as tx:
        return await consent_store.shown_to(tx, data)


ROUTES = [give_consent, record_consent, withdraw_consent, show_consents, show_shown]
