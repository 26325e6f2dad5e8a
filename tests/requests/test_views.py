"""Saved views of the list of work: private or shared with the organization, and followed by their address."""

import asyncio
from typing import Any

import pytest

from chassis.db.database import Database
from services.requests.consumers import forget
from services.requests.work import saved_views
from tests.builders import a_caller, headers
from tests.requests.steps import COORDINATOR, KENYA, Client, filed

QUERY = {"status": ["submitted"], "step": ["triage", "acknowledge"], "region": ["african"], "q": "Canary-title"}
AUDITOR = "UNODC:auditor"


async def saved(api: Client, by: str = COORDINATOR, **changes: Any) -> dict[str, Any]:
    body = {"name": "Fictitious sample: to acknowledge", "query": QUERY} | changes
    answer = await api.post("/v1/views", json=body, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def names(api: Client, by: str) -> list[str]:
    return [one["name"] for one in (await api.get("/v1/views", headers=headers(by))).json()["views"]]


async def test_address_of_a_view_lists_its_work(api: Client) -> None:
    await filed(api, title="Canary-title")
    view = await saved(api)
    assert view["address"].startswith("/v1/work?step=triage&step=acknowledge&status=submitted&region=african")
    by_address = (await api.get(view["address"], headers=headers(COORDINATOR))).json()
    assert by_address == (await api.get("/v1/work", params=QUERY, headers=headers(COORDINATOR))).json()
    assert len(by_address["work"]) == 2
    assert (await saved(api, query={}))["address"] == "/v1/work"
    flags = await saved(api, query={"overdue": False, "in_remit": True, "assignee": "me", "sort": "priority"})
    assert flags["address"] == "/v1/work?assignee=me&overdue=false&in_remit=true&sort=priority"
    assert (await api.get(flags["address"], headers=headers(COORDINATOR))).json()["work"] == []


async def test_private_view_is_its_owners_and_a_shared_one_the_organizations(api: Client) -> None:
    private, shared = await saved(api, name="private"), await saved(api, name="shared", shared=True)
    assert await names(api, COORDINATOR) == ["private", "shared"]
    assert await names(api, AUDITOR) == ["shared"]
    assert await names(api, KENYA) == await names(api, "UNODC-ROSAF:coordinator") == []

    path = f"/v1/views/{shared['view_id']}"
    read = (await api.get(path, headers=headers(AUDITOR))).json()
    assert (read["own"], read["query"]) == (False, shared["query"])
    for who, slug in ((AUDITOR, "not-for-your-role"), (KENYA, "not-found")):
        for method, body in (("PATCH", {"name": "mine"}), ("DELETE", None)):
            refused = await api.request(method, path, json=body, headers=headers(who, revision=1))
            assert refused.json()["slug"] == slug, (who, method)
    for who in (AUDITOR, KENYA):
        hidden = await api.get(f"/v1/views/{private['view_id']}", headers=headers(who))
        assert (hidden.status_code, hidden.json()["slug"]) == (404, "not-found")


async def test_view_is_revised_by_a_merge_patch_in_its_revision_and_removed(api: Client) -> None:
    view = await saved(api)
    path = f"/v1/views/{view['view_id']}"
    patch = {"shared": True, "query": {"q": None, "step": ["triage"]}}
    revised = (await api.patch(path, json=patch, headers=headers(COORDINATOR, revision=1))).json()
    assert (revised["revision"], revised["shared"], revised["name"]) == (2, True, view["name"])
    assert revised["query"] == view["query"] | {"q": None, "step": ["triage"]}
    assert (await api.get("/v1/views", headers=headers(COORDINATOR))).json()["views"] == [revised]

    again = await api.patch(path, json=patch, headers=headers(COORDINATOR, revision=2))
    assert again.json() == revised
    stale = await api.patch(path, json={"name": "late"}, headers=headers(COORDINATOR, revision=1))
    assert (stale.status_code, stale.json()["slug"]) == (412, "revision-stale")
    assert (await api.delete(path, headers=headers(COORDINATOR, revision=2))).status_code == 204
    assert await names(api, COORDINATOR) == []


@pytest.mark.parametrize(
    ("query", "slug", "place"),
    [
        ({"kind": ["training-mla"]}, "unknown-code", "query.kind"),
        ({"state": ["KEN", "XXX"]}, "unknown-code", "query.state"),
        ({"region": ["europe"]}, "unknown-code", "query.region"),
        ({"status": ["opened"]}, "invalid-field", None),
        ({"assignee": "you"}, "invalid-field", "query.assignee"),
        ({"step": ["triage"] * 21}, "invalid-field", "query.step"),
        ({"limit": 5}, "unknown-field", None),
    ],
)
async def test_query_of_a_view_is_checked_as_that_of_the_list(
    api: Client, query: dict[str, Any], slug: str, place: str | None
) -> None:
    body = {"name": "Fictitious sample", "query": query}
    refused = await api.post("/v1/views", json=body, headers=headers(COORDINATOR))
    assert (refused.status_code, refused.json()["slug"]) == (400, slug), refused.text
    assert place is None or refused.json()["details"]["field"] == place
    view = await saved(api)
    path = f"/v1/views/{view['view_id']}"
    patched = await api.patch(path, json={"query": query}, headers=headers(COORDINATOR, revision=1))
    assert patched.json()["slug"] == slug


async def test_repeated_creation_saves_once_and_the_limit_holds_for_parallel_ones(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.requests.work.view_actions.VIEWS_MAX", 2)
    assert saved_views.VIEWS_MAX == 50
    key, body = headers(COORDINATOR), {"name": "Fictitious sample", "query": {}}
    first = await api.post("/v1/views", json=body, headers=key)
    assert (await api.post("/v1/views", json=body, headers=key)).json() == first.json()
    answers = await asyncio.gather(*(api.post("/v1/views", json=body, headers=headers(COORDINATOR)) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["slug"] for one in answers if one.status_code == 409} == {"view-limit-reached"}


async def test_views_are_erased_with_their_owner(api: Client, db: Database) -> None:
    await saved(api, shared=True)
    async with db.transaction() as tx:
        dropped = await forget(tx, a_caller(COORDINATOR).person_id)
    assert dropped["saved_view"] == 1
    assert await names(api, AUDITOR) == []
    refused = await api.post("/v1/views", json={"name": "Fictitious sample"}, headers=headers(COORDINATOR))
    assert refused.status_code == 409
