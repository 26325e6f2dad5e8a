"""Gender markers of funds and work packages: stated, revised, published."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from click.testing import CliRunner
from lxml import etree

from chassis.db.database import Database
from chassis.rebuild import verify
from services.__main__ import main
from services.pledges.open_data.iati.reading import read
from services.pledges.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.pledges.ledger.steps import now_of
from tests.pledges.open_data.builders import schema_in
from tests.pledges.steps import FINANCE, NORWAY, Client, a_fund, funded, get, post, refused, unchanged, usd

FUND, OPENED = "/v1/funds/SHERLOC-MNT", "/v1/funds/SHERLOC-LAW"
"""A fund that was opened without a marker, and one that is opened with a marker."""

PATH = f"{FUND}/gender-marker"
NONE_STATED = (None, {"training": None, "translation": None})


async def stated(client: Client, revision: int, marker: int | None, **of: str) -> dict[str, Any]:
    return await post(client, PATH, FINANCE, revision=revision, gender_marker=marker, **of)


async def set_aside(client: Client, fund: str = "SHERLOC-MNT") -> None:
    """Allocate to two work packages, so that they are in the IATI file."""
    await funded(client, 1_000_00, fund)
    for work_package in ("training", "translation"):
        body = {"fund": fund, "money": usd(100_00), "work_package": work_package}
        await post(client, "/v1/allocations", FINANCE, **body)


def shown(fund: Mapping[str, Any]) -> tuple[int | None, dict[str, int | None]]:
    return fund["gender_marker"], {one["work_package"]: one["gender_marker"] for one in fund["work_packages"]}


async def reported(client: Client, fund: str = FUND, **query: str) -> tuple[int | None, dict[str, int | None]]:
    """Return the markers of the fund and its work packages in its IATI file; None if absent."""
    answer = await client.get(f"{fund}/iati.xml", params=query, headers=headers(FINANCE))
    assert 200 == answer.status_code, answer.text
    found = read(answer.content)
    assert () == found.defects
    markers = {}
    for activity in found.activities:
        assert {("1", "1")} >= {(one.code, one.vocabulary) for one in activity.markers}, (
            "the marker is gender equality, in the DAC's vocabulary"
        )
        (marker,) = [int(one.significance) for one in activity.markers] or [None]
        markers[activity.identifier.removeprefix(f"XM-DAC-41128-{fund.rpartition('/')[2]}").removeprefix("-")] = marker
    return markers.pop(""), markers


async def test_work_packages_inherit_the_gender_marker_of_the_fund(api: Client) -> None:
    answer = await post(api, "/v1/funds", FINANCE, **a_fund("SHERLOC-LAW", 0), gender_marker=2)
    await set_aside(api, "SHERLOC-LAW")

    assert (2, 1) == (answer["gender_marker"], answer["revision"])
    expected = (2, {"training": 2, "translation": 2})
    assert expected == shown(await get(api, OPENED, "KEN:focal_point")) == await reported(api, OPENED)


async def test_unassessed_marker_is_absent_and_marker_zero_is_published(
    api: Client,
) -> None:
    await set_aside(api)
    assert NONE_STATED == shown(await get(api, FUND)) == await reported(api)

    await stated(api, 1, 0)

    assert (0, {"training": 0, "translation": 0}) == shown(await get(api, FUND)) == await reported(api)


async def test_revised_marker_is_as_of_the_moment(api: Client) -> None:
    await set_aside(api)
    moments = [await now_of(api)]
    for revision, marker, of in (
        (1, 1, {}),
        (2, 2, {"work_package": "training"}),
        (3, 0, {}),
        (4, None, {"work_package": "training"}),
        (5, None, {}),
    ):
        answer = await stated(api, revision, marker, **of)
        assert revision + 1 == answer["revision"]
        moments.append(await now_of(api))
    expected = [
        NONE_STATED,
        (1, {"training": 1, "translation": 1}),
        (1, {"training": 2, "translation": 1}),
        (0, {"training": 2, "translation": 0}),
        (0, {"training": 0, "translation": 0}),
        NONE_STATED,
    ]

    assert expected == [shown(await get(api, f"{FUND}?as_of={moment.replace('+', '%2B')}")) for moment in moments]
    assert expected == [await reported(api, as_of=moment) for moment in moments]
    assert expected[-1] == shown(await get(api, FUND)) == await reported(api)


async def test_work_package_with_marker_is_shown_without_money(
    api: Client,
) -> None:
    assert (None, {"training": 1}) == shown(await stated(api, 1, 1, work_package="training"))
    assert (None, {}) == await reported(api), "the file lists only purposes to which money was allocated"


async def test_iati_file_with_markers_is_valid(api: Client, shared_data: Path, tmp_path: Path) -> None:
    await set_aside(api)
    await stated(api, 1, 0)
    await stated(api, 2, 1, work_package="training")
    file = tmp_path / "iati.xml"
    file.write_bytes((await api.get(f"{FUND}/iati.xml", headers=headers(FINANCE))).content)
    xsd = shared_data / "iati" / "xsd-2.03"

    assert 3 == len(etree.parse(str(file)).findall("iati-activity/policy-marker"))
    assert schema_in(xsd.parent).validate(etree.parse(str(file)))
    done = CliRunner().invoke(main, ["iati", "validate", str(file), "--xsd", str(xsd)])
    assert (0, "3 activities, 5 transactions; no faults\n") == (done.exit_code, done.output)


async def test_gender_markers_are_rebuilt_from_journal(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    await post(api, "/v1/funds", FINANCE, **a_fund("SHERLOC-LAW", 0), gender_marker=1)
    await stated(api, 1, 2)
    await stated(api, 2, None)
    await stated(api, 3, 1, work_package="training")

    async with connected(database_url, "pledges", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
    for statement in ("UPDATE fund_gender_marker SET gender_marker = 1", "DELETE FROM fund_gender_marker"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with databases["pledges"].transaction() as tx:
                await tx.execute(statement)


async def test_repeated_command_runs_once(api: Client) -> None:
    given = headers(FINANCE, key=f"marker-{uuid4()}", revision=1)
    body = {"gender_marker": 1}

    assert [2, 2] == [(await api.post(PATH, json=body, headers=given)).json()["revision"] for _ in range(2)]


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"gender_marker": 3}, 400, "number-out-of-range"),
        ({"gender_marker": -1}, 400, "number-out-of-range"),
        ({"gender_marker": "1"}, 400, "invalid-field"),
        ({}, 400, "missing-field"),
        ({"gender_marker": 1, "work_package": "outreach"}, 400, "unknown-code"),
        ({"gender_marker": 1, "reason": "x"}, 400, "unknown-field"),
    ],
)
async def test_invalid_input_is_rejected_without_changes(
    api: Client, databases: Mapping[str, Database], body: dict[str, Any], status: int, slug: str
) -> None:
    before = await unchanged(databases["pledges"])

    assert (status, slug) == await refused(api, PATH, revision=1, **body)
    assert before == await unchanged(databases["pledges"])


async def test_fund_with_invalid_marker_is_rejected(api: Client) -> None:
    body = a_fund("SHERLOC-LAW", 0) | {"gender_marker": 3}

    assert (400, "number-out-of-range") == await refused(api, "/v1/funds", **body)
    assert 404 == (await api.get(OPENED, headers=headers(FINANCE))).status_code


async def test_unknown_fund_stale_revision_and_other_roles_are_rejected(api: Client) -> None:
    marker: dict[str, Any] = {"gender_marker": 1}
    requests, of_none = "/v1/funds/TA-REQUESTS/gender-marker", "/v1/funds/NO-SUCH-FUND/gender-marker"

    package = marker | {"work_package": "training"}
    assert (422, "work-package-of-sherloc") == await refused(api, requests, revision=1, **package)
    assert (404, "not-found") == await refused(api, of_none, revision=1, **marker)
    assert (428, "if-match-missing") == await refused(api, PATH, **marker)
    await stated(api, 1, 1)
    assert (412, "revision-stale") == await refused(api, PATH, revision=1, **marker)
    for by in (NORWAY, "UNODC:coordinator", "DEU:finance_officer", "KEN:focal_point"):
        assert (403, "not-for-your-role") == await refused(api, PATH, by, revision=2, **marker)
