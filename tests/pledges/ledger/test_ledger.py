"""Constraints that PostgreSQL enforces against the service itself, and invariants under concurrent writes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest

from chassis.db.database import Database, Tx
from chassis.ids import new_id
from chassis.rebuild import verify
from services.pledges import policy
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import Requirement
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import balances
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import BOOKS, Account, EntryType
from services.pledges.money.model import USD
from services.pledges.open_data.flows import store as flow_store
from services.pledges.open_data.flows.store import Filters
from services.pledges.open_data.iati import store as iati_store
from services.pledges.pledge import store
from services.pledges.pledge.model import Status
from services.pledges.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.databases import connected
from tests.pledges.activities import steps as activities
from tests.pledges.pledge.builders import a_pledge as a_domain_pledge
from tests.pledges.pledge.builders import a_requirement
from tests.pledges.steps import (
    FINANCE,
    NORWAY,
    Client,
    a_fund,
    a_pledge,
    committed,
    funded,
    get,
    pledged,
    post,
    receive,
    usd,
)

Postings = Sequence[tuple[str | None, str | None, int | None, int | None]]


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    client = await client_of("pledges")
    await post(client, "/v1/funds", FINANCE, **a_fund())
    return client


SOUND = """is_double_entry(e.type, e.pledge_id, e.allocation_id, e.donor, e.rate, e.rate_source, e.rate_date, e.reverses,
    e.postings)"""


async def an_entry(tx: Tx, postings: Postings) -> None:
    """Insert a copy of the first entry with other postings."""
    await tx.execute(
        """
        INSERT INTO entry (entry_id, type, fund, pledge_id, donor, effective_on, recorded_at, rate, rate_source,
            rate_date, postings)
        SELECT $1, type, fund, pledge_id, donor, effective_on, recorded_at, rate, rate_source, rate_date,
            ARRAY(SELECT ROW(p.*, NULL, NULL, NULL, NULL)::posting FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS p)
        FROM entry ORDER BY recorded_at LIMIT 1
        """,
        new_id(),
        *([list(column) for column in zip(*postings, strict=True)] or [[]] * 4),
    )


@pytest.mark.parametrize(
    "postings",
    [
        [],
        [("cash", "EUR", 100, 115)],
        [("cash", "EUR", 100, 115), ("exchange_position", "EUR", -99, -115)],
        [("cash", "EUR", 100, 115), ("exchange_position", "EUR", -100, -114)],
        [("cash", "EUR", 100, 115), ("exchange_position", "NOK", -100, -115)],
        # Each sum is zero over the whole entry, but a pledge would become cash.
        [("cash", "EUR", 100, 115), ("pledged", "EUR", -100, -115)],
        [("pledged", "EUR", 100, 115), ("committed", "EUR", -100, -115)],
        [("cash", "EUR", 100, 0), ("pledged", "EUR", -100, 0)],
        # Each balances but is invalid: no account, no currency, no amount, two signs, dollars of another worth.
        [("petty_cash", "EUR", 100, 115), ("petty_cash", "EUR", -100, -115)],
        [("cash", "euro", 100, 115), ("available", "euro", -100, -115)],
        [("cash", "EUR", 0, 0), ("available", "EUR", 0, 0)],
        [("cash", "EUR", 100, -115), ("available", "EUR", -100, 115)],
        [("cash", "USD", 100, 115), ("available", "USD", -100, -115)],
        [("cash", "EUR", 10**16, 10**16), ("available", "EUR", -(10**16), -(10**16))],
        [("cash", "EUR", 1, 1), ("available", "EUR", -1, -1)] * 26,
        [("cash", "EUR", None, 115), ("available", "EUR", -100, -115)],
        [("cash", None, 100, 115), ("available", None, -100, -115)],
        [(None, "EUR", 100, 115), ("available", "EUR", -100, -115)],
    ],
)
async def test_unbalanced_entry_is_rejected_by_check(api: Client, db: Database, postings: Postings) -> None:
    await pledged(api, money=usd(100))
    with pytest.raises(asyncpg.CheckViolationError) as no:
        async with db.transaction() as tx:
            await an_entry(tx, postings)

    assert no.value.constraint_name == "entry_is_sound"
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM entry") == 1


async def test_balanced_entry_is_accepted_by_check(api: Client, db: Database) -> None:
    await pledged(api, money=usd(100))
    async with db.transaction() as tx:
        await an_entry(
            tx,
            [
                ("cash", "EUR", 100, 115),
                ("exchange_position", "EUR", -100, -115),
                ("receivable", "EUR", -100, -114),
                ("discharged", "EUR", 100, 115),
                ("rounding", "EUR", 0, -1),
            ],
        )
    async with db.transaction() as tx:
        assert (
            await tx.fetchval(
                "SELECT count(*) FROM entry CROSS JOIN unnest(postings) WHERE account IN ('cash', 'rounding')"
            )
            == 2
        )


async def test_entry_columns_match_its_type(api: Client, db: Database) -> None:
    await pledged(api, money=usd(100))

    async def is_sound(**changed: object) -> bool:
        async with db.transaction() as tx:
            return bool(
                await tx.fetchval(
                    f"SELECT {SOUND} FROM entry, json_populate_record(entry, $1::text::json) AS e",
                    msgspec.json.encode(changed).decode(),
                )
            )

    taken_back = {"withdrawn", "lapsed", "returned", "reversed"}
    other = str(uuid4())
    assert [
        one for one in EntryType if not await is_sound(type=one, reverses=other if one in taken_back else None)
    ] == []
    in_two_dimensions = [[{"account": "pledged", "currency": "USD", "minor": 1, "usd_minor": 1}],
                         [{"account": "pledged_contra", "currency": "USD", "minor": -1, "usd_minor": -1}]]  # fmt: skip
    wrong = (
        {"type": "borrowed"},
        {"postings": in_two_dimensions},
        {"type": "withdrawn"},
        {"reverses": other},
        {"allocation_id": other},
        {"pledge_id": None},
        {"donor": None},
        {"rate": None},
        {"rate": "NaN"},
        {"rate": 0},
        {"rate_source": None},
        {"rate_date": None},
        {"rate": None, "rate_source": None, "rate_date": None},
    )
    assert [one for one in wrong if await is_sound(**one)] == []
    assert await is_sound(type="committed", rate=2)


async def test_posting_rate_is_complete_or_absent(api: Client, db: Database) -> None:
    await pledged(api, money=usd(100))

    async def is_sound(currency: str, rate: Mapping[str, object]) -> bool:
        postings = [
            {"account": account, "currency": currency, "minor": minor, "usd_minor": minor, **rate}
            for account, minor in (("pledged", 5), ("pledged_contra", -5))
        ]
        async with db.transaction() as tx:
            return bool(
                await tx.fetchval(
                    f"SELECT {SOUND} FROM entry, json_populate_record(entry, $1::text::json) AS e",
                    msgspec.json.encode({"postings": postings}).decode(),
                )
            )

    whole = {"rate": "1.15", "rate_currency": "EUR", "rate_source": "ecb", "rate_date": "2026-02-01"}
    assert [True, True, True] == [await is_sound(*one) for one in (("EUR", whole), ("EUR", {}), ("USD", {}))]
    wrong: list[Mapping[str, object]] = [
        *(whole | {name: None} for name in whole),
        *(whole | {"rate": rate} for rate in (0, -1, "NaN", "Infinity", 1_000_000_000)),
        whole | {"rate_currency": "euro"},
    ]
    assert [one for one in wrong if await is_sound("EUR", one)] == []
    assert not await is_sound("USD", whole | {"rate": 1, "rate_currency": "USD"})


async def test_owner_cannot_unbalance_an_entry(api: Client, db: Database, database_url: str) -> None:
    await pledged(api, money=usd(100))
    owner = await asyncpg.connect(database_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError) as no:
            await owner.execute("UPDATE pledges.entry SET postings[1].minor = 1")
    finally:
        await owner.close()

    assert no.value.constraint_name == "entry_is_sound"


@pytest.mark.parametrize("table", ["entry", "rate"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET currency = currency", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_service_role_cannot_update_or_delete_ledger_rows(
    api: Client, db: Database, table: str, statement: str
) -> None:
    column = "currency" if table != "entry" else "fund"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction() as tx:
            await tx.execute(statement.format(table).replace("currency", column))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE balance SET available_usd_minor = -1",
        "UPDATE pledge SET received_minor = minor + 1",
        "UPDATE pledge SET status = 'received'",
        "UPDATE pledge SET status = 'committed'",
        "INSERT INTO rate VALUES ('CHF', '2026-01-01', 'x', 'NaN', gen_random_uuid(), NULL)",
        "INSERT INTO rate VALUES ('CHF', '2026-01-01', 'x', 0, gen_random_uuid(), NULL)",
        "INSERT INTO rate VALUES ('USD', '2026-01-01', 'x', 2, gen_random_uuid(), NULL)",
    ],
)
async def test_schema_checks_match_the_model(api: Client, db: Database, statement: str) -> None:
    await pledged(api, money=usd(100))
    with pytest.raises(asyncpg.CheckViolationError):
        async with db.transaction() as tx:
            await tx.execute(statement)


async def test_entry_can_be_reversed_once(api: Client, db: Database) -> None:
    pledge = await pledged(api, money=usd(100))
    await post(api, f"/v1/pledges/{pledge['pledge_id']}/withdraw", NORWAY, revision=1)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO entry SELECT (json_populate_record(entry, json_build_object('entry_id', $1::text))).*
                FROM entry WHERE reverses IS NOT NULL
                """,
                str(uuid4()),
            )


