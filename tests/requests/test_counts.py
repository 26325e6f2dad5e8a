"""Counts of requests that entered each status, and of pillars that their lines name, as the caller sees them."""

from tests.builders import a_line, headers
from tests.clocks import TODAY
from tests.requests.steps import COORDINATOR, KENYA, Client, filed, opened


async def counts(api: Client, by: str, **asked: int) -> dict[str, object]:
    answer = await api.get("/v1/requests/counts", params=asked, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_requests_are_counted_by_month_and_status_and_lines_by_pillar(api: Client) -> None:
    await opened(api)
    await filed(api, "SEN:focal_point", lines=[a_line(pillars=["prevent", "protect"]), a_line(pillars=[])])

    month = f"{TODAY.replace(day=1)}"
    entered = {"submitted": 2, "registered": 1, "open": 1}
    found = await counts(api, COORDINATOR, months=1)
    assert [{"month": month, "entered": entered}] == found["months"]
    assert (3, {"pursue": 1, "prevent": 1, "protect": 1}) == (found["lines"], found["by_pillar"])
    own = await counts(api, KENYA)
    assert [{"month": month, "entered": {"submitted": 1, "registered": 1, "open": 1}}] == own["months"]
    assert (1, {"pursue": 1}) == (own["lines"], own["by_pillar"])
    assert {"months": [], "lines": 0, "by_pillar": {}} == await counts(api, "NOR:donor_officer")
    assert 400 == (await api.get("/v1/requests/counts?months=0", headers=headers(KENYA))).status_code
