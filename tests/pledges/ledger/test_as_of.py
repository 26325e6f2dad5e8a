"""Reports as of a moment never change and agree with each other."""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from services.pledges.activities import store as activity_store
from services.pledges.in_kind import store as in_kind_store
from services.pledges.in_kind.model import MOVES as IN_KIND_MOVES
from services.pledges.ledger import balances, history_store, snapshots
from services.pledges.ledger.verify import verify
from services.pledges.pledge.evolve import evolve
from services.pledges.wiring import close_and_write_snapshots
from tests.builders import headers
from tests.pledges.activities.test_activities import completed, planned
from tests.pledges.in_kind.test_in_kind import PATH as IN_KIND
from tests.pledges.in_kind.test_in_kind import a_contribution, declared, move
from tests.pledges.ledger.test_snapshots import at_once
from tests.pledges.open_data.test_flow_chains import FUNDS, api, check_sums, way
from tests.pledges.pledge.test_life import SECOND
from tests.pledges.pledge.test_pledges import (
    FINANCE,
    GERMANY,
    NORWAY,
    a_fund,
    a_pledge,
    committed,
    get,
    pledged,
    post,
    receive,
    usd,
)
from tests.soak import cases

__all__ = ["api", "at_once", "way"]
Client = httpx.AsyncClient
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
"""Records are shown in their current state."""
PACKAGES = ("training", "translation")
DONORS = (NORWAY, GERMANY)
MOVES = {
    "pledged": ("commit", "commit", "reduce", "withdraw", "lapse"),
    "committed": ("receive", "reduce", "write-off"),
    "partially_received": ("receive", "carry-over", "refund"),
}
CHANGING = {
    "reword",
    "receive",
    "reversal",
    "return",
    "spend",
    "revise",
    "acknowledge",
    "withdraw",
    "strike",
    "carry-over",
}

pytestmark = pytest.mark.usefixtures("at_once")


class Writers:
    """Random writers: possible commands succeed, others are refused."""

    answers = frozenset({200, 201, 409, 422})

    def __init__(self, api: Client, seed: int) -> None:
        self._api = api
        self._chance = random.Random(seed)
        self._done: Counter[str] = Counter()

    async def write(self) -> None:
        """Write for a while, and until every kind of change has happened."""
        self._done.clear()
        for turn in range(500):
            if turn >= 30 and self._done.keys() >= CHANGING:
                return
            steps = [self._pledge, self._move, self._use, self._give, self._need, self._reverse]
            await self._chance.choices(steps, [2, 4, 4, 2, 1, 1])[0]()
        raise AssertionError(f"not done: {CHANGING - self._done.keys()}")

    async def _do(self, what: str, path: str, by: str, revision: int | None = None, **body: Any) -> Any:
        answer = await self._api.post(path, json=body, headers=headers(by, revision=revision))
        assert answer.status_code in self.answers, answer.text
        if answer.is_success:
            self._done[what] += 1
            return answer.json()
        return None

    async def _any(self, path: str, status: str | None = None) -> Any:
        """A record of the list with that status, if there is one."""
        (listed,) = [value for name, value in (await get(self._api, f"{path}?limit=100")).items() if name != "cursor"]
        found = [one for one in listed if status in {None, one.get("status")}]
        return self._chance.choice(found) if found else None

    async def _decided(self, proposal: Any) -> None:
        if proposal is not None:
            path = f"/v1/proposals/{proposal['proposal_id']}/approve"
            await self._do(proposal["measure"], path, SECOND, proposal["revision"])

    async def _pledge(self) -> None:
        money = {"minor": self._chance.randint(1, 10**7), "currency": self._chance.choice(["USD", "EUR", "JPY"])}
        fund = self._chance.choice(FUNDS)
        await self._do("pledge", "/v1/pledges", self._chance.choice(DONORS), **a_pledge(fund=fund, money=money))

    async def _move(self) -> None:
        status = self._chance.choice(list(MOVES))
        pledge = await self._any("/v1/pledges", status)
        if pledge is None:
            return
        if not self._chance.randrange(4):
            body = {"note": pledge["note"]}
            await self._do("reword", f"/v1/pledges/{pledge['pledge_id']}/reword", FINANCE, pledge["revision"], **body)
            return
        name = self._chance.choice(MOVES[status])
        some = {**pledge["money"], "minor": self._chance.randint(1, pledge["money"]["minor"])}
        to_fund = self._chance.choice([code for code in FUNDS if code != pledge["fund"]])
        bodies: dict[str, dict[str, Any]] = {
            "commit": {"committed_on": "2026-03-05", "support_cost_basis_points": self._chance.choice([0, 1300])},
            "receive": {"money": some, "received_on": "2026-04-20"},
            "reduce": {"money": some, "reason": "donor_budget"},
            "carry-over": {"to_fund": to_fund, "money": usd(self._chance.randint(1, 10**4))},
            "refund": {"money": some, "reason": "not_used"},
            "write-off": {"reason": "not_expected"},
        }
        by = f"{pledge['donor']}:donor_officer" if name == "withdraw" else FINANCE
        path = f"/v1/pledges/{pledge['pledge_id']}/{name}"
        moved = await self._do(name, path, by, pledge["revision"], **bodies.get(name, {}))
        if name in {"refund", "write-off"}:
            await self._decided(moved)

    async def _use(self) -> None:
        """Allocate, spend, or return the rest."""
        name, some = self._chance.choice(["allocate", "allocate", "spend", "return"]), self._chance.randint(1, 10**4)
        if name == "allocate":
            body = {"fund": self._chance.choice(FUNDS[:2]), "work_package": self._chance.choice(PACKAGES)}
            await self._do(name, "/v1/allocations", FINANCE, money=usd(some), **body)
            return
        made = await self._any("/v1/allocations", "made")
        if made is None:
            return
        how = {"money": usd(some), "how": self._chance.choice(["expenditure", "disbursement"])}
        path = f"/v1/allocations/{made['allocation_id']}/{name}"
        await self._do(name, path, FINANCE, made["revision"], **(how if name == "spend" else {}))

    async def _reverse(self) -> None:
        entries = (await get(self._api, "/v1/ledger/entries?limit=100"))["entries"]
        some = [one for one in entries if one["type"] in {"received", "allocated", "spent", "disbursed"}]
        body = {"entry_id": self._chance.choice(some)["entry_id"], "reason": "recorded_wrongly"}
        await self._decided(await self._do("propose", "/v1/ledger/reversals", FINANCE, **body))

    async def _need(self) -> None:
        fund = await self._any("/v1/funds")
        body = {"year": self._chance.randint(2027, 2029), "money": usd(self._chance.randint(0, 3) * 10**7)}
        path = f"/v1/funds/{fund['code']}/requirements"
        await self._do("revise", path, FINANCE, fund["revision"], **body, reason="needs_changed")

    async def _give(self) -> None:
        """Contributions in kind."""
        fund, money = self._chance.choice(FUNDS), usd(self._chance.randint(1, 10**6))
        await self._do("declare", IN_KIND, self._chance.choice(DONORS), **a_contribution(fund=fund, money=money))
        name = self._chance.choice(list(IN_KIND_MOVES))
        one = await self._any(IN_KIND, IN_KIND_MOVES[name])
        if one is None:
            return
        by = f"{one['donor']}:donor_officer" if name == "withdraw" else FINANCE
        body = {"reason": "given_back"} if name == "strike" else {}
        await self._do(name, f"{IN_KIND}/{one['in_kind_contribution_id']}/{name}", by, one["revision"], **body)