async def test_sql_books_match_python_books(db: Database) -> None:
    async with db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT account, book_of(account) AS book FROM unnest($1::text[]) AS account", [*Account, "petty_cash"]
        )

    assert {row["account"]: row["book"] for row in rows} == {**BOOKS, "petty_cash": None}


async def test_concurrent_allocations_take_exactly_the_balance(api: Client, db: Database) -> None:
    await funded(api, 1000)
    balanced: list[bool] = []
    done = asyncio.Event()

    async def look() -> None:
        """Check ten times a second that every book sums to zero, and that the balance equals the postings."""
        while not done.is_set():
            view = await get(api, "/v1/ledger/balances")
            sums: Counter[tuple[str, str]] = Counter()
            worth: Counter[str] = Counter()
            for row in view["balances"]:
                sums[row["book"], row["currency"]] += row["minor"]
                worth[row["book"]] += row["usd_minor"]
            fund = await get(api, "/v1/funds/SHERLOC-MNT")
            parts = ("available", "allocated", "programme_support")
            whole = sum(fund[f"{part}_usd_minor"] for part in parts)
            balanced.append(not any(sums.values()) and not any(worth.values()) and whole == fund["paid_usd_minor"])
            await asyncio.sleep(0.1)

    async def take(number: int) -> httpx.Response:
        body = {"fund": "SHERLOC-MNT", "money": usd(60), "work_package": "maintenance"}
        while True:
            answer = await api.post("/v1/allocations", json=body, headers=headers(FINANCE, key=f"racer-{number:04}"))
            if answer.status_code != 503:
                return answer

    looking = asyncio.create_task(look())
    answers = await asyncio.gather(*(take(number) for number in range(50)))
    done.set()
    await looking

    assert Counter(answer.status_code for answer in answers) == {201: 16, 409: 34}
    assert {a.json()["slug"] for a in answers if a.status_code == 409} == {"balance-exceeded"}
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert (fund["available_usd_minor"], fund["allocated_usd_minor"]) == (40, 960)
    assert balanced
    assert all(balanced)


