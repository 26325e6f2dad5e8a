"""Row-level security: a statement without a WHERE finds only the rows of its caller."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.db.migrate import own_role_of, role_of
from contracts.values import Caller
from services.composition import all_services
from services.directory.wiring import appoint_founders
from services.requests.request import store
from services.requests.request.model import Request
from tests.builders import a_caller, a_request, headers
from tests.directory.steps import FIRST, OTHER, a_founder, done, entered
from tests.matching.builders import a_submission
from tests.matching.joint_deliveries.steps import proposed, requests_of
from tests.matching.offerings.steps import approved
from tests.matching.rounds.steps import planned
from tests.matching.steps import Owner, opened, presented
from tests.platform.row_level_steps import agree, ids_of
from tests.pledges.in_kind.steps import declared
from tests.pledges.steps import pledged, prepared
from tests.rules.steps import CHASSIS_TABLES

Client = httpx.AsyncClient
NAMES = [service.name for service in all_services()]
FOR_EVERYBODY = {
    "matching": {"consent_reading"},
    "pledges": {
        "fund",
        "fund_requirement",
        "fund_gender_marker",
        "fund_text",
        "balance",
        "rate",
        "closed",
        "period",
    }
    | {"activity", "activity_text"},
    "directory": {"organization", "organization_text"},
}
"""Tables without rows of a State, a donor or a person: readable by every caller."""

KENYA, UGANDA, NORWAY = a_caller("KEN:focal_point"), a_caller("UGA:focal_point"), a_caller("NOR:provider_officer")


@pytest.fixture
async def administrator(database_url: str) -> Any:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


# -- the tables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", NAMES)
async def test_every_table_with_caller_data_has_row_level_security(
    service: str, administrator: asyncpg.Connection
) -> None:
    """A new table gets row-level security in its migration (`CALL wall_in(…)`), or is listed above with a reason."""
    tables = await administrator.fetch(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS walled,
            ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid ORDER BY polname) AS policies
        FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')
        """,
        service,
    )
    open_to_all = CHASSIS_TABLES - {"inbox"} | FOR_EVERYBODY.get(service, set())

    assert {row["relname"] for row in tables if not row["walled"]} == open_to_all
    assert {tuple(row["policies"]) for row in tables if row["walled"]} == {("as_owner", "as_service", "for_callers")}


async def test_views_are_security_invokers(administrator: asyncpg.Connection) -> None:
    views = await administrator.fetch(
        """
        SELECT relname, reloptions FROM pg_class
        WHERE relkind IN ('v', 'm') AND relnamespace = ANY ($1::regnamespace[])
        """,
        NAMES,
    )

    assert not [view["relname"] for view in views if "security_invoker=true" not in (view["reloptions"] or [])]


@pytest.mark.parametrize("service", NAMES)
async def test_service_roles_own_no_tables_and_bypass_nothing(service: str, administrator: asyncpg.Connection) -> None:
    for role in (role_of(service), own_role_of(service)):
        row = await administrator.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", role)
        assert not any(row[right] for right in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcanlogin"))
        assert not await administrator.fetch("SELECT FROM pg_class WHERE relowner = $1::regrole", role)


# -- visible rows -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def requests(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests")


async def _filed(api: Client, appointment: str, **changes: Any) -> UUID:
    answer = await api.post("/v1/requests", json=a_request(**changes), headers=headers(appointment))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["request_id"])


OF_A_REQUEST = ("request", "request_line", "request_text", "line_text", "consent")


