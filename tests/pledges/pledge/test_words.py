"""Donors' texts, which are reworded in any state; the old texts are deleted."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from chassis.db.database import Database
from contracts.facts import decode_event
from contracts.registry import decode_fact
from services.pledges.ledger.verify import verify
from tests.builders import headers
from tests.pledges.in_kind.steps import PATH as IN_KIND
from tests.pledges.in_kind.steps import declared, move
from tests.pledges.in_kind.steps import path_of as in_kind_path
from tests.pledges.ledger.steps import now_of
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    Client,
    committed,
    content,
    get,
    pledged,
    post,
    receive,
    refused,
    usd,
)

BEFORE = "Fictitious sample: Ms Ilse Zwilling at the ministry answers for it."
AFTER = "Fictitious sample: the ministry answers for it."
KEPT = {"note": "SELECT * FROM pledge_text", "description": "SELECT * FROM in_kind_contribution_text"}


@pytest.fixture(params=KEPT)
async def thing(request: pytest.FixtureRequest, api: Client) -> tuple[str, str, dict[str, Any]]:
    """The path of a record, the name of its text field, and the record in its final state."""
    if request.param == "note":
        one = await receive(api, await committed(api, note=BEFORE, money=usd(1_000)), usd(1_000))
        return f"/v1/pledges/{one['pledge_id']}", "note", one
    one = await move(api, await move(api, await declared(api, description=BEFORE), "acknowledge"), "strike")
    return in_kind_path(one), "description", one


ENDED: dict[str, tuple[str, dict[str, Any]]] = {
    "withdrawn": ("withdraw", {}),
    "lapsed": ("lapse", {}),
    "closed": ("close", {}),
}


@pytest.mark.parametrize("status", ["pledged", "committed", "partially_received", "received", *ENDED])
async def test_rewording_keeps_pledge_status(api: Client, databases: Mapping[str, Database], status: str) -> None:
    one = await (pledged if status in {"pledged", "withdrawn", "lapsed"} else committed)(api, money=usd(100))
    if status in {"partially_received", "received", "closed"}:
        one = await receive(api, one, usd(40 if status == "partially_received" else 100))
    path = f"/v1/pledges/{one['pledge_id']}"
    if status in ENDED:
        name, body = ENDED[status]
        by = NORWAY if name == "withdraw" else FINANCE
        one = await post(api, f"{path}/{name}", by, revision=one["revision"], **body)
    assert status == one["status"]

    after = await post(api, f"{path}/reword", NORWAY, revision=one["revision"], note=AFTER)
    assert content(after) == content({**one, "note": AFTER, "revision": one["revision"] + 1})
    async with databases["pledges"].transaction() as tx:
        assert (await verify(tx)).findings == []


@pytest.mark.parametrize("by", [NORWAY, FINANCE])
async def test_author_or_office_replaces_text(
    thing: tuple[str, str, dict[str, Any]], api: Client, databases: Mapping[str, Database], by: str
) -> None:
    path, name, one = thing
    after = await post(api, f"{path}/reword", by, revision=one["revision"], **{name: AFTER})

    assert content(after) == content({**one, name: AFTER, "revision": one["revision"] + 1})
    assert content(after) == content(await get(api, path, NORWAY))
    async with databases["pledges"].transaction() as tx:
        (kept,) = await tx.fetch(KEPT[name])
        fact = decode_fact(decode_event(await tx.fetchval("SELECT event FROM journal ORDER BY position DESC LIMIT 1")))
        rows = await tx.fetch("SELECT event::text FROM journal UNION ALL SELECT audit::text FROM audit")
    assert AFTER == kept[name]
    assert fact.texts_hash == hashlib.sha256(kept["salt"] + msgspec.json.encode(AFTER)).hexdigest()
    assert not [row for row in rows if "Zwilling" in row[0] or "ministry" in row[0]]


async def test_others_and_invalid_texts_are_rejected(thing: tuple[str, str, dict[str, Any]], api: Client) -> None:
    path, name, one = thing
    revision = one["revision"]
    for by, body, answer in (
        (GERMANY, {name: AFTER}, (404, "not-found")),
        ("KEN:focal_point", {name: AFTER}, (404, "not-found")),
        ("UNODC:coordinator", {name: AFTER}, (403, "not-for-your-role")),
        ("UNODC:auditor", {name: AFTER}, (403, "not-for-your-role")),
        (NORWAY, {name: "x" * 2001}, (400, "invalid-field")),
        (NORWAY, {name: 7}, (400, "invalid-field")),
        (NORWAY, {name: AFTER, "donor": "DEU"}, (400, "unknown-field")),
    ):
        assert answer == await refused(api, f"{path}/reword", by, revision=revision, **body)
    assert (412, "revision-stale") == await refused(api, f"{path}/reword", NORWAY, revision=revision - 1, **{name: "."})
    assert content(one) == content(await get(api, path, NORWAY))


async def test_repeated_command_runs_once(thing: tuple[str, str, dict[str, Any]], api: Client) -> None:
    path, name, one = thing
    given = headers(NORWAY, revision=one["revision"])
    first, second = [await api.post(f"{path}/reword", json={name: AFTER}, headers=given) for _ in range(2)]
    assert (200, 200) == (first.status_code, second.status_code)
    assert first.json() == second.json()


async def test_rewording_changes_texts_but_no_figures_as_of_any_moment(
    api: Client, databases: Mapping[str, Database], at_once: None
) -> None:
    pledge = await pledged(api, note=BEFORE)
    given = await move(api, await declared(api, description=BEFORE), "acknowledge")
    moment = await now_of(api)
    before = await reported(api, None)
    assert BEFORE in before["/v1/statements/NOR/data"]
    as_of = await reported(api, moment)

    await post(api, f"/v1/pledges/{pledge['pledge_id']}/reword", NORWAY, revision=1, note=AFTER)
    path = f"{IN_KIND}/{given['in_kind_contribution_id']}/reword"
    # A donor alone cannot reword the description of an acknowledged contribution.
    assert (409, "in-kind-status") == await refused(api, path, NORWAY, revision=2, description=AFTER)
    await post(api, path, FINANCE, revision=2, description=AFTER)

    again = await now_of(api)
    for expected, found in (
        (before, await reported(api, None)),
        (as_of, await reported(api, moment)),
        (as_of, {path: text.replace(again, moment) for path, text in (await reported(api, again)).items()}),
    ):
        assert found == {path: text.replace(BEFORE, AFTER) for path, text in expected.items()}
    async with databases["pledges"].transaction() as tx:
        assert (await verify(tx)).findings == []


async def reported(api: Client, moment: str | None) -> dict[str, str]:
    """Return the donor's statement and the fund; without a moment, all but the time of the report."""
    found = {}
    for path in ("/v1/statements/NOR/data", "/v1/funds/SHERLOC-MNT"):
        answer = await api.get(path, params={"as_of": moment} if moment else {}, headers=headers(FINANCE))
        assert answer.status_code == 200, answer.text
        found[path] = answer.text if moment else answer.text.replace(str(answer.json()["as_of"]), "")
    return found
