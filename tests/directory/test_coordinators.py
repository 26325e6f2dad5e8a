"""Coordinators see each other's names, and finance officers theirs; States do not."""

from tests.builders import headers
from tests.directory.steps import FIRST, KENYA, Client, a_role, appointed, done, entered, kenya
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


async def test_finance_officers_are_named_to_each_other_also_after_their_time(api: Client) -> None:
    finance = "UNODC:finance_officer"
    one = await entered(api, "UNODC", name="B (fictitious)", person_id=str(persona_id(finance)))
    left = await entered(api, "UNODC", name="A (fictitious)", email="a@unodc.example")
    waiting = await entered(api, "UNODC", name="C (fictitious)", email="c@unodc.example")
    for person in (one, left):
        made = await appointed(api, person, "finance_officer", "UNODC")
    path = f"/v1/appointments/{made['appointment_id']}/end"
    await done(api, path, FIRST, revision=made["revision"], reason="left_service")
    await done(api, "/v1/appointments", FIRST, **a_role(waiting, "finance_officer", "UNODC"))

    answer = await api.get("/v1/finance-officers", headers=headers(finance))

    named = [(one["person_id"], one["name"]) for one in answer.json()["finance_officers"]]
    assert [(left["person_id"], "A (fictitious)"), (one["person_id"], "B (fictitious)")] == named
    await kenya(api)
    for who in (KENYA, COORDINATOR):
        assert 403 == (await api.get("/v1/finance-officers", headers=headers(who))).status_code
