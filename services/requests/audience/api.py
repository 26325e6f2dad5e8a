"""The route that shows a State who may see its request and who has read it."""

from datetime import datetime
from uuid import UUID

from litestar.params import FromPath
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import show
from chassis.journal.outbox import read_aggregate
from contracts.facts import Event
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.audience.admissions import Admission, admissions, moments
from services.requests.audience.store import Reader
from services.requests.policy import Action
from services.requests.request import store


class Audience(Struct, frozen=True, kw_only=True):
    """Who except its State may see a request now, and who has read it: the last 500 readers."""

    request_id: UUID
    at: datetime
    admissions: list[Admission]
    readers: list[Reader]


@show(
    "/v1/requests/{request_id:uuid}/audience", Action.READ_AUDIENCE, "Who sees what of a request, and who has read it"
)
async def show_audience(tx: Tx, ctx: Context, request_id: FromPath[UUID]) -> Audience:
    """For the State itself, coordinators and auditors. Fetching the request by id counts as a read, lists do not."""
    request = await store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_AUDIENCE, request).required()
    history = moments(await _facts_of(tx, request_id))
    readers = await audience_store.readers(tx, request)
    assert request.read_at is not None, "read for a caller"
    return Audience(request_id=request_id, at=request.read_at, admissions=admissions(request, history), readers=readers)


async def _facts_of(tx: Tx, request_id: UUID) -> list[Event]:
    """The whole history of a request: a truncated one would give wrong admissions."""
    found = await read_aggregate(tx, request_id)
    while page := await read_aggregate(tx, request_id, after_version=found[-1].aggregateversion):
        found += page
    return found


ROUTES = [show_audience]
