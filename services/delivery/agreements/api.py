"""Routes of agreements. Each opens one transaction; a repeated command gets the recorded answer."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, create, show
from services.delivery.agreements import actions
from services.delivery.agreements.views import AgreementView, agreement_view
from services.delivery.bodies import Nothing
from services.delivery.commands import ProposeAgreement, Sign
from services.delivery.policy import Action

AGREEMENT = "/v1/deliveries/{delivery_id:uuid}/agreement"


@show(AGREEMENT, Action.SHOW_AGREEMENT, "The agreement of a delivery")
async def show_agreement(tx: Tx, ctx: Context, delivery_id: FromPath[UUID]) -> AgreementView:
    """Shows all versions, the last one first, with the changes in each."""
    return await agreement_view(tx, ctx, delivery_id)


@create(
    AGREEMENT,
    Action.PROPOSE,
    "Propose an agreement for a delivery",
    read=agreement_view,
    key=lambda delivery_id: delivery_id,
    location=lambda view: f"/v1/deliveries/{view.delivery_id}/agreement",
)
async def propose_agreement(
    tx: Tx, ctx: Context, key: UUID, delivery_id: FromPath[UUID], data: JSONBody[ProposeAgreement]
) -> None:
    """Proposes the first version. Requires the role `focal_point` or `provider_officer`.

    The other side then signs it or proposes another version.
    """
    await actions.propose_first(tx, ctx, delivery_id, data.terms, data.language, data.checked_texts())


@change(f"{AGREEMENT}/propose", Action.PROPOSE, "Propose another version of an agreement", read=agreement_view)
async def propose_version(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[ProposeAgreement]) -> None:
    """The side whose turn it is proposes another version, as long as not both sides have signed.

    While a version is in force, either side may propose an amendment.
    """
    await actions.propose(tx, ctx, delivery_id, data.terms, data.language, data.checked_texts())


@change(f"{AGREEMENT}/sign", Action.SIGN, "Sign the last version of an agreement", read=agreement_view)
async def sign_agreement(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Sign]) -> None:
    """The side whose turn it is signs. The second signature puts the version in force, and the delivery may begin."""
    await actions.sign(tx, ctx, delivery_id, data.version, data.signed_on, data.file_id)


@change(f"{AGREEMENT}/drop-amendment", Action.DROP_AMENDMENT, "Drop a proposed amendment", read=agreement_view)
async def drop_amendment(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Either side may drop it. The version in force remains so."""
    await actions.drop_amendment(tx, ctx, delivery_id)


ROUTES = [show_agreement, propose_agreement, propose_version, sign_agreement, drop_amendment]
