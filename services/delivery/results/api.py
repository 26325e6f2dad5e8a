"""Routes of results. Each opens one transaction; a repeated command gets the recorded answer."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, create, show
from chassis.http.pages import Part
from contracts.conversion import from_attributes
from services.delivery.bodies import Comment, Reason, check_reason
from services.delivery.commands import ReportAgain, ReportResult
from services.delivery.policy import Action
from services.delivery.results import actions, views
from services.delivery.results.model import Figures, result_id_of
from services.delivery.results.views import DeliveryResults, result_view

OF_DELIVERY = "/v1/deliveries/{delivery_id:uuid}/results"
RESULT = "/v1/results/{result_id:uuid}"


@show(OF_DELIVERY, Action.LIST_RESULTS, "The results of a delivery")
async def list_results(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], part: Part) -> DeliveryResults:
    """Lists one result for each indicator, ordered by last report, and the indicators of the kind of assistance."""
    return part.of(await views.of_delivery(tx, delivery_id, ctx.caller))


def _key(delivery_id: UUID, data: ReportResult) -> UUID:
    return result_id_of(delivery_id, data.indicator)


@create(
    OF_DELIVERY,
    Action.REPORT_RESULT,
    "Report a result",
    read=result_view,
    key=_key,
    location=lambda view: f"/v1/results/{view.result_id}",
)
async def report_result(
    tx: Tx, ctx: Context, result_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[ReportResult]
) -> None:
    """Requires the role `focal_point` or `provider_officer`, and a delivery that has begun.

    Each indicator is reported once; later reports use the route of the result.
    """
    figures = from_attributes(Figures, data)
    await actions.report_first(tx, ctx, delivery_id, data.indicator, figures, data.comment)


@show(RESULT, Action.SHOW_RESULT, "One result")
async def show_result(tx: Tx, ctx: Context, result_id: FromPath[UUID]) -> views.ResultView:
    """Shows the result as it was reported last."""
    return await result_view(tx, ctx, result_id)


@change(f"{RESULT}/report", Action.REPORT_RESULT, "Report a result again", read=result_view)
async def report_result_again(tx: Tx, ctx: Context, result_id: FromPath[UUID], data: JSONBody[ReportAgain]) -> None:
    """Replaces what was reported before. A confirmation is removed."""
    await actions.report(tx, ctx, result_id, from_attributes(Figures, data), data.comment)


@change(f"{RESULT}/confirm", Action.CONFIRM_RESULT, "Confirm a result", read=result_view)
async def confirm_result(tx: Tx, ctx: Context, result_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point`."""
    await actions.confirm(tx, ctx, result_id, data.comment)


@change(f"{RESULT}/dispute", Action.DISPUTE_RESULT, "Dispute a result", read=result_view)
async def dispute_result(tx: Tx, ctx: Context, result_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `focal_point`. Both sides read the reason."""
    await actions.dispute(tx, ctx, result_id, check_reason("dispute_result", data.reason), data.comment)


ROUTES = [list_results, report_result, show_result, report_result_again, confirm_result, dispute_result]
