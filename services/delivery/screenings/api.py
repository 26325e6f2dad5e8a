"""Routes of screenings. Each opens one transaction; a repeated command gets the recorded answer."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, create, show
from chassis.http.pages import Part
from contracts.conversion import from_attributes
from services.delivery.action_points.model import Terms
from services.delivery.commands import AnswerScreening, BeginScreening, CompleteScreening, ReopenScreening
from services.delivery.policy import Action
from services.delivery.screenings import actions, views
from services.delivery.screenings.model import screening_id_of
from services.delivery.screenings.views import DeliveryScreenings, screening_view

OF_DELIVERY = "/v1/deliveries/{delivery_id:uuid}/screenings"
SCREENING = "/v1/screenings/{screening_id:uuid}"


@show(OF_DELIVERY, Action.LIST_SCREENINGS, "The screenings of a delivery")
async def list_screenings(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], part: Part) -> DeliveryScreenings:
    """Lists the screenings that were begun."""
    return part.of(await views.of_delivery(tx, delivery_id, ctx.caller))


def _key(delivery_id: UUID, data: BeginScreening) -> UUID:
    return screening_id_of(delivery_id, data.screening)


@create(
    OF_DELIVERY,
    Action.ANSWER_SCREENING,
    "Begin a screening",
    read=screening_view,
    key=_key,
    location=lambda view: f"/v1/screenings/{view.screening_id}",
)
async def begin_screening(
    tx: Tx, ctx: Context, screening_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[BeginScreening]
) -> None:
    """Requires the role `provider_officer` or `coordinator`, and the first answers."""
    await actions.begin(tx, ctx, delivery_id, data.screening, data.answered, data.comments)


@show(SCREENING, Action.SHOW_SCREENING, "One screening")
async def show_screening(tx: Tx, ctx: Context, screening_id: FromPath[UUID]) -> views.ScreeningView:
    """Includes all questions of the screening."""
    return await screening_view(tx, ctx, screening_id)


@change(SCREENING, Action.ANSWER_SCREENING, "Answer a screening", read=screening_view, method="PUT")
async def answer_screening(tx: Tx, ctx: Context, screening_id: FromPath[UUID], data: JSONBody[AnswerScreening]) -> None:
    """Replaces the previous answers."""
    await actions.answer(tx, ctx, screening_id, data.answered, data.comments)


@change(f"{SCREENING}/complete", Action.COMPLETE_SCREENING, "Complete a screening", read=screening_view)
async def complete_screening(
    tx: Tx, ctx: Context, screening_id: FromPath[UUID], data: JSONBody[CompleteScreening]
) -> None:
    """Requires an answer to each question. The recommendations become action points."""
    points = [(from_attributes(Terms, one), one.text) for one in data.recommendations]
    await actions.complete(tx, ctx, screening_id, points)


@change(f"{SCREENING}/reopen", Action.REOPEN_SCREENING, "Reopen a screening", read=screening_view)
async def reopen_screening(tx: Tx, ctx: Context, screening_id: FromPath[UUID], data: JSONBody[ReopenScreening]) -> None:
    """The screening can then be answered again."""
    await actions.move(tx, ctx, screening_id, Action.REOPEN_SCREENING, lambda one: one.reopen(now=ctx.now))


ROUTES = [
    list_screenings,
    begin_screening,
    show_screening,
    answer_screening,
    complete_screening,
    reopen_screening,
]
