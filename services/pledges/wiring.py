"""The pledges service, put together."""

from pathlib import Path

from chassis.following import Followed
from chassis.service import Running, Service
from services.pledges import (
    actions,
    allocation_routes,
    api,
    exit_routes,
    flow_routes,
    following,
    iati_api,
    import_routes,
    period_routes,
    proposal_routes,
    rate_routes,
    statement_routes,
)
from services.pledges.consumers import HANDLERS, hears
from services.pledges.money import Validity
from services.pledges.own import Own, Tables


def own(running: Running) -> Own:
    return Own(Validity(running.settings.rates_hold), running.settings.iati_organization, Tables())


SERVICE = Service(
    name="pledges",
    folder=Path(__file__).parent,
    routes=[
        *api.ROUTES,
        *exit_routes.ROUTES,
        *allocation_routes.ROUTES,
        *proposal_routes.ROUTES,
        *period_routes.ROUTES,
        *rate_routes.ROUTES,
        *iati_api.ROUTES,
        *flow_routes.ROUTES,
        *import_routes.ROUTES,
        *statement_routes.ROUTES,
    ],
    listens_to=("matching", "directory"),
    handlers=HANDLERS,
    hears=hears,
    rebuild=actions.rebuild,
    tables=(
        "flow_import",
        "posting",
        "proposal",
        "entry",
        "allocation",
        "requirement",
        "instalment",
        "pledge",
        "rate",
        "balance",
        "fund_requirement",
        "fund",
        "period",
    ),
    texts=("fund_text", "pledge_text", "imported_flow", "rejected_row"),
    followed=Followed(following.seen),
    own=own,
)
