"""The register as listed: a cell for each party and article, in pages, as each caller sees it."""

import pytest

from chassis.db.database import Database
from contracts import reference
from services.sherloc.legislation import register_store
from services.sherloc.legislation.cells import cells, place_of
from tests.builders import headers
from tests.sherloc.steps import COORDINATOR, KENYA, UGANDA, Client, listed, published, recorded, slug


async def test_every_party_and_article_is_listed_without_a_row(api: Client, db: Database) -> None:
    async with db.transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM legislation")
    of_kenya = {
        code for code, article in reference.articles().items()
        if "KEN" in reference.parties()[article.instrument].listed
    }  # fmt: skip

    rows = await listed(api, UGANDA, state="KEN", limit=200)

    assert of_kenya == {row["article"] for row in rows}
    assert {"not_known"} == {row["status"] for row in rows}
    assert len(cells()) == sum(len(reference.parties()[one.instrument].listed) for one in reference.articles().values())


async def test_pages_follow_each_other_without_gap_or_repeat(api: Client) -> None:
    await recorded(api, article="UNTOC:3")
    await published(api, article="UNTOC:5")
    whole = await listed(api, state="KEN", limit=200)
    for query in ({"state": "KEN"}, {"state": "KEN", "status": "not_known"}):
        found, cursor = [], None
        while True:
            answer = await api.get("/v1/legislation", params={**query, "limit": 7, **({"cursor": cursor} if cursor else {})},
                                   headers=headers(KENYA))  # fmt: skip
            found += answer.json()["legislation"]
            cursor = answer.json()["cursor"]
            if cursor is None:
                break
        assert [one for one in whole if query.get("status", one["status"]) == one["status"]] == found


async def test_register_is_filtered_by_instrument_article_and_status(api: Client) -> None:
    await recorded(api, article="UNTOC:3")
    legislation_id = await published(api, article="TIP:5")

    assert {"TIP"} == {one["instrument"] for one in await listed(api, state="KEN", instrument="TIP", limit=200)}
    assert ["UNTOC:3"] == [one["article"] for one in await listed(api, COORDINATOR, status="missing")]
    assert [] == await listed(api, UGANDA, status="missing")
    assert [legislation_id] == [one["legislation_id"] for one in await listed(api, UGANDA, status="published")]
    of_article = await listed(api, UGANDA, article="TIP:5", limit=200)
    assert sorted(one["state"] for one in of_article) == [one["state"] for one in of_article]
    assert len(reference.parties()["TIP"].listed) == len(of_article)


@pytest.mark.parametrize("query", [{"state": "XXX"}, {"instrument": "X"}, {"article": "UNTOC:0"}])
async def test_unknown_code_is_refused(api: Client, query: dict[str, str]) -> None:
    assert (400, "unknown-code") == slug(await api.get("/v1/legislation", params=query, headers=headers(KENYA)))


async def test_cursor_of_no_page_is_refused(api: Client) -> None:
    answer = await api.get("/v1/legislation?cursor=KEN.UNTOC:0", headers=headers(KENYA))

    assert (400, "cursor-invalid") == slug(answer)


async def test_not_known_cells_are_found_behind_many_records(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_store, "CHUNK", 2)
    for article in ("UNTOC:1", "UNTOC:2", "UNTOC:3"):
        await recorded(api, article=article)

    assert ["UNTOC:4", "UNTOC:5"] == [
        one["article"] for one in await listed(api, state="KEN", status="not_known", limit=2)
    ]


async def test_order_of_articles_is_the_same_in_python_and_sql(db: Database) -> None:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT a, place_of(a) AS place FROM unnest($1::text[]) AS a", list(reference.articles()))

    assert {article: place_of(article) for article in reference.articles()} == {row["a"]: row["place"] for row in rows}
    assert list(reference.articles()) == sorted(reference.articles(), key=place_of)
