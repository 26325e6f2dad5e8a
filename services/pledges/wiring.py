"""The pledges service, put together."""

from pathlib import Path

from chassis.following import Followed
from chassis.service import Running, Service
from services.pledges import actions, allocation_routes, api, following, iati_api
from services.pledges.consumers import HANDLERS
from services.pledges.iati_api import Publishing


def own(running: Running) -> Publishing:
    return Publishing(reporter=running.settings.iati_organization)


SERVICE = Service(
    name="pledges",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *allocation_routes.ROUTES, *iati_api.ROUTES],
    listens_to=("matching", "directory"),
    handlers=HANDLERS,
    rebuild=actions.rebuild,
    tables=("posting", "entry", "allocation", "requirement", "pledge", "rate", "balance", "fund_requirement", "fund"),
    texts=("fund_text", "pledge_text"),
    followed=Followed(following.seen),
    own=own,
)
