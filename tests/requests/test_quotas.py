"""The quotas of a State, as its officials and coordinators see them."""

from chassis.db.database import Database
from tests.builders import headers
from tests.files import PDF
from tests.requests.attachment_steps import attached
from tests.requests.steps import COORDINATOR, KENYA, Client, filed

PATH = "/v1/attachments/quotas"


async def test_a_state_sees_what_it_uses_of_its_quota(api: Client, db: Database) -> None:
    request = await filed(api, submit=False)
    await attached(api, request)

    answer = await api.get(PATH, headers=headers(KENYA))

    assert answer.status_code == 200, answer.text
    own, scans = answer.json()["quotas"]
    assert ("KEN", "request", 1, len(PDF)) == (answer.json()["state"], own["purpose"], own["files"], own["size_bytes"])
    assert own["files_max"] > 0
    assert own["bytes_max"] > 0
    assert ("note_verbale", 0) == (scans["purpose"], scans["files"])


async def test_a_coordinator_sees_what_its_scans_take(api: Client) -> None:
    request = await filed(api)
    await attached(api, request, by=COORDINATOR, among="notes-verbales")

    answer = await api.get(f"{PATH}?state=KEN", headers=headers(COORDINATOR))
    unnamed = await api.get(PATH, headers=headers(COORDINATOR))

    assert [("note_verbale", 1)] == [(one["purpose"], one["files"]) for one in answer.json()["quotas"]], answer.text
    assert (400, "missing-field") == (unnamed.status_code, unnamed.json()["slug"])


async def test_others_see_none(api: Client) -> None:
    another = await api.get(f"{PATH}?state=KEN", headers=headers("UGA:focal_point"))
    provider = await api.get(PATH, headers=headers("NOR:provider_officer"))

    assert (403, "not-your-state") == (another.status_code, another.json()["slug"])
    assert (403, "not-for-your-role") == (provider.status_code, provider.json()["slug"])