async def asked(client: Client, path: str, moment: str | None, by: str = FINANCE) -> httpx.Response:
    as_at = {} if moment is None else {"as_at": moment}
    return await client.get(path, params={**httpx.URL(path).params, **as_at}, headers=headers(by))


async def told(client: Client, path: str, moment: str | None = None, by: str = FINANCE) -> dict[str, Any]:
    """All pages of a list, or one record; current without a moment."""
    answer = await asked(client, path, moment, by)
    assert answer.status_code == 200, answer.text
    found = dict(answer.json())
    found.pop("cursor", None)
    while "next" in answer.links:
        answer = await client.get(answer.links["next"]["url"], headers=headers(by))
        found = {name: value + answer.json()[name] for name, value in found.items()}
    return found


async def everything(client: Client, moment: str) -> dict[tuple[str, str], Any]:
    """All reports as of the moment, byte for byte, with ETags."""
    found: dict[tuple[str, str], Any] = {}
    for by in (FINANCE, NORWAY, "KEN:focal_point"):
        # For others a fund is as of midnight, before it was opened.
        for path in EVERYTHING if by == FINANCE else (LISTS[0], *LISTS[-2:], *TABLES):
            answer = await asked(client, path, moment, by)
            assert answer.status_code == 200, answer.text
            found[path, by] = answer.content, answer.headers.get("ETag"), answer.links
            if path in LISTS:
                found[path, f"{by}, to the end"] = await told(client, path, moment, by)
    return found


async def now_of(client: Client) -> str:
    return str((await get(client, "/v1/ledger/balances"))["as_at"])


