"""The pledges service, put together."""

from pathlib import Path

from chassis.following import Followed
from chassis.service import Service
from services.pledges import actions, allocation_routes, api, flow_routes, following, import_routes
from services.pledges.consumers import HANDLERS

SERVICE = Service(
    name="pledges",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *allocation_routes.ROUTES, *flow_routes.ROUTES, *import_routes.ROUTES],
    listens_to=("matching", "directory"),
    handlers=HANDLERS,
    rebuild=actions.rebuild,
    tables=(
        "flow_import",
        "posting",
        "entry",
        "allocation",
        "requirement",
        "pledge",
        "rate",
        "balance",
        "fund_requirement",
        "fund",
    ),
    texts=("fund_text", "pledge_text", "imported_flow", "rejected_row"),
    own=lambda _running: flow_routes.Tables(),
    followed=Followed(following.seen),
)
