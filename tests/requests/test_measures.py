"""Measures that a State already takes or receives, beside the free text of a line."""

from typing import Any

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.requests.wiring import SERVICE
from tests.builders import AHEAD, a_line, headers
from tests.databases import connected
from tests.requests.steps import NORWAY, Client, consent, filed, opened, visible_text

MEASURES = [
    {
        "source": "received",
        "kind": "training",
        "period": {"from": f"{AHEAD - 3}-01-01", "until": f"{AHEAD - 2}-12-31"},
        "provider": "Canary-provider",
        "description": "Canary-described",
    },
    {"source": "own", "kind": None, "period": None, "provider": "", "description": "Canary-own"},
]


async def test_what_exists_already_is_kept_in_order(api: Client) -> None:
    request = await filed(api, submit=False, lines=[a_line(measures=MEASURES), {"measures": MEASURES[1:]}])

    assert [MEASURES, MEASURES[1:]] == [line["measures"] for line in request["lines"]]
    changed = await api.patch(
        f"/v1/requests/{request['request_id']}/lines/{request['lines'][0]['line_id']}",
        json={"measures": MEASURES[:1]},
        headers=headers(revision=1),
    )
    assert changed.status_code == 200, changed.text
    assert [MEASURES[:1], MEASURES[1:]] == [line["measures"] for line in changed.json()["lines"]]


async def test_facts_have_its_codes_and_days_and_no_words(api: Client, db: Database, database_url: str) -> None:
    await filed(api, lines=[a_line(measures=MEASURES)])

    async with db.transaction() as tx:
        (event,) = [row["event"] for row in await tx.fetch("SELECT event FROM journal WHERE aggregate = 'request'")]
    assert "received" in event
    assert f"{AHEAD - 3}-01-01" in event
    assert "Canary" not in event
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_it_is_shown_with_the_words(api: Client) -> None:
    request = await opened(api, lines=[a_line(measures=MEASURES)])

    request = await consent(api, request, recipients=["NOR"], fields=["codes"])
    assert "Canary-provider" not in await visible_text(api, request, NORWAY)
    await consent(api, request, recipients=["NOR"], fields=["codes", "words"])
    assert "Canary-provider" in await visible_text(api, request, NORWAY)


@pytest.mark.parametrize(
    ("measures", "slug", "field"),
    [
        ([{"source": "elsewhere"}], "invalid-field", "lines[0].measures[0].source"),
        ([{}], "missing-field", "lines[0].measures[0].source"),
        ([{"source": "own", "kind": "trainign"}], "unknown-code", "lines[0].measures[0].kind"),
        (
            [{"source": "own", "period": {"from": "2027-02-01", "until": "2027-01-01"}}],
            "dates-reversed",
            "lines[0].measures[0].period",
        ),
        ([{"source": "own"}] * 11, "invalid-field", "lines[0].measures"),
    ],
    ids=["source", "no source", "kind", "period", "number"],
)
async def test_a_wrong_entry_is_refused(api: Client, measures: list[dict[str, Any]], slug: str, field: str) -> None:
    body = {"language": "en", "lines": [{"measures": measures}]}

    answer = await api.post("/v1/requests", json=body, headers=headers())

    assert (400, slug, field) == (answer.status_code, answer.json()["slug"], answer.json()["details"]["field"])
