"""Views of deliveries."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.decisions import Later, by_day
from contracts.values import Caller, Money, Period, Side
from services.delivery import policy, remark_store
from services.delivery.contacts import store as contact_store
from services.delivery.contacts.model import SideContacts
from services.delivery.deliveries import request_store, store
from services.delivery.deliveries.model import Delivery, DeliveryStatus
from services.delivery.policy import Action
from services.delivery.remark_store import Remark
from services.delivery.sessions import store as session_store


class DeliveryItem(Struct, frozen=True, kw_only=True):
    """A delivery, opened by the confirmation of its match.

    `period` is the days of the delivery; `covers` is the number of persons of the line's group that it serves, null for
    all. `funding_needed` is the money that it lacked when its match was confirmed. `agreed_at` is the time at which
    both sides had signed an agreement, or waived one; `state_private_at` and `provider_private_at` are the times at
    which each side opened the private topic of the thread. `completion_by` is the side that proposed `proposed_on` as
    the last day; the other one confirms or objects until `confirm_by`, and with `silence_counts` its silence confirms
    after that day. `confirmed_by` is the side that confirmed, or `silence`. `without` lists what the record lacked:
    `session`, `result`. `objection` is the coded reason of the last objection. `comment` is the comment on the last
    move. `reason` is the reason for which it was suspended or terminated: a code of `/v1/reference/reasons/…`, or
    `match_revoked`. `moves` are the moves that the caller may make now.
    """

    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: str
    provider: str
    status: DeliveryStatus
    revision: int
    period: Period
    covers: int | None
    funding_needed: Money | None
    joint_delivery_id: UUID | None
    kind: str | None
    opened_at: datetime
    state_waived_at: datetime | None
    provider_waived_at: datetime | None
    state_private_at: datetime | None
    provider_private_at: datetime | None
    agreement_id: UUID | None
    agreed_at: datetime | None
    begun_at: datetime | None
    suspended_at: datetime | None
    completion_by: Side | None
    completion_proposed_at: datetime | None
    proposed_on: date | None
    confirm_by: date | None
    silence_counts: bool
    without: tuple[str, ...]
    objection: str | None
    confirmed_by: str | None
    completed_on: date | None
    completed_at: datetime | None
    terminated_at: datetime | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class DeliveryView(DeliveryItem, frozen=True, kw_only=True):
    """A delivery with the contacts of both sides, which auditors do not see, and the comments on its moves."""

    contacts: SideContacts
    remarks: tuple[Remark, ...]


async def delivery_view(tx: Tx, ctx: Context, delivery_id: UUID) -> DeliveryView:
    """Return the delivery for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_DELIVERY, found).required()
    item = (await items_of(tx, [found], ctx.caller, ctx.today))[0]
    contacts, remarks = (
        await contact_store.of_delivery(tx, delivery_id),
        await remark_store.of_delivery(tx, delivery_id),
    )
    return from_attributes(DeliveryView, item, contacts=contacts, remarks=remarks)


async def items_of(tx: Tx, found: Sequence[Delivery], caller: Caller, today: date) -> list[DeliveryItem]:
    """Return views for the caller, with the comment on the last move of each delivery."""
    async with tx.as_service():
        # Read as the service: only whether the request is closed and when the last session ends is shown.
        closed = await request_store.closed_among(tx, [one.request_id for one in found])
        last_sessions = await session_store.last_days(tx, [one.delivery_id for one in found])
    comments = await remark_store.comments_of(tx, [(one.delivery_id, one.revision) for one in found])
    views = []
    for one in found:
        # Results can no longer be reported once the request is closed.
        impossible = {Action.REPORT_RESULT} if one.request_id in closed else set()
        open_to = [move for move in policy.moves_open_to(caller, one) if move not in impossible]
        moves, later = by_day(open_to, one.opening(last_sessions.get(one.delivery_id)), today)
        views.append(
            from_attributes(DeliveryItem, one, comment=comments.get(one.delivery_id, ""), moves=moves, later=later)
        )
    return views
