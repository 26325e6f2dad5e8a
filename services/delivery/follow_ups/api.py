"""Routes of follow-ups, for people who have signed in and for the page that the link in a mail opens."""

from datetime import datetime
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from chassis.auth.answer_links import LinkToken, linked
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import PUBLIC, Db, Now
from chassis.http.commands import change, show
from chassis.http.pages import Part
from contracts.answer_links import Purpose
from contracts.values import Caller, Role
from services.delivery.commands import AnswerFollowUp
from services.delivery.dependencies import Dependencies, Owned
from services.delivery.follow_ups import actions, store, views
from services.delivery.follow_ups.views import FollowUpList, FollowUpView, LinkedFollowUp, follow_up_view
from services.delivery.policy import Action

FOLLOW_UP = "/v1/follow-ups/{follow_up_id:uuid}"
LINK = "/v1/follow-ups/link"
"""Route for the page that the link in a mail opens. Its token is the only credential."""


@show("/v1/deliveries/{delivery_id:uuid}/follow-ups", Action.LIST_FOLLOW_UPS, "The follow-ups of a delivery")
async def list_follow_ups(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], part: Part) -> FollowUpList:
    """Lists the follow-ups of both sides, 6 and 12 months after the last day of the delivery."""
    return part.of(await views.of_delivery(tx, delivery_id, ctx.caller))


@show(FOLLOW_UP, Action.SHOW_FOLLOW_UP, "One follow-up")
async def show_follow_up(tx: Tx, ctx: Context, follow_up_id: FromPath[UUID]) -> FollowUpView:
    """Includes the answer, if there is one."""
    return await follow_up_view(tx, ctx, follow_up_id)


@change(f"{FOLLOW_UP}/answer", Action.ANSWER, "Answer a follow-up", read=follow_up_view)
async def answer_follow_up(tx: Tx, ctx: Context, follow_up_id: FromPath[UUID], data: JSONBody[AnswerFollowUp]) -> None:
    """Requires the side that is asked. Replaces its previous answer, until the follow-up closes."""
    data.check()
    await actions.answer(tx, ctx, follow_up_id, data.result, data.text, data.language)


# -- by the link in a mail --------------------------------------------------------------------------------------------


@get(LINK, opt=PUBLIC)
async def show_linked_follow_up(token: LinkToken, db: Db, own: Owned, now: Now) -> Response[LinkedFollowUp]:
    """Shows the follow-up. It changes nothing, because programs follow links before people do."""
    follow_up_id, caller = await _linked(db, own, token, now)
    async with db.transaction(by=caller) as tx:
        view = await views.linked(tx, await store.get(tx, follow_up_id, caller), caller, own.reply_key)
    return Response(view)


@post(LINK, opt=PUBLIC, status_code=200)
async def answer_linked_follow_up(
    token: LinkToken, data: JSONBody[AnswerFollowUp], db: Db, own: Owned, now: Now
) -> Response[LinkedFollowUp]:
    """Answers without signing in, as the recipient of the mail. A repeat changes nothing."""
    data.check()
    follow_up_id, caller = await _linked(db, own, token, now)
    async with db.transaction(by=caller) as tx:
        found = await actions.answer_by_link(tx, caller, follow_up_id, data.result, data.text, data.language, now=now)
        view = await views.linked(tx, found, caller, own.reply_key)
    return Response(view)


async def _linked(db: Db, own: Dependencies, token: str, now: datetime) -> tuple[UUID, Caller]:
    """Return the follow-up of a token, and its person in the appointment that is asked. Raises Missing, Unavailable."""

    async def asked(follow_up_id: UUID) -> tuple[str, Role] | None:
        async with db.transaction(by=None) as tx:
            found = await store.get_as_service(tx, follow_up_id)
        return (found.organization, found.role) if found else None

    return await linked(own.reply_key, own.callers, Purpose.FOLLOW_UP, token, asked, now=now)


ROUTES = [
    list_follow_ups,
    show_follow_up,
    answer_follow_up,
    show_linked_follow_up,
    answer_linked_follow_up,
]