async def test_concurrent_receipts_and_allocations_never_overdraw_in_journal_order(
    api: Client, db: Database, database_url: str
) -> None:
    """In the journal's order the balance is never negative."""
    pledges = [await committed(api, money=usd(100)) for _ in range(12)]

    async def take() -> int:
        body = {"fund": "SHERLOC-MNT", "money": usd(70), "work_package": "training"}
        taken = 0
        for _ in range(6):
            answer = await api.post("/v1/allocations", json=body, headers=headers(FINANCE))
            assert answer.status_code in {201, 409}, answer.text
            taken += answer.status_code == 201
        return taken

    results: list[Any] = await asyncio.gather(
        *(receive(api, pledge, usd(100)) for pledge in pledges), *(take() for _ in range(4))
    )
    taken = sum(result for result in results if isinstance(result, int))
    fund = await get(api, "/v1/funds/SHERLOC-MNT")

    assert fund["available_usd_minor"] == 1200 - 70 * taken >= 0
    async with connected(database_url, "pledges", owner=True) as owner:
        assert await verify(owner, SERVICE) == []


async def test_fund_code_is_unique(api: Client) -> None:
    answers = await asyncio.gather(
        *(api.post("/v1/funds", json=a_fund("F-RACE"), headers=headers(FINANCE)) for _ in range(10))
    )

    assert sorted(answer.status_code for answer in answers)[0] == 201
    assert Counter(answer.status_code for answer in answers)[201] == 1
    assert {answer.status_code for answer in answers} <= {201, 409, 412}