async def test_connection_without_caller_settings_sees_no_rows(
    requests: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    await _filed(requests, "KEN:focal_point")
    settings = {"search_path": "requests", "role": role_of("requests")}
    nobody = await asyncpg.connect(database_url, server_settings=settings)
    try:
        for table in OF_A_REQUEST:
            async with databases["requests"].transaction() as tx:
                assert await tx.fetchval(f"SELECT count(*) FROM {table}") > 0, table
            assert await nobody.fetchval(f"SELECT count(*) FROM {table}") == 0, table
            assert await nobody.execute(f"UPDATE {table} SET request_id = request_id") == "UPDATE 0", table
            assert await nobody.execute(f"DELETE FROM {table}") == "DELETE 0", table
    finally:
        await nobody.close()


async def test_no_table_shows_rows_without_a_caller(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], administrator: asyncpg.Connection
) -> None:
    await _filed(await client_of("requests"), "KEN:focal_point")
    await presented(await client_of("matching"), Owner(databases["matching"]))
    pledges = await prepared(await client_of("pledges"))
    await pledged(pledges, "NOR:donor_officer")
    await appoint_founders(databases["directory"], [a_founder(FIRST), a_founder(OTHER)])
    await administrator.execute("SET entraide.role = 'owner'")
    await administrator.execute("INSERT INTO matching.weights VALUES (1, '{}', 'other', now())")
    await administrator.execute(
        "INSERT INTO matching.treaty_status VALUES (gen_random_uuid(), 'KEN', 'UNTOC', true, '2026-01-01', 1, now())"
    )
    tables = await administrator.fetch(
        "SELECT relnamespace::regnamespace::text AS service, oid::regclass::text AS name FROM pg_class"
        " WHERE relrowsecurity AND relnamespace = ANY ($1::text[]::regnamespace[])",
        NAMES,
    )
    counted: dict[str, int] = {}
    for table in tables:
        count = f"SELECT count(*) FROM {table['name']}"
        if await administrator.fetchval(count):
            for setting in ("RESET entraide.role", "SET entraide.role = ''"):
                async with administrator.transaction():
                    await administrator.execute(f"SET LOCAL ROLE {role_of(table['service'])}; {setting}")
                    counted[table["name"]] = await administrator.fetchval(count)
                assert counted[table["name"]] == 0, (table["name"], setting)
                await administrator.execute("SET entraide.role = 'owner'")

    expected = {"matching.offering", "matching.capacity", "matching.offering_text", "matching.treaty_status"}
    assert expected | {"requests.request", "pledges.pledge", "directory.person"} <= counted.keys()


async def test_comments_of_moves_are_visible_to_the_state_and_unodc_only(
    requests: Client, databases: Mapping[str, Database]
) -> None:
    db = databases["requests"]
    request_id = await _filed(requests, "KEN:focal_point")
    async with db.transaction() as tx:
        await tx.execute("UPDATE request SET status = 'open'")
        await tx.execute(
            "INSERT INTO remark (request_id, state, revision, comment) SELECT $1, 'KEN', 1, 'a'", request_id
        )

    for who, finds in (("KEN:official", True), ("UNODC:coordinator", True), ("NOR:provider_officer", False),
                       ("NOR:donor_officer", False), ("UGA:official", False)):  # fmt: skip
        assert ({request_id} if finds else set()) == await ids_of(db, "remark", a_caller(who), "request_id"), who
    assert {request_id} == await ids_of(db, "request", NORWAY, "request_id"), "the caller finds the request itself"


@pytest.mark.parametrize(
    ("fields", "finds"),
    [("{codes}", set()), ("{codes,institution}", {"line_text"}), ("{codes,words}", {"request_text", "line_text"})],
)
async def test_texts_are_visible_by_consent(
    requests: Client, databases: Mapping[str, Database], fields: str, finds: set[str]
) -> None:
    db = databases["requests"]
    request_id = await _filed(requests, "KEN:focal_point")
    async with db.transaction() as tx:
        await tx.execute("UPDATE request SET status = 'open'")
        await tx.execute("UPDATE consent SET fields = $1::text[]", fields.strip("{}").split(","))

    assert {request_id} == await ids_of(db, "request", NORWAY, "request_id")
    tables = ("request_text", "line_text")
    assert finds == {table for table in tables if await ids_of(db, table, NORWAY, "request_id")}
    for who in ("KEN:official", "UNODC:coordinator"):
        assert {request_id} == await ids_of(db, "line_text", a_caller(who), "request_id")


