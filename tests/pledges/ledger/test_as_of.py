"""Reports as of a moment never change and agree with each other."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis import clock
from chassis.db.database import Database
from services.pledges.activities import store as activity_store
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import balances, history_store, snapshots
from services.pledges.ledger.verify import verify
from services.pledges.pledge.evolve import evolve
from services.pledges.wiring import close_and_write_snapshots
from tests.pledges.activities.steps import completed, planned
from tests.pledges.in_kind.steps import PATH as IN_KIND
from tests.pledges.in_kind.steps import a_contribution, declared, move
from tests.pledges.ledger.steps import asked, now_of, reported
from tests.pledges.ledger.writers import PACKAGES, Writers
from tests.pledges.open_data.steps import FUNDS, check_sums
from tests.pledges.steps import FINANCE, NORWAY, Client, a_fund, committed, pledged, post, receive, usd
from tests.soak import cases

FLOWS = "/v1/flows?boundary=all&limit=30"
LISTS = ("/v1/funds?limit=2", *(f"/v1/funds/{code}" for code in FUNDS), "/v1/ledger/entries?limit=30", FLOWS)
TABLES = ("/v1/flows.csv?boundary=all", "/v1/flows.xlsx?boundary=all")
EVERYTHING = (*LISTS, *TABLES, "/v1/ledger/balances", "/v1/funds/SHERLOC-MNT/iati.xml")
ID = UUID(int=1)
OF_TODAY = (
    *(f"/v1/{kind}{one}" for kind in ("pledges", "allocations", "activities", "in-kind-contributions")
      for one in ("", f"/{ID}")),
    "/v1/requirements",
    "/v1/requirements/unfunded",
)  # fmt: skip
"""Routes whose records are shown in their current state only."""


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "pledges")


pytestmark = pytest.mark.usefixtures("at_once")


async def everything(client: Client, moment: str) -> dict[tuple[str, str], Any]:
    """Return all reports as of the moment, byte for byte, with ETags."""
    found: dict[tuple[str, str], Any] = {}
    for by in (FINANCE, NORWAY, "KEN:focal_point"):
        # For other callers a fund is shown as of midnight, before it was opened.
        for path in EVERYTHING if by == FINANCE else (LISTS[0], *LISTS[-2:], *TABLES):
            answer = await asked(client, path, moment, by)
            if by != FINANCE and path == LISTS[0]:
                assert "fund-opened-later" == answer.json()["slug"]
                continue
            assert answer.status_code == 200, answer.text
            found[path, by] = answer.content, answer.headers.get("ETag"), answer.links
            if path in LISTS:
                found[path, f"{by}, to the end"] = await reported(client, path, moment, by)
    return found


async def figures(client: Client, moment: str | None = None) -> dict[str, Any]:
    """Return each list without its `as_of`."""

    def without(reported_of: Any) -> Any:
        if isinstance(reported_of, list):
            return [without(one) for one in reported_of]
        if not isinstance(reported_of, dict):
            return reported_of
        return {name: without(value) for name, value in reported_of.items() if name not in {"as_of", "final"}}

    return {path: without(await reported(client, path, moment)) for path in LISTS}


@pytest.mark.thinned
@pytest.mark.parametrize("seed", range(cases(1, soak=6)))
async def test_later_writes_change_no_report_as_of_a_moment(
    api: Client, way: Mapping[str, str], databases: Mapping[str, Database], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 5)
    monkeypatch.setattr(snapshots, "SNAPSHOT_ENTRIES_MAX", 10)
    for code in FUNDS:
        await receive(api, await committed(api, fund=code, money=usd(2 * 10**7)), usd(10**7))
    writers = Writers(api, seed)
    await writers.write()
    figures_before = await figures(api)
    moment = await now_of(api)
    before = await everything(api, moment)

    await writers.write()
    await post(api, "/v1/funds", FINANCE, **a_fund("LATE-FUND"))
    await check_closings(databases["pledges"])
    after = await everything(api, moment)
    for asked_for, answer in before.items():
        assert answer == after[asked_for], asked_for
    assert 404 == (await asked(api, "/v1/funds/LATE-FUND", moment)).status_code

    assert figures_before == await figures(api, moment)
    flows, funds = await reported(api, FLOWS, moment), await reported(api, LISTS[0], moment)
    check_sums(flows["flows"], funds["funds"])
    assert {(moment, True)} == {(fund["as_of"], fund["final"]) for fund in funds["funds"]}
    assert max(datetime.fromisoformat(one["updated_at"]) for one in flows["flows"]) <= datetime.fromisoformat(moment)

    figures_now, latest = await figures(api), await now_of(api)
    assert figures_now == await figures(api, latest)
    assert not [path for path in figures_now if figures_now[path] == figures_before[path]], (
        "the compared reports have to differ"
    )
    check_sums((await reported(api, FLOWS, latest))["flows"], figures_now[LISTS[0]]["funds"])
    await check_ever(databases["pledges"])


async def check_closings(db: Database) -> None:
    """Write snapshots, and check that each equals its entries.

    From here on balances use snapshots, also those of work packages.
    """
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(db, closed)
    async with db.transaction() as tx:
        report = await verify(tx)
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT DISTINCT account, work_package FROM closing WHERE work_package <> ''")
    assert (report.closings > 5, report.findings) == (True, [])
    assert {"allocated", "spent"} < {row["account"] for row in rows}
    assert set(PACKAGES) < {row["work_package"] for row in rows}


async def check_ever(db: Database) -> None:
    """Check that balances as of the latest moment equal the current ones."""
    async with db.transaction() as tx:
        assert await in_kind_store.worth(tx, FUNDS, as_of=None) == await in_kind_store.worth(
            tx, FUNDS, as_of=balances.EVER
        )
        assert await balances.differing_balances(tx) == []
        counters = await tx.fetch("SELECT fund, available_usd_minor FROM balance WHERE fund = ANY ($1::text[])", FUNDS)
        allocations = await tx.fetch(
            """
            SELECT fund, work_package, sum(CASE status WHEN 'made' THEN usd_minor ELSE spent_usd_minor END) AS allocated,
                sum(spent_usd_minor) AS spent
            FROM allocation WHERE work_package IS NOT NULL AND status <> 'reversed' GROUP BY fund, work_package
            """
        )
        progress = await balances.progress(tx, FUNDS)
    assert {row["fund"]: row["available_usd_minor"] for row in counters} == {
        fund: of_fund.totals.available_usd_minor for fund, of_fund in progress.items()
    }
    assert {(fund, work_package, aside.allocated_usd_minor, aside.spent_usd_minor)
            for fund, of_fund in progress.items() for work_package, aside in of_fund.by_work_package.items()
            } == {tuple(row) for row in allocations if row["allocated"]}  # fmt: skip


async def test_facts_are_ordered_by_version_despite_clock_ahead(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    """The first fact was recorded by a clock ahead of the second's clock.

    As of a moment between the two, both exist.
    """
    ids = [
        (await committed(api))["pledge_id"],
        (await completed(api, await planned(api)))["activity_id"],
        (await move(api, await declared(api), "acknowledge"))["in_kind_contribution_id"],
    ]
    connection = await asyncpg.connect(database_url)
    # Bypasses the trigger that keeps the journal append-only.
    await connection.execute("SET session_replication_role = replica")
    moment = await connection.fetchval(
        "SELECT max(recorded_at) FROM pledges.journal WHERE aggregate_id = ANY ($1::uuid[])", ids
    )
    await connection.execute(
        """
        UPDATE pledges.journal SET recorded_at = $2::timestamptz + interval '1 second'
        WHERE aggregate_id = ANY ($1::uuid[]) AND version = 1
        """,
        ids,
        moment,
    )
    await connection.close()

    async with databases["pledges"].transaction() as tx:
        pledges = await history_store.rebuild(tx, ids[:1], evolve, until=moment)
        activities = await activity_store.as_of(tx, ids[1:2], until=moment)
        in_kind = await in_kind_store.as_of(tx, ids[2:], until=moment)
    assert ["committed", "completed", "acknowledged"] == [
        *(pledge.status for pledge in pledges.values()),
        *(activity.status for activity, _ in activities.values()),
        *(contribution.status for contribution in in_kind.values()),
    ]


async def test_fund_totals_for_others_are_as_of_midnight(api: Client, database_url: str) -> None:
    """Totals of two moments would disclose each pledge that other donors made between them."""
    connection = await asyncpg.connect(database_url)
    # Bypasses the trigger that keeps the journal append-only: the funds were opened two days ago.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("UPDATE pledges.journal SET recorded_at = recorded_at - interval '2 days'")
    await connection.close()
    await pledged(api, money=usd(5))
    moment = await now_of(api)
    for path in ("/v1/funds", "/v1/funds/SHERLOC-MNT"):
        for by, as_of, usd_minor in (
            (FINANCE, moment, 5),
            *((by, f"{moment[:10]}T00:00:00Z", 0) for by in (NORWAY, "KEN:focal_point", "UNODC:administrator")),
        ):
            shown = (await asked(api, path, moment, by)).json()
            one = next(fund for fund in shown.get("funds", [shown]) if fund["code"] == "SHERLOC-MNT")
            assert (as_of, True, usd_minor) == (one["as_of"], one["final"], one["pledged_usd_minor"])


@pytest.mark.parametrize("moment", ["253402300800", "20260630", "2026", "null", "", "2026-06-30", "2026-06-30T24:61:00Z",
                                    "2026-06-30T10:00:00 00:00", "２０２６-06-30T10:00:00Z"])  # fmt: skip
async def test_malformed_as_of_is_rejected(api: Client, moment: str) -> None:
    for path in [*EVERYTHING, "/v1/ledger/balances", "/v1/statements/NOR/data"]:
        answer = await asked(api, path, moment)
        assert (400, "invalid-field") == (answer.status_code, answer.json()["slug"]), (path, answer.text)


async def test_future_as_of_or_without_offset_is_rejected(api: Client) -> None:
    for path in EVERYTHING:
        to_come = await asked(api, path, (clock.now() + timedelta(hours=1)).isoformat())
        assert (409, "moment-not-final") == (to_come.status_code, to_come.json()["slug"]), path
        for moment in ("2026-11-25T12:00:00", "0001-01-01T00:00:00+23:00"):
            without = await asked(api, path, moment)
            assert (400, "invalid-field", "as_of") == (
                without.status_code, without.json()["slug"], without.json()["details"]["field"],
            ), path  # fmt: skip


async def test_records_are_current_and_ignore_as_of(api: Client) -> None:
    moment = await now_of(api)
    for path in OF_TODAY:
        answer = await asked(api, path, moment)
        said = answer.json()
        assert (400, "unknown-parameter") == (answer.status_code, said["slug"])
        assert ["as_of"] == said["details"]["parameters"]


async def test_fund_as_of_before_opening_is_not_found(api: Client) -> None:
    for path in ("/v1/funds", "/v1/funds/SHERLOC-MNT", "/v1/funds/SHERLOC-MNT/iati.xml"):
        answer = await asked(api, path, "2020-01-01T00:00:00Z")
        assert (404, "fund-opened-later") == (answer.status_code, answer.json()["slug"])
        assert answer.json()["details"]["opened_at"], "an empty list would not say why it is empty"


async def test_requirement_and_in_kind_total_are_as_of_the_moment(api: Client) -> None:
    path = "/v1/funds/SHERLOC-MNT"
    one = await post(api, IN_KIND, NORWAY, **a_contribution(money=usd(7)))
    moments = [await now_of(api)]
    given = f"{IN_KIND}/{one['in_kind_contribution_id']}"
    await post(api, f"{given}/acknowledge", FINANCE, revision=1)
    need = {"year": 2027, "money": usd(70_000_000), "reason": "needs_changed"}
    await post(api, f"{path}/requirements", FINANCE, revision=1, **need)
    moments.append(await now_of(api))
    await post(api, f"{given}/strike", FINANCE, revision=2, reason="given_back")
    moments.append(await now_of(api))

    seen = [await asked(api, path, moment) for moment in moments]
    assert [(0, 62_000_000, 1), (7, 70_000_000, 2), (0, 70_000_000, 2)] == [
        tuple(answer.json()[name] for name in ("in_kind_usd_minor", "requirement_usd_minor", "revision"))
        for answer in seen
    ]
    assert ['"1', '"2', '"2'] == [answer.headers["ETag"].partition("-")[0] for answer in seen]