async def test_may_see_in_python_and_sql_agree(api: Client, db: Database) -> None:
    """Every role in each organization is compared with every owner of a record."""
    await funded(api, 10_000)
    for donor in ("NOR", "DEU"):
        given = {"fund": "SHERLOC-MNT", "form": "software", "money": usd(5), "provided_on": "2026-02-12"}
        await post(api, "/v1/in-kind-contributions", f"{donor}:donor_officer", **given)
    await post(api, "/v1/pledges", "DEU:donor_officer", **a_pledge(money=usd(5)))
    callers = [
        a_caller(f"{organization}:{role}")
        for organization in ("NOR", "DEU", "KEN", "UNODC", "UNODC-SHERLOC")
        for role in ("focal_point", "official", "coordinator", "provider_officer", "donor_officer", "finance_officer",
                     "auditor", "administrator", "service")
    ]  # fmt: skip
    requirements = [
        Requirement(**{f: getattr(one, f) for f in one.__struct_fields__} | {"state": state, "provider": provider})
        for state in ("KEN", "NOR")
        for provider in ("NOR", "UNODC-SHERLOC")
        for one in [a_requirement()]
    ]
    async with db.transaction() as tx:
        for requirement in requirements:
            await allocation_store.add_requirement(tx, requirement)
        await store.save_pledge(tx, a_domain_pledge(Status.WITHDRAWN))
    purposes: list[dict[str, Any]] = [{"requirement_id": str(r.requirement_id)} for r in requirements]
    activity = await activities.planned(api)
    purposes += [{"work_package": "training"}, {"activity_id": activity["activity_id"]}]
    for purpose in purposes:
        await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(1), **purpose)

    everything = a_caller("UNODC:service")
    async with db.transaction() as tx:
        filters: dict[str, Any] = {"fund": None, "before": None, "limit": 100}
        every: dict[str, Any] = {"status": None, "donor": None, "due_before": None}
        pledges = [p for p, _ in await store.pledges(tx, everything, **every, **filters)]
        purposes_of = {"request_id": None, "requirement_id": None, "activity_id": None}
        allocations = await allocation_store.allocations(tx, everything, **purposes_of, **filters)
        in_kind = [one for one, _ in await in_kind_store.contributions(tx, everything, status=None, **filters)]
        entries = await tx.fetch("SELECT entry_id, donor FROM entry")
        for caller in callers:
            donor = "reads_of_donor(donor, $1, $2)"
            for table, seen, key, expected in (
                ("pledge", donor, "pledge_id", {p.pledge_id for p in pledges if policy.may_see_pledge(caller, p)}),
                ("entry", donor, "entry_id", {e["entry_id"] for e in entries if policy.may_see_entry(caller, e["donor"])}),
                ("requirement", "sees_requirement(state, provider, $1, $2)", "requirement_id",
                 {r.requirement_id for r in requirements if policy.may_see_requirement(caller, r)}),
                ("allocation", "sees_allocation(work_package, activity_id, state, provider, $1, $2)", "allocation_id",
                 {a.allocation_id for a in allocations if policy.may_see_allocation(caller, a)}),
                ("in_kind_contribution", donor, "in_kind_contribution_id",
                 {i.in_kind_contribution_id for i in in_kind if policy.may_see_in_kind(caller, i)}),
            ):  # fmt: skip
                rows = await tx.fetch(f"SELECT {key} FROM {table} WHERE {seen}", caller.organization, caller.role)
                assert {row[key] for row in rows} == expected, (table, caller)
    assert (len(pledges), len(allocations), len(in_kind)) == (3, 6, 2)


async def test_sum_beyond_64_bits_is_returned(api: Client) -> None:
    most = {"minor": 10**15, "currency": USD}
    for _ in range(3):
        await pledged(api, money=most)

    assert (await get(api, "/v1/funds/SHERLOC-MNT"))["pledged_usd_minor"] == 3 * 10**15


async def test_entries_query_uses_a_custom_plan(api: Client, db: Database) -> None:
    """A generic plan ignores the limit and sorts the whole ledger."""
    await pledged(api)
    caller = a_caller(FINANCE)
    async with db.transaction(by=caller) as tx:
        for ask in (
            lambda: flow_store.rows(tx, caller, Filters(), before=None, limit=51),
            lambda: flow_store.count(tx, caller, Filters(), up_to=50_001),
            lambda: iati_store.ledger_of(tx, "SHERLOC-MNT", caller, as_of=balances.EVER),
            lambda: ledger.entries(
                tx, caller, fund=None, pledge_id=None, allocation_id=None, as_of=None, before=None, limit=51
            ),
        ):
            for _ in range(8):
                # Forces the plan that a connection uses after many executions.
                await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                await ask()
        plans = await tx.fetch(
            """
            SELECT statement, generic_plans FROM pg_prepared_statements
            WHERE statement LIKE '%LIMIT $%' AND statement LIKE '%reads_of_donor(e%'
              AND custom_plans + generic_plans >= 8
            """
        )
    assert [0] * 5 == [row["generic_plans"] for row in plans], [row["statement"] for row in plans]