async def figures(client: Client, moment: str | None = None) -> dict[str, Any]:
    """Each list without its `as_at`."""

    def without(told_of: Any) -> Any:
        if isinstance(told_of, list):
            return [without(one) for one in told_of]
        if not isinstance(told_of, dict):
            return told_of
        return {name: without(value) for name, value in told_of.items() if name not in {"as_at", "final"}}

    return {path: without(await told(client, path, moment)) for path in LISTS}


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
    stood = await figures(api)
    moment = await now_of(api)
    before = await everything(api, moment)

    await writers.write()
    await post(api, "/v1/funds", FINANCE, **a_fund("LATE-FUND"))
    await check_closings(databases["pledges"])
    after = await everything(api, moment)
    for asked_for, answer in before.items():
        assert answer == after[asked_for], asked_for
    assert 404 == (await asked(api, "/v1/funds/LATE-FUND", moment)).status_code

    assert stood == await figures(api, moment)
    flows, funds = await told(api, FLOWS, moment), await told(api, LISTS[0], moment)
    check_sums(flows["flows"], funds["funds"])
    assert {(moment, True)} == {(fund["as_at"], fund["final"]) for fund in funds["funds"]}
    assert max(datetime.fromisoformat(one["updated_at"]) for one in flows["flows"]) <= datetime.fromisoformat(moment)

    stands, latest = await figures(api), await now_of(api)
    assert stands == await figures(api, latest)
    assert not [path for path in stands if stands[path] == stood[path]], "they would agree on anything"
    check_sums((await told(api, FLOWS, latest))["flows"], stands[LISTS[0]]["funds"])
    await check_ever(databases["pledges"])


async def check_closings(db: Database) -> None:
    """From here on balances use snapshots, also those of work packages; each equals its entries."""
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
    """Balances as of the latest moment equal current ones."""
    async with db.transaction() as tx:
        assert await in_kind_store.worth(tx, FUNDS, as_at=None) == await in_kind_store.worth(
            tx, FUNDS, as_at=balances.EVER
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
    """The first fact was recorded by a clock ahead of that of the second: as of a moment between them both exist."""
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
    """Totals of two moments would disclose each pledge of others between them."""
    connection = await asyncpg.connect(database_url)
    # Bypasses the trigger that keeps the journal append-only: the funds were opened two days ago.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("UPDATE pledges.journal SET recorded_at = recorded_at - interval '2 days'")
    await connection.close()
    await pledged(api, money=usd(5))
    moment = await now_of(api)
    for path in ("/v1/funds", "/v1/funds/SHERLOC-MNT"):
        for by, as_at, usd_minor in (
            (FINANCE, moment, 5),
            *((by, f"{moment[:10]}T00:00:00Z", 0) for by in (NORWAY, "KEN:focal_point", "UNODC:administrator")),
        ):
            shown = (await asked(api, path, moment, by)).json()
            one = next(fund for fund in shown.get("funds", [shown]) if fund["code"] == "SHERLOC-MNT")
            assert (as_at, True, usd_minor) == (one["as_at"], one["final"], one["pledged_usd_minor"])


@pytest.mark.parametrize("moment", ["253402300800", "20260630", "2026", "null", "", "2026-06-30", "2026-06-30T24:61:00Z",
                                    "2026-06-30T10:00:00 00:00", "２０２６-06-30T10:00:00Z"])  # fmt: skip
async def test_malformed_as_at_is_rejected(api: Client, moment: str) -> None:
    for path in [*EVERYTHING, "/v1/ledger/balances", "/v1/statements/NOR/data"]:
        answer = await asked(api, path, moment)
        assert (400, "invalid-field") == (answer.status_code, answer.json()["slug"]), (path, answer.text)


async def test_future_as_at_or_without_offset_is_rejected(api: Client) -> None:
    for path in EVERYTHING:
        to_come = await asked(api, path, (clock.now() + timedelta(hours=1)).isoformat())
        assert (409, "moment-not-final") == (to_come.status_code, to_come.json()["slug"]), path
        for moment in ("2026-11-25T12:00:00", "0001-01-01T00:00:00+23:00"):
            without = await asked(api, path, moment)
            assert (400, "invalid-field", "as_at") == (
                without.status_code, without.json()["slug"], without.json()["details"]["field"],
            ), path  # fmt: skip


async def test_records_are_current_and_ignore_as_at(api: Client) -> None:
    moment = await now_of(api)
    for path in OF_TODAY:
        answer = await asked(api, path, moment)
        said = answer.json()
        assert (400, "unknown-parameter") == (answer.status_code, said["slug"])
        assert ["as_at"] == said["details"]["parameters"]


async def test_fund_as_of_before_opening_is_not_found(api: Client) -> None:
    assert {"funds": [], "cursor": None} == (await asked(api, "/v1/funds", "2020-01-01T00:00:00Z")).json()
    for path in ("/v1/funds/SHERLOC-MNT", "/v1/funds/SHERLOC-MNT/iati.xml"):
        answer = await asked(api, path, "2020-01-01T00:00:00Z")
        assert (404, "fund-opened-later") == (answer.status_code, answer.json()["slug"])


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
    assert ['"1"', '"2"', '"2"'] == [answer.headers["ETag"] for answer in seen]
