"""The route that shows a State who may see its request and who has read it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import show
from chassis.journal.outbox import read_aggregate
from contracts.consents import RECIPIENTS_MAX, Terms
from contracts.facts import Event
from contracts.values import END
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.audience.admissions import Admission, admissions, foreseen, moments
from services.requests.audience.store import Reader
from services.requests.clock import store as clock_store
from services.requests.policy import Action
from services.requests.request import store

_ONE = "(providers|unodc_units|[A-Z][A-Z0-9-]{2,31})"
RECIPIENTS = f"^{_ONE}(,{_ONE}){{0,{RECIPIENTS_MAX - 1}}}{END}"
"""Pattern of the recipients of a consent, separated by commas."""


class Audience(Struct, frozen=True, kw_only=True):
    """The recipients, except its State, who may see a request now, and the last 500 who have read it.

    With `if_submitted` or `if_consented`, `admissions` are those after the submission or the consent, once UNODC has
    completed its triage.
    """

    request_id: UUID
    at: datetime
    admissions: list[Admission]
    readers: list[Reader]


@show(
    "/v1/requests/{request_id:uuid}/audience", Action.READ_AUDIENCE, "Who sees what of a request, and who has read it"
)
async def show_audience(
    tx: Tx,
    ctx: Context,
    request_id: FromPath[UUID],
    if_submitted: FromQuery[bool] = False,
    if_consented: Annotated[str | None, QueryParameter(pattern=RECIPIENTS, max_length=2000)] = None,
) -> Audience:
    """Available to the State, coordinators and auditors. Fetching the request by id counts as a read, lists do not.

    `if_submitted=true` and `if_consented=NOR,unodc_units` show who would see the request; nothing is changed.
    """
    request = await store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_AUDIENCE, request).required()
    history = moments(await _facts_of(tx, request_id))
    readers = await audience_store.readers(tx, request)
    assert request.read_at is not None, "the request was read for a caller"
    consented = Terms(recipients=tuple(if_consented.split(","))) if if_consented else None
    if if_submitted or consented:
        holidays = await clock_store.holidays(tx)
        found = foreseen(request, history, holidays, now=ctx.now, submitted=if_submitted, consented=consented)
    else:
        found = admissions(request, history)
    return Audience(request_id=request_id, at=request.read_at, admissions=found, readers=readers)


async def _facts_of(tx: Tx, request_id: UUID) -> list[Event]:
    """Return the whole history of a request; a truncated one would give wrong admissions."""
    found = await read_aggregate(tx, request_id)
    while page := await read_aggregate(tx, request_id, after_version=found[-1].aggregateversion):
        found += page
    return found


ROUTES = [show_audience]
