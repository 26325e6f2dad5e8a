"""Joint deliveries: one delivery proposed to several States."""

from litestar import Response, get
from litestar.params import FromPath

from services.console.joint_deliveries.moves import JOINT_DELIVERY
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage

LIST_LENGTH = 25


@get("/{language:str}/joint-deliveries")
async def list_joint_deliveries(page: CurrentPage) -> Response[bytes]:
    found = await page.api.get(
        "/v1/joint-deliveries", offering=page.asked("offering"), cursor=page.asked("cursor"), limit=LIST_LENGTH
    )
    return page.render("joint_deliveries/list.html", found=found)


@get("/{language:str}/joint-deliveries/{joint_delivery_id:str}")
async def show_joint_delivery(page: CurrentPage, joint_delivery_id: FromPath[str]) -> Response[bytes]:
    """Show a joint delivery, the States that take part, and what each has answered."""
    session = page.signed_in
    joint = await page.api.get(f"/v1/joint-deliveries/{joint_delivery_id}")
    return page.render(
        "joint_deliveries/show.html",
        joint=joint,
        moves=JOINT_DELIVERY.open_to(joint, session.role),
        mine="confirm" in joint["moves"]
        or any(
            one["state"] == session.organization and one["status"] in ("presented", "provider_confirmed")
            for one in joint["members"]
        ),
    )


ROUTES = (list_joint_deliveries, show_joint_delivery, *routes_of(JOINT_DELIVERY))
