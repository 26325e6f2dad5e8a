"""The balance of a commitment for other services: donor, fund, allocatable money, and the line for which it is kept."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from services.pledges.consumers import HANDLERS
from tests.builders import headers
from tests.pledges.funds.steps import FUND, MATCHING, Need
from tests.pledges.steps import FINANCE, NORWAY, Client, committed, pledged, prepared, receive, usd

pytestmark = pytest.mark.all_schemas


@pytest.fixture
async def api(client_of: Any) -> Client:
    return await prepared(await client_of("requests", "matching", "pledges"))


async def reported(api: Client, pledge: Mapping[str, Any], currency: str = "EUR", by: str = MATCHING) -> Any:
    path = f"/internal/pledges/{pledge['pledge_id']}/balance?currency={currency}"
    return await api.get(path, headers=headers(by))


async def test_owed_and_paid_count_less_programme_support_cost(api: Client) -> None:
    pledge = await committed(api, basis_points=1300, fund=FUND, money=usd(1_130_00))
    owed = (await reported(api, pledge)).json()
    paid = (await reported(api, await receive(api, pledge, usd(1_130_00)))).json()

    assert ("NOR", FUND, "committed", True, 1_000_00, None) == tuple(
        owed[name] for name in ("donor", "fund", "status", "in_force", "usd_minor", "kept_for_line")
    )
    assert ("received", True, 1_000_00) == tuple(paid[name] for name in ("status", "in_force", "usd_minor"))
    assert ["EUR"] == [one["currency"] for one in owed["rates"]]


async def test_what_is_only_pledged_is_not_in_force(api: Client) -> None:
    found = (await reported(api, await pledged(api, fund=FUND, money=usd(1_000_00)), "USD")).json()

    assert (False, 0, []) == (found["in_force"], found["usd_minor"], found["rates"])


async def test_tightly_earmarked_pledge_names_its_line(api: Client, databases: Mapping[str, Database]) -> None:
    need = Need(api, Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS))
    pledge = await (await need.opened()).paid_by_norway(5_000)

    assert str(need.line_id) == (await reported(api, pledge)).json()["kept_for_line"]


async def test_only_services_read_the_balance(api: Client) -> None:
    pledge = await committed(api, fund=FUND, money=usd(1_000_00))

    for by in (NORWAY, FINANCE):
        assert 403 == (await reported(api, pledge, by=by)).status_code
    assert 404 == (await reported(api, {"pledge_id": uuid4()})).status_code
