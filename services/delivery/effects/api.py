"""Routes of effects: those of the declaration, and that which records one on a delivery."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import create
from chassis.nouns import actions
from chassis.nouns.routes import reader, routes
from contracts.refusals import Invalid
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.effects.model import EFFECTS, RecordEffect
from services.delivery.files import store as file_store
from services.delivery.policy import Action


@create(
    "/v1/deliveries/{delivery_id:uuid}/effects",
    Action.RECORD_EFFECT,
    "Record what changed after a delivery",
    read=reader(EFFECTS),
    location=lambda view: f"/v1/effects/{view.effect_id}",
)
async def record_effect(
    tx: Tx, ctx: Context, effect_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[RecordEffect]
) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`, and a delivery that has begun.

    A file of the delivery or an address shows the effect. The delivery is locked so that the file cannot be removed
    meanwhile.
    """
    delivery = await delivery_store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.RECORD_EFFECT, delivery).required()
    await actions.create(tx, ctx, EFFECTS, effect_id, data, delivery)
    async with tx.as_service():
        if data.file_id is not None and not await file_store.is_evidence_of(tx, data.file_id, delivery_id):
            raise Invalid("effect-evidence-unsuitable", field="file_id")


ROUTES = [*routes(EFFECTS), record_effect]
