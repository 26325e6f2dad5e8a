"""Coordinators see each other's names; States do not."""

from tests.builders import headers
from tests.directory.steps import FIRST, KENYA, Client, appointed, done, entered, kenya
from tests.personas import persona_id

COORDINATOR = "UNODC:coordinator"
PATH = "/v1/coordinators"


async def test_coordinators_in_office_are_named_to_each_other(api: Client) -> None:
    one = await entered(api, "UNODC", name="B (fictitious)", person_id=str(persona_id(COORDINATOR)))
    other = await entered(api, "UNODC", name="A (fictitious)", email="a@unodc.example")
    left = await entered(api, "UNODC", name="C (fictitious)", email="c@unodc.example")
    for person in (one, other, left):
        await appointed(api, person, "coordinator", "UNODC")
    await done(api, f"/v1/people/{left['person_id']}/disable", FIRST, revision=left["revision"], reason="left_service")

    answer = await api.get(PATH, headers=headers(COORDINATOR))
    assert 200 == answer.status_code
    found = answer.json()["coordinators"]
    assert ["A (fictitious)", "B (fictitious)"] == [one["name"] for one in found]
    assert [other["person_id"], one["person_id"]] == [one["person_id"] for one in found]


async def test_states_do_not_see_who_the_coordinators_are(api: Client) -> None:
    await kenya(api)
    assert 403 == (await api.get(PATH, headers=headers(KENYA))).status_code
