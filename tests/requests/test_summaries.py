"""Public summaries: a separate text that the State approves, and the only one that everybody reads."""

from collections.abc import Mapping
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.translations import TranslatedBy
from contracts.values import Language
from services.requests import policy
from services.requests.request import store
from services.requests.request.values import Circulation, Status, Visibility
from services.requests.summary import model
from services.requests.summary import store as summary_store
from services.requests.wiring import SERVICE
from tests.builders import NOON, a_caller, a_line, headers
from tests.databases import connected
from tests.open_data import records
from tests.requests import builders
from tests.requests.steps import COORDINATOR, KENYA, NORWAY, Client, consent, opened
from tests.requests.translation_steps import ARABIC_TITLE

OFFICIAL = "KEN:official"
SOURCE = {"language": "en", "title": "Resumen-title", "body": "Resumen-body"}
ARABIC = {"title": ARABIC_TITLE, "body": "نص وهمي للجمهور"}


async def circulating(api: Client, **changes: Any) -> dict[str, Any]:
    """Return an open request whose State chose a public summary, and whose codes units of UNODC may read by consent."""
    request = await opened(api, **{"visibility": "public_summary"} | changes)
    return await consent(api, request, recipients=["unodc_units"], fields=["codes"])


def path_of(request: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/requests/{request['request_id']}/summary{below}"


async def drafted(api: Client, request: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.post(path_of(request), json=SOURCE, headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def step(
    api: Client, request: Mapping[str, Any], below: str, revision: int, by: str = KENYA, body: Any = None
) -> dict[str, Any]:
    method = "POST" if below in ("/approve", "/unpublish") else "PUT"
    given = headers(by, revision=revision)
    answer = await api.request(method, path_of(request, below), json=body or {}, headers=given)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def public(api: Client, request: Mapping[str, Any], language: str | None = None) -> Any:
    """Return the public summary read by id without a token, None if not found; check the list and the open data."""
    given = {"Accept-Language": language} if language else {}
    answer = await api.get(f"/v1/public/requests/{request['request_id']}", headers=given)
    listed = (await api.get("/v1/public/requests", headers=given)).json()["requests"]
    shown = answer.json() if answer.status_code == 200 else None
    assert [one for one in listed if one["request_id"] == request["request_id"]] == ([shown] if shown else [])
    rows = [one for one in await records(api, "requests") if one["request_id"] == request["request_id"]]
    assert (shown["languages"] if shown else []) == sorted(one["language"] for one in rows)
    originals = [(one["title"], one["body"]) for one in rows if one["translated_from"] is None]
    assert originals == ([(shown["title"], shown["body"])] if shown else [])
    return shown


async def test_everybody_reads_what_the_state_approved(api: Client, database_url: str) -> None:
    request = await circulating(api)
    await drafted(api, request)
    translation = await step(api, request, "/translations/ar", 1, by=COORDINATOR, body=ARABIC)
    assert (translation["status"], translation["public"]) == ("draft", False)
    assert await public(api, request) is None

    approved = await step(api, request, "/approve", 2)

    assert (approved["status"], approved["public"], approved["revision"]) == ("approved", True, 3)
    shown = await public(api, request, "ar")
    assert shown == {
        "request_id": request["request_id"],
        "state": "KEN",
        "languages": ["ar", "en"],
        **SOURCE,
        "translation": {"language": "ar", "source_language": "en", "made_by": "unodc", "stale": False, **ARABIC},
    }
    assert (await public(api, request))["translation"] is None
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_a_change_is_public_once_it_is_approved_again(api: Client, db: Database) -> None:
    request = await circulating(api)
    await drafted(api, request, by=OFFICIAL)
    await step(api, request, "/translations/ar", 1, body=ARABIC)
    await step(api, request, "/approve", 2)

    changed = await step(api, request, "", 3, by=COORDINATOR, body=SOURCE | {"title": "Resumen-second"})

    assert (changed["status"], changed["draft"]["translations"][0]["stale"]) == ("changed", True)
    assert changed["approved"]["title"] == "Resumen-title"
    before = await public(api, request, "ar")
    assert (before["title"], before["translation"]["stale"]) == ("Resumen-title", False)
    await step(api, request, "/approve", 4)
    after = await public(api, request, "ar")
    assert (after["title"], after["translation"]["stale"]) == ("Resumen-second", True)
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM public_summary_text") == 2


async def test_what_is_unpublished_is_as_if_it_had_never_been(api: Client, database_url: str) -> None:
    request = await circulating(api)
    await drafted(api, request)
    await step(api, request, "/approve", 1)
    assert await public(api, request)

    taken = await step(api, request, "/unpublish", 2)

    assert (taken["status"], taken["approved"]) == ("draft", None)
    paths = [f"/v1/public/requests/{one}" for one in (request["request_id"], uuid4())]
    unpublished, absent = [(await api.get(path)) for path in paths]
    assert (unpublished.status_code, absent.status_code) == (404, 404)
    same = [
        {n: v for n, v in answer.json().items() if n not in ("instance", "correlation_id")}
        for answer in (unpublished, absent)
    ]
    assert same[0] == same[1]
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_it_is_public_only_while_the_request_circulates(api: Client) -> None:
    request = await circulating(api)
    await drafted(api, request)
    await step(api, request, "/approve", 1)
    (given,) = [one for one in request["consents"] if one["in_force"]]

    path = f"/v1/requests/{request['request_id']}/consents/{given['consent_id']}"
    answer = await api.delete(path, headers=headers(KENYA, revision=request["revision"]))

    assert answer.status_code == 200
    assert await public(api, request) is None


async def refusal(api: Client, request: Mapping[str, Any], below: str, by: str, revision: int = 1) -> tuple[int, str]:
    body = {"/approve": {}, "/unpublish": {}, "": SOURCE}.get(below, ARABIC)
    method = "POST" if below in ("/approve", "/unpublish") else "PUT"
    answer = await api.request(method, path_of(request, below), json=body, headers=headers(by, revision=revision))
    return answer.status_code, answer.json()["slug"]


async def test_only_the_focal_point_approves(api: Client) -> None:
    request = await circulating(api)
    await drafted(api, request)

    for by in (OFFICIAL, COORDINATOR, "UNODC-CEB:provider_officer"):
        assert await refusal(api, request, "/approve", by) == (403, "not-for-your-role")
    assert await refusal(api, request, "/approve", "UGA:focal_point") == (404, "not-found")
    assert await refusal(api, request, "/unpublish", KENYA) == (409, "summary-not-approved")
    assert await refusal(api, request, "/approve", KENYA, revision=7) == (412, "revision-stale")
    assert await refusal(api, request, "/translations/en", OFFICIAL) == (400, "translation-language")
    await step(api, request, "/approve", 1)
    assert await refusal(api, request, "/approve", KENYA, revision=2) == (409, "summary-approved-already")


async def test_the_visibility_has_to_be_the_public_summary(api: Client) -> None:
    request = await opened(api, visibility="providers")
    await drafted(api, request)

    assert await refusal(api, request, "/approve", KENYA) == (409, "summary-not-chosen")


async def test_restricted_kinds_have_no_summary(api: Client) -> None:
    request = await opened(api, visibility="public_summary", lines=[a_line(kind="witness_protection")])
    assert request["restricted"]

    answer = await api.post(path_of(request), json=SOURCE, headers=headers(COORDINATOR))

    assert (409, "summary-restricted") == (answer.status_code, answer.json()["slug"])


async def test_a_provider_does_not_read_the_draft(api: Client, db: Database) -> None:
    request = await circulating(api)
    request = await consent(api, request, recipients=["NOR"])
    await drafted(api, request)

    answer = await api.get(path_of(request), headers=headers(NORWAY))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])
    for by, rows in (("KEN:official", 1), ("UNODC:auditor", 1), (NORWAY, 0), ("UGA:focal_point", 0)):
        async with db.transaction(by=a_caller(by)) as tx:
            for table in ("public_summary", "public_summary_version", "public_summary_text"):
                assert await tx.fetchval(f"SELECT count(*) FROM {table}") == rows, (by, table)


async def test_pages_of_public_requests(api: Client) -> None:
    requests = [await circulating(api) for _ in range(3)]
    for request in requests:
        await drafted(api, request)
        await step(api, request, "/approve", 1)

    first = (await api.get("/v1/public/requests?limit=2")).json()
    rest = await api.get(f"/v1/public/requests?limit=2&cursor={first['cursor']}")

    newest = [request["request_id"] for request in reversed(requests)]
    assert [one["request_id"] for one in (*first["requests"], *rest.json()["requests"])] == newest
    assert rest.json()["cursor"] is None
    assert rest.headers["cache-control"] == "public, max-age=5, must-revalidate"
    assert rest.headers["vary"] == "Accept-Language"
    assert (await api.get("/v1/public/requests?state=UGA")).json()["requests"] == []


async def test_the_facts_have_no_words(api: Client, db: Database) -> None:
    request = await circulating(api)
    await drafted(api, request)
    await step(api, request, "/translations/ar", 1, body=ARABIC)
    await step(api, request, "/approve", 2)

    async with db.transaction() as tx:
        events = "".join([row["event"] for row in await tx.fetch("SELECT event FROM journal")])
        await tx.execute("DELETE FROM public_summary_text")
    assert "public_summary.approved" in events
    assert not [word for word in ("Resumen", "نص", "\\u0646\\u0635") if word in events]
    assert (await public(api, request))["title"] == ""


@pytest.mark.parametrize("approved", [True, False])
async def test_python_and_sql_agree_on_what_is_public(db: Database, approved: bool) -> None:
    """The cases are status × circulation × visibility × whether a kind is restricted."""
    version = model.Version(
        language=Language.EN, made_by=TranslatedBy.STATE, source_language=Language.EN, source_hash="h", texts_hash="h"
    )
    cases = []
    for number, (status, circulation, visibility, restricted) in enumerate(
        product(Status, Circulation, Visibility, (False, True))
    ):
        if restricted and circulation is Circulation.WINDOW_RUNNING:
            continue
        request = replace(
            builders.a_request(status),
            circulation=circulation,
            visibility=visibility,
            restricted=restricted,
            window_ends_at=NOON if circulation is Circulation.WINDOW_RUNNING else None,
        )
        request = replace(request, reference=f"TA-{number}" if request.reference else None)
        edition = {Language.EN: version}
        cases.append(
            (
                request,
                model.PublicSummary(
                    public_summary_id=uuid4(), request_id=request.request_id, state=request.state, revision=1,
                    language=Language.EN, draft=edition, approved=edition if approved else {},
                    approved_at=NOON if approved else None,
                ),
            )
        )  # fmt: skip
    async with db.transaction() as tx:
        for request, summary in cases:
            await store.save(tx, request)
            await summary_store.save(tx, summary)
    async with db.transaction() as tx:
        found = {one.request_id for one in await summary_store.page(tx, state=None, before=None, limit=len(cases))}
    expected = {request.request_id for request, summary in cases if policy.is_public(request, summary)}
    assert found == expected
    assert bool(expected) is approved