async def test_comments_of_matches_and_offerings_are_visible_as_the_policy_decides(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, db = await client_of("matching"), databases["matching"]
    shown = UUID((await presented(api, Owner(db)))["match_id"])
    async with db.transaction() as tx:
        hidden = uuid4()
        await tx.execute(
            "INSERT INTO match SELECT (json_populate_record(m, json_build_object('match_id', $1::text, 'line_id',"
            " gen_random_uuid(), 'status', 'shortlisted', 'presented_at', NULL))).* FROM match m WHERE match_id = $2",
            str(hidden),
            shown,
        )
        offering = await tx.fetchval("SELECT offering_id FROM offering")
        await tx.execute("DELETE FROM remark")
        for about in (hidden, shown, offering):
            await tx.execute("INSERT INTO remark (about_id, revision, comment) VALUES ($1, 9, 'a')", about)

    for who, finds in (("KEN:focal_point", {shown}), ("NOR:provider_officer", {shown, offering}),
                       ("FRA:provider_officer", set()), ("UNODC:auditor", {hidden, shown, offering})):  # fmt: skip
        assert finds == await ids_of(db, "remark", a_caller(who), "about_id"), who


async def test_state_sees_own_rows_only_in_every_table(requests: Client, databases: Mapping[str, Database]) -> None:
    kenyas, ugandas = await _filed(requests, "KEN:focal_point"), await _filed(requests, "UGA:focal_point")

    for table in OF_A_REQUEST:
        found = {
            caller.organization: await ids_of(databases["requests"], table, caller, "request_id")
            for caller in (KENYA, UGANDA)
        }
        assert found == {"KEN": {kenyas}, "UGA": {ugandas}}, table


async def test_draft_and_its_texts_are_visible_to_the_state_only(
    requests: Client, databases: Mapping[str, Database]
) -> None:
    draft = await _filed(requests, "KEN:focal_point", submit=False)

    for table in OF_A_REQUEST[:4]:
        assert await ids_of(databases["requests"], table, KENYA, "request_id") == {draft}, table
        for other in ("UGA:focal_point", "UNODC:coordinator", "UNODC:auditor", "NOR:provider_officer", "UNODC:service"):
            assert await ids_of(databases["requests"], table, a_caller(other), "request_id") == set(), (table, other)


async def test_writing_a_row_of_another_state_is_rejected(requests: Client, databases: Mapping[str, Database]) -> None:
    request_id = await _filed(requests, "KEN:focal_point")
    async with databases["requests"].transaction() as tx:
        kenyas = await store.locked(tx, request_id)
    assert kenyas is not None
    changed, new = replace(kenyas, revision=2), replace(kenyas, request_id=uuid4())

    async def save_as(caller: Caller, request: Request) -> None:
        async with databases["requests"].transaction(by=caller) as tx:
            await store.save(tx, request)

    await save_as(KENYA, changed)
    for kind in (changed, new):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await save_as(UGANDA, kind)


async def test_visible_row_is_not_necessarily_writable(requests: Client, databases: Mapping[str, Database]) -> None:
    """A coordinator moves what it sees but cannot change texts; a provider writes nothing of a State's request."""
    request_id = await _filed(requests, "KEN:focal_point")
    async with databases["requests"].transaction() as tx:
        await tx.execute("UPDATE request SET status = 'open'")

    async def may_write(caller: Caller, table: str) -> bool:
        assert await ids_of(databases["requests"], table, caller, "request_id") == {request_id}, "the row is visible"
        try:
            async with databases["requests"].transaction(by=caller) as tx:
                await tx.execute(f"UPDATE {table} SET state = state")
        except asyncpg.InsufficientPrivilegeError:
            return False
        return True

    written = {
        who: {table for table in OF_A_REQUEST if await may_write(a_caller(who), table)}
        for who in ("KEN:focal_point", "UNODC:coordinator", "UNODC:auditor", "NOR:provider_officer")
    }
    assert written["KEN:focal_point"] == set(OF_A_REQUEST)
    assert written["UNODC:coordinator"] == {"request", "request_line", "consent"}
    assert written["UNODC:auditor"] == written["NOR:provider_officer"] == set()


async def test_line_must_have_the_state_of_its_request(requests: Client, databases: Mapping[str, Database]) -> None:
    request_id = await _filed(requests, "KEN:focal_point")

    async def move_to_uganda() -> None:
        async with databases["requests"].transaction() as tx:
            await tx.execute("UPDATE request_line SET state = 'UGA' WHERE request_id = $1", request_id)

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await move_to_uganda()


async def test_row_level_security_and_policy_agree_on_requests(
    requests: Client, databases: Mapping[str, Database]
) -> None:
    for changes in ({}, {"submit": False}, {"visibility": "private"}, {"circulation": "none"}):
        await _filed(requests, "KEN:focal_point", **changes)
    async with databases["requests"].transaction() as tx:
        await tx.execute("UPDATE request SET status = 'open' WHERE circulation = 'granted'")
    callers = ("KEN:focal_point", "KEN:official", "KEN:provider_officer", "UGA:focal_point", "NOR:provider_officer",
               "NOR:donor_officer", "UNODC:coordinator", "UNODC:auditor", "UNODC:administrator")  # fmt: skip

    seen = "EXISTS (SELECT FROM seen(request_id, state, status, circulation, submitted_at, channel, $1, $2))"
    await agree(databases["requests"], "request", [a_caller(one) for one in callers], seen)


async def test_row_level_security_and_policy_agree_on_offerings_and_matches(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, owner = await client_of("matching"), Owner(databases["matching"])
    match = await presented(api, owner)
    suggested = await opened(owner)
    unseen = await opened(owner, a_submission(visibility="named", addressed_states=("DEU",)))
    await approved(api, "FRA:provider_officer")
    callers = ("KEN:focal_point", "NOR:provider_officer", "FRA:provider_officer", "UGA:official", "UNODC:coordinator")

    async with databases["matching"].transaction() as tx:
        await tx.execute("UPDATE offering SET status = 'suspended', available_since = NULL WHERE provider = 'FRA'")
    seen = "sees_offering(provider, status, $1, $2)"
    await agree(databases["matching"], "offering", [a_caller(one) for one in callers], seen)
    requests, rankings = [
        {
            caller: await ids_of(databases["matching"], table, a_caller(caller), "request_id")
            for caller in (*callers, "DEU:provider_officer", "NOR:donor_officer")
        }
        for table in ("match", "line_ranking")
    ]
    both = {UUID(match["request_id"]), suggested.request_id, unseen.request_id}
    assert requests["KEN:focal_point"] == requests["FRA:provider_officer"] == requests["UNODC:coordinator"] == both
    assert requests["NOR:provider_officer"] == {UUID(match["request_id"])}, "its suggested matches have no row"
    assert not requests["UGA:official"] | requests["DEU:provider_officer"] | requests["NOR:donor_officer"]
    assert {"KEN:focal_point": both, "UNODC:coordinator": both} == {who: ids for who, ids in rankings.items() if ids}
    consents = [
        await ids_of(databases["matching"], "heard_consent", who, "request_id") for who in (NORWAY, UGANDA, KENYA)
    ]
    assert [both - {unseen.request_id}, set(), both] == consents
    assert await ids_of(databases["matching"], "wanted_line", NORWAY, "request_id") == set()
    assert await ids_of(databases["matching"], "wanted_line", KENYA, "request_id") == both


async def test_row_level_security_and_policy_agree_on_joint_deliveries(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, owner = await client_of("matching"), Owner(databases["matching"])
    for by in ("UNODC-CEB:provider_officer", "NOR:provider_officer"):
        await proposed(api, await approved(api, by), await requests_of(owner, "KEN", "UGA"), departure="other")
    await proposed(api, await approved(api), await requests_of(owner, "UGA", "TZA"), departure="other")
    callers = ("KEN:focal_point", "UGA:official", "TZA:focal_point", "NOR:provider_officer", "FRA:provider_officer",
               "UNODC-CEB:provider_officer", "UNODC:coordinator", "UNODC:finance_officer")  # fmt: skip

    seen = "sees_joint_delivery(joint_delivery_id, $1, $2)"
    await agree(databases["matching"], "joint_delivery", [a_caller(one) for one in callers], seen)


async def test_row_level_security_and_policy_agree_on_rounds(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, db = await client_of("matching"), databases["matching"]
    found = await planned(api, db, seconds=1)
    callers = ("KEN:focal_point", "NOR:provider_officer", "UNODC:provider_officer", "UNODC:coordinator",
               "UNODC:auditor", "UNODC:finance_officer")  # fmt: skip

    await agree(db, "round", [a_caller(one) for one in callers], "oversees($2)")
    for caller in map(a_caller, callers):
        papers = await ids_of(db, "round_papers", caller, "round_id")
        assert papers == ({UUID(found["round_id"])} if caller.role in {"coordinator", "auditor"} else set())
        assert not await ids_of(db, "round_lease", caller, "round_id")


async def test_row_level_security_and_policy_agree_on_what_donors_give(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api = await prepared(await client_of("pledges"))
    for donor in ("NOR:donor_officer", "DEU:donor_officer"):
        await pledged(api, donor)
        await declared(api, donor)
    callers = ("NOR:donor_officer", "DEU:donor_officer", "NOR:provider_officer", "KEN:focal_point",
               "UNODC:finance_officer", "DEU:finance_officer", "UNODC:auditor")  # fmt: skip

    for table in ("pledge", "entry", "in_kind_contribution"):
        await agree(databases["pledges"], table, [a_caller(one) for one in callers], "reads_of_donor(donor, $1, $2)")
    for table in ("in_kind_contribution", "pledge"):
        norways = await ids_of(databases["pledges"], table, a_caller("NOR:donor_officer"), f"{table}_id")
        words = await ids_of(databases["pledges"], f"{table}_text", a_caller("NOR:donor_officer"), f"{table}_id")
        assert len(norways) == 1
        assert words == norways
    async with databases["pledges"].transaction(by=a_caller("NOR:donor_officer")) as tx:
        assert await tx.fetchval("SELECT count(*) FROM entry CROSS JOIN unnest(postings)") == 2 * len(norways) == 2


async def test_notifications_are_visible_to_their_person_only(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api = await client_of("notifications")
    body = {"language": "en", "channels": ["inbox", "mail"], "email": "focal.point@ken.example"}
    answer = await api.put("/v1/subscriptions", json=body, headers=headers("KEN:focal_point"))
    assert answer.status_code in {200, 201}, answer.text

    for table in ("subscription", "address"):
        assert len(await ids_of(databases["notifications"], table, KENYA, "subscription_id")) == 1
        for other in ("KEN:official", "UNODC:coordinator", "UNODC:administrator"):
            assert not await ids_of(databases["notifications"], table, a_caller(other), "subscription_id")


async def test_personal_data_is_visible_to_the_person_the_focal_point_and_administrators(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    db = databases["directory"]
    await appoint_founders(db, [a_founder(FIRST), a_founder(OTHER)])
    api = await client_of("directory")
    for code in ("KEN", "UGA"):
        await done(api, "/v1/organizations", FIRST, code=code)
    people = {code: UUID((await entered(api, code))["person_id"]) for code in ("KEN", "UGA")}
    founders = await ids_of(db, "person", None, "person_id") - set(people.values())

    for table in ("person", "person_text"):
        assert await ids_of(db, table, KENYA, "person_id") == {people["KEN"]}, table
        assert await ids_of(db, table, UGANDA, "person_id") == {people["UGA"]}, table
        assert await ids_of(db, table, a_caller(FIRST), "person_id") == founders | set(people.values()), table
        assert await ids_of(db, table, a_caller("KEN:official"), "person_id") == set(), table
    assert len(await ids_of(db, "person_subject", a_caller(FIRST), "person_id")) == len(founders)
    for table in ("person_subject", "appointment", "appointment_text"):
        key = "person_id" if table == "person_subject" else "appointment_id"
        assert await ids_of(db, table, KENYA, key) == set(), table
