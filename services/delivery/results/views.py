"""Views of results."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.reference.deliveries import indicators
from contracts.values import Caller, Side
from services.delivery import policy
from services.delivery.deliveries import request_store
from services.delivery.deliveries import store as delivery_store
from services.delivery.policy import Action
from services.delivery.results import store
from services.delivery.results.model import Result, ResultStatus, indicators_of
from services.delivery.results.store import Texts


class ResultView(Struct, frozen=True, kw_only=True):
    """The result of a delivery by one `indicator`, in its `unit`, as the side `reported_by` reported it last.

    `file_id` is the file of the delivery that shows it. `reason` is the State's reason for disputing it, a code of
    `/v1/reference/reasons/dispute_result`; `state_comment` is the State's comment on the dispute or confirmation.
    `moves` are the moves that the caller may make now.
    """

    result_id: UUID
    delivery_id: UUID
    indicator: str
    unit: str
    status: ResultStatus
    revision: int
    baseline: int | None
    target: int | None
    actual: int
    measured_on: date
    file_id: UUID | None
    comment: str
    reported_by: Side
    reported_at: datetime
    confirmed_at: datetime | None
    disputed_at: datetime | None
    reason: str | None
    state_comment: str
    moves: tuple[str, ...]


class DeliveryResults(Struct, frozen=True, kw_only=True):
    """The results of a delivery, and the indicators of its kind of assistance; `closed_at` if its request is closed."""

    results: list[ResultView]
    indicators: tuple[str, ...]
    closed_at: datetime | None
    cursor: str | None = None


async def result_view(tx: Tx, ctx: Context, result_id: UUID) -> ResultView:
    """Return the result for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, result_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_RESULT, found).required()
    return (await _views_of(tx, [found], ctx.caller, await _closed_at(tx, found.request_id)))[0]


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> DeliveryResults:
    """Return the results of a delivery. Raises Missing if the caller may not see the delivery."""
    delivery = await delivery_store.get(tx, delivery_id, caller)
    policy.decide(caller, Action.LIST_RESULTS, delivery).required()
    closed_at = await _closed_at(tx, delivery.request_id)
    views = await _views_of(tx, await store.of_delivery(tx, delivery_id), caller, closed_at)
    return DeliveryResults(results=views, indicators=indicators_of(delivery), closed_at=closed_at)


async def _closed_at(tx: Tx, request_id: UUID) -> datetime | None:
    async with tx.as_service():
        return await request_store.closed_at(tx, request_id)


async def _views_of(tx: Tx, found: Sequence[Result], caller: Caller, closed_at: datetime | None) -> list[ResultView]:
    texts = await store.texts_of(tx, [one.result_id for one in found])
    return [
        from_attributes(
            ResultView,
            one,
            unit=indicators()[one.indicator].unit,
            comment=texts.get(one.result_id, Texts()).comment,
            state_comment=texts.get(one.result_id, Texts()).answer,
            moves=policy.result_moves_open_to(caller, one) if closed_at is None else (),
        )
        for one in found
    ]
