"""The public catalogue shows what a provider publishes of an offering, until the provider unpublishes it."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.values import Language
from services.matching import policy
from services.matching.offerings import store
from services.matching.offerings.model import OfferingStatus, Publication
from services.matching.wiring import SERVICE
from tests.builders import NOON, headers
from tests.databases import connected
from tests.matching.builders import an_offering, terms
from tests.matching.offerings.steps import approved, move, offered
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client
from tests.open_data import records

TEXT = {"language": "fr", "title": "Titre public fictif", "summary": "Résumé public fictif"}


async def published(api: Client, **changes: Any) -> dict[str, Any]:
    return await move(api, await approved(api, **changes), "publish", NORWAY, **TEXT)


async def public(api: Client, offering: Mapping[str, Any]) -> Any:
    """Return what is read without a token, by id; None if it is not found.

    The list and the open data have to agree with it.
    """
    answer = await api.get(f"/v1/public/offerings/{offering['offering_id']}")
    listed = (await api.get("/v1/public/offerings")).json()["offerings"]
    shown = answer.json() if answer.status_code == 200 else None
    assert [one for one in listed if one["offering_id"] == offering["offering_id"]] == ([shown] if shown else [])
    reported = [one for one in await records(api, "offerings") if one["offering_id"] == offering["offering_id"]]
    same = ("provider", "language", "title", "summary", "kinds", "topics", "languages", "modalities", "regions")
    assert [{name: one[name] for name in same} for one in reported] == (
        [{name: shown[name] for name in same}] if shown else []
    )
    return shown


async def test_everybody_reads_what_the_provider_published(api: Client, database_url: str) -> None:
    offering = await approved(api)
    assert await public(api, offering) is None

    offering = await move(api, offering, "publish", NORWAY, **TEXT)

    assert TEXT == {name: offering["publication"][name] for name in TEXT}
    assert await public(api, offering) == {
        "offering_id": offering["offering_id"],
        "provider": "NOR",
        **TEXT,
        **{name: offering[name] for name in ("kinds", "topics", "languages", "interpretation", "modalities", "valid")},
        "regions": [],
    }
    answer = await api.get(f"/v1/public/offerings/{offering['offering_id']}")
    assert "public, max-age=5, must-revalidate" == answer.headers["Cache-Control"]
    async with connected(database_url, "matching", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_unpublished_offering_is_public_no_more(api: Client, databases: Mapping[str, Database]) -> None:
    offering = await published(api)
    assert {"publish", "unpublish"} <= set(offering["moves"])

    offering = await move(api, offering, "unpublish", NORWAY)

    assert await public(api, offering) is None
    assert offering["publication"] is None
    assert "unpublish" not in offering["moves"]
    async with databases["matching"].transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM offering_public_text")
        facts = await tx.fetch("SELECT event::text AS event FROM journal")
    assert not [fact for fact in facts if "fictif" in fact["event"]]


async def test_offering_is_public_while_it_is_available(api: Client) -> None:
    offering = await move(api, await published(api), "suspend", NORWAY)
    assert await public(api, offering) is None
    offering = await move(api, offering, "resume", NORWAY)
    assert await public(api, offering)

    await move(api, offering, "withdraw", NORWAY)

    assert await public(api, offering) is None


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("kind=mla_training", True),
        ("kind=mentoring", False),
        ("topic=mutual_legal_assistance", True),
        ("topic=trafficking_in_persons", False),
        ("delivery_language=en", True),
        ("delivery_language=fr", True),
        ("delivery_language=zh", False),
        ("region=african", True),
        ("region=weog", False),
    ],
)
async def test_catalogue_is_filtered(api: Client, query: str, finds: bool) -> None:
    await published(api, eligible={"regions": ["african"]})

    answer = await api.get(f"/v1/public/offerings?{query}")

    assert (200, finds) == (answer.status_code, bool(answer.json()["offerings"])), answer.text


async def test_pages_of_the_catalogue_are_complete(api: Client) -> None:
    made = [(await published(api))["offering_id"] for _ in range(3)]
    first = (await api.get("/v1/public/offerings?limit=2")).json()
    second = (await api.get(f"/v1/public/offerings?limit=2&cursor={first['cursor']}")).json()

    assert made[::-1] == [one["offering_id"] for one in (*first["offerings"], *second["offerings"])]
    assert second["cursor"] is None


async def test_unknown_filter_names_the_allowed_values(api: Client) -> None:
    answer = await api.get("/v1/public/offerings?region=atlantis")

    assert (400, "unknown-code") == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize("by", [COORDINATOR, KENYA, "FRA:provider_officer"])
async def test_only_the_provider_publishes(api: Client, by: str) -> None:
    offering = await approved(api)
    path = f"/v1/offerings/{offering['offering_id']}"

    answer = await api.post(f"{path}/publish", json=TEXT, headers=headers(by, revision=offering["revision"]))

    assert 403 == answer.status_code


async def test_what_cannot_be_published_is_refused(api: Client) -> None:
    draft = await offered(api, submit=False)
    risky = await approved(api, kinds=["witness_protection"], curriculum=[])
    plain = await approved(api)

    async def refused(offering: Mapping[str, Any], name: str, body: Any) -> Any:
        path = f"/v1/offerings/{offering['offering_id']}/{name}"
        answer = await api.post(path, json=body, headers=headers(NORWAY, revision=offering["revision"]))
        return answer.status_code, answer.json()["slug"]

    assert (409, "offering-status") == await refused(draft, "publish", TEXT)
    assert (409, "offering-restricted") == await refused(risky, "publish", TEXT)
    assert (409, "offering-not-published") == await refused(plain, "unpublish", {})


async def test_python_and_sql_agree_on_what_is_public(databases: Mapping[str, Database]) -> None:
    publication = Publication(language=Language.EN, texts_hash="0" * 64, published_at=NOON)
    cases = [
        an_offering(
            status=status,
            available_since=NOON if status is OfferingStatus.AVAILABLE else None,
            submitted_at=NOON,
            publication=one,
            terms=terms(kinds=kinds),
        )
        for status, one, kinds in product(
            OfferingStatus, (None, publication), (("mla_training",), ("mla_training", "witness_protection"))
        )
    ]
    restricted = ["victim_assistance", "witness_protection"]
    said = []
    for case in cases:
        async with databases["matching"].transaction() as tx:
            await store.save(tx, replace(case, reason="incomplete" if case.status == "returned" else None))
        async with databases["matching"].transaction() as tx:
            query = "SELECT is_public(published_at, status, kinds, $2) FROM offering WHERE offering_id = $1"
            said.append(await tx.fetchval(query, case.offering_id, restricted))

    assert [policy.is_public(case) for case in cases] == said
    assert 1 == sum(said)
