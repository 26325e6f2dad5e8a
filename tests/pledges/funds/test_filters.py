"""A filter by a fund that does not exist is refused, instead of an empty list."""

import pytest

from tests.builders import headers
from tests.pledges.steps import FINANCE, Client

LISTS = (
    *("/v1/pledges", "/v1/allocations", "/v1/activities", "/v1/in-kind-contributions", "/v1/ledger/entries"),
    *("/v1/flows", "/v1/flows.csv", "/v1/statements/NOR/data"),
)


@pytest.mark.parametrize("path", LISTS)
async def test_filter_by_an_unknown_fund_is_refused(api: Client, path: str) -> None:
    known = await api.get(f"{path}?fund=SHERLOC-MNT", headers=headers(FINANCE))
    unknown = await api.get(f"{path}?fund=SHERLOC-MMT", headers=headers(FINANCE))

    assert known.status_code in {200, 404}, known.text
    problem = unknown.json()
    assert (400, "unknown-code", "fund") == (unknown.status_code, problem["slug"], problem["details"]["field"])
