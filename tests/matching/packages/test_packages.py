"""A package: a State's offering, a unit of UNODC and a donor's pledge, presented as one, agreed by four."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.requests import ConsentGiven, ConsentWithdrawn
from contracts.values import Role
from services.matching.packages import store as package_store
from services.matching.policy import may_see_package
from services.matching.wiring import SERVICE
from tests.builders import NOON, a_caller, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.packages.steps import DONOR, FRANCE, FUND, KENYA, LACKING, UNIT, Stage, given, slug
from tests.matching.steps import CEB, COORDINATOR, Client, Owner, delivered, ids
from tests.pledges.steps import FINANCE, committed, eur, get, pledged, post, prepared, receive, usd

pytestmark = pytest.mark.all_schemas

AUDITOR, GERMANY = "UNODC:auditor", "DEU:donor_officer"
PARTIES = ("state", "provider", "unit", "donor")


@pytest.fixture
async def stage(client_of: Callable[..., Awaitable[Client]], owner: Owner, databases: Mapping[str, Database]) -> Stage:
    return Stage(await prepared(await client_of("matching", "pledges")), owner, databases)


async def test_package_presents_its_match_to_all_four(stage: Stage) -> None:
    await stage.prepare()

    package = await stage.presented()

    assert ("presented", 1, list(PARTIES)) == (package["status"], package["revision"], package["waiting_for"])
    assert ("KEN", "FRA", "UNODC-CEB", "NOR") == given(package, *PARTIES)
    assert (FUND, usd(LACKING), LACKING) == (package["fund"], package["money"], package["usd_minor"])
    assert "Fictitious sample: as agreed by telephone." == package["comment"]
    assert ["withdraw"] == package["moves"]
    moves = {by: (await stage.shown(package, by))["moves"] for by in (KENYA, FRANCE, UNIT, DONOR, AUDITOR)}
    assert {KENYA: [], FRANCE: [], UNIT: ["agree", "decline"], DONOR: ["agree", "decline"], AUDITOR: []} == moves
    match = (await stage.api.get(f"/v1/matches/{stage.match['match_id']}", headers=headers(KENYA))).json()
    assert "presented" == match["status"]


@pytest.mark.parametrize(
    "order",
    [
        ("state", "provider", "unit", "donor"),
        ("provider", "unit", "state", "donor"),
        ("donor", "state", "unit", "provider"),
        ("unit", "donor", "provider", "state"),
    ],
)
async def test_four_agree_and_the_second_side_of_the_match_after_unit_and_donor(
    stage: Stage, order: tuple[str, ...]
) -> None:
    package = await (await stage.prepare()).presented()
    refused = []

    for party in order:
        answer = await stage.agree(package, party)
        if answer.status_code != 200:
            assert (409, "package-not-agreed") == slug(answer)
            refused.append(party)
    for party in refused:
        assert 200 == (await stage.agree(package, party)).status_code

    late = max(order.index("unit"), order.index("donor"))
    second = max(order.index("state"), order.index("provider"))
    assert bool(refused) == (second < late), "only the agreement that confirms the match has to wait"
    confirmed = await stage.shown(package)
    assert ("confirmed", []) == (confirmed["status"], confirmed["waiting_for"])
    assert all(confirmed[f"{party}_agreed_at"] for party in PARTIES)
    assert ["presented", "agreed", "agreed", "agreed", "confirmed"] == await stage.facts()


async def test_refusal_names_who_is_still_to_agree(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    await stage.agree(package, "state")
    await stage.agree(package, "donor")

    answer = await stage.agree(package, "provider")

    assert ["unit"] == answer.json()["details"]["waiting_for"]


async def test_finance_sees_the_agreed_pledge_and_allocates_from_its_fund(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    for party in ("unit", "donor", "state", "provider"):
        assert 200 == (await stage.agree(package, party)).status_code
    await stage.pledges_hear()

    [requirement] = (await get(stage.api, "/v1/requirements"))["requirements"]
    agreed = {name: package[name] for name in ("package_id", "pledge_id", "money")}
    assert agreed == requirement["agreed_pledge"]
    assert LACKING == requirement["gap_usd_minor"]
    await receive(stage.api, stage.pledge, usd(5_000_00))
    body = {"fund": FUND, "money": usd(LACKING), "requirement_id": requirement["requirement_id"]}
    await post(stage.api, "/v1/allocations", FINANCE, **body)
    [requirement] = (await get(stage.api, "/v1/requirements"))["requirements"]
    assert 0 == requirement["gap_usd_minor"]


@pytest.mark.parametrize(("by", "party"), [(UNIT, "unit"), (DONOR, "donor")])
async def test_unit_or_donor_declines_and_the_match_goes_on_without(stage: Stage, by: str, party: str) -> None:
    package = await (await stage.prepare()).presented()
    await stage.agree(package, "state")

    declined = await stage.move(package, "decline", by, reason="dates_unsuitable", comment="Fictitious: not this year.")

    outcome = given(declined, "status", "declined_by", "reason", "waiting_for")
    assert ("declined", party, "dates_unsuitable", []) == outcome
    assert "Fictitious: not this year." == declined["end_comment"]
    assert (409, "package-status") == slug(await stage.tried(package, "agree", by))
    assert 200 == (await stage.agree(package, "provider")).status_code, "no other party has to agree"
    assert "declined" == (await stage.shown(package))["status"]


async def test_coordinator_withdraws(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()

    withdrawn = await stage.move(package, "withdraw", COORDINATOR, reason="no_funding")

    assert ("withdrawn", "no_funding", []) == given(withdrawn, "status", "reason", "moves")
    assert ["presented", "withdrawn"] == await stage.facts()


@pytest.mark.parametrize(
    ("name", "by", "reason"),
    [
        ("decline", KENYA, "dates_unsuitable"),
        ("decline", FRANCE, "dates_unsuitable"),
        ("not-pursue", COORDINATOR, "no_funding"),
    ],
)
async def test_package_ends_with_its_match(stage: Stage, name: str, by: str, reason: str) -> None:
    package = await (await stage.prepare()).presented()

    assert 200 == (await stage.of_match(name, by, reason=reason)).status_code

    assert ("ended", "match_ended") == given(await stage.shown(package), "status", "reason")


async def test_revoked_match_ends_its_package_and_frees_the_pledge(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    for party in ("unit", "donor", "state", "provider"):
        await stage.agree(package, party)

    await delivered(stage.databases["matching"], stage.match, "terminated", reason="no_funding")

    ended = await stage.shown(package, DONOR)
    assert ("ended", "match_ended") == (ended["status"], ended["reason"])


async def test_only_a_coordinator_presents_and_others_move_nothing(stage: Stage) -> None:
    await stage.prepare()
    for by in (KENYA, FRANCE, UNIT, DONOR, AUDITOR, FINANCE):
        assert (403, "not-for-your-role") == slug(await stage.attempt(by))

    package = await stage.presented()
    for by in (COORDINATOR, KENYA, AUDITOR):
        assert (403, "not-for-your-role") == slug(await stage.tried(package, "agree", by))
    assert (403, "not-your-organization") == slug(await stage.tried(package, "agree", FRANCE))
    for by in (GERMANY, "UNODC-SHERLOC:provider_officer", "UGA:focal_point", FINANCE):
        assert (404, "not-found") == slug(await stage.tried(package, "agree", by))
        listed = await stage.api.get("/v1/packages", headers=headers(by))
        assert [] == listed.json()["packages"], by
    for by in (UNIT, DONOR):
        assert (403, "not-for-your-role") == slug(await stage.tried(package, "withdraw", by, reason="other"))


async def test_each_side_agrees_once_and_in_the_revision_it_read(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    await stage.agree(package, "unit")

    path = f"/v1/packages/{package['package_id']}/agree"
    stale = await stage.api.post(path, json={}, headers=headers(DONOR, revision=1))

    assert (412, "revision-stale") == slug(stale)
    assert (409, "package-agreed-before") == slug(await stage.agree(package, "unit"))
    assert ["decline"] == (await stage.shown(package, UNIT))["moves"]


# -- presentation -----------------------------------------------------------------------------------------------------


async def test_pledge_has_to_exist_and_be_committed(stage: Stage) -> None:
    await stage.prepare()
    open_pledge = await pledged(stage.api, DONOR, fund=FUND, money=usd(5_000_00))

    assert (422, "pledge-unknown") == slug(await stage.attempt(pledge_id=str(uuid4())))
    answer = await stage.attempt(pledge_id=open_pledge["pledge_id"])
    assert (409, "pledge-status", "pledged") == (*slug(answer), answer.json()["details"]["status"])
    assert [] == await stage.facts()


@pytest.mark.parametrize(
    ("money", "problem"),
    [
        (usd(0), (400, "amount-zero")),
        (usd(LACKING + 1), (409, "package-money-exceeds-need")),
        (eur(1), (422, "package-currency")),
    ],
)
async def test_money_is_of_what_the_offering_lacks(stage: Stage, money: Any, problem: tuple[int, str]) -> None:
    await stage.prepare()

    assert problem == slug(await stage.attempt(money=money))


async def test_packages_together_ask_no_more_than_the_pledge(stage: Stage) -> None:
    stage.pledge = await committed(stage.api, DONOR, basis_points=1300, fund=FUND, money=usd(1_130_00 + 500_00))
    await stage.prepare()
    first = await stage.presented()
    await stage.open(a_submission(a_contract_line(), state="UGA"))

    answer = await stage.attempt()

    assert (409, "package-money-exceeds-pledge") == slug(answer)
    assert 442_48 == answer.json()["details"]["left_usd_minor"], "support costs of 13 % are not for allocation"
    await stage.move(first, "decline", DONOR, reason="donor_budget")
    assert 201 == (await stage.attempt()).status_code


async def test_concurrent_packages_ask_no_more_than_the_pledge(stage: Stage) -> None:
    stage.pledge = await committed(stage.api, DONOR, fund=FUND, money=usd(LACKING + 1))
    bodies = []
    for state in ("KEN", "UGA"):
        await (stage.open(a_submission(state=state)) if bodies else stage.prepare())
        bodies.append(stage.body())

    headers(UNIT)
    answers = await asyncio.gather(
        *(stage.api.post("/v1/packages", json=body, headers=headers(COORDINATOR)) for body in bodies)
    )

    assert [201, 409] == sorted(answer.status_code for answer in answers)


async def test_concurrent_decline_and_confirmation_leave_one_outcome(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    for party in ("unit", "donor", "state"):
        await stage.agree(package, party)

    declined, confirmed = await asyncio.gather(
        stage.tried(package, "decline", DONOR, reason="donor_budget"), stage.agree(package, "provider")
    )

    assert 200 == confirmed.status_code
    # If the package was confirmed first, the donor has read an earlier revision.
    assert ("declined" if declined.status_code == 200 else "confirmed") == (await stage.shown(package))["status"]
    assert "confirmed" == confirmed.json()["status"]


async def test_other_currencies_are_valued_by_the_rate_in_force(stage: Stage) -> None:
    await stage.prepare(funding_needed=eur(1_000_00))

    package = await stage.presented(money=eur(1_000_00))

    assert (eur(1_000_00), 1_150_00) == (package["money"], package["usd_minor"])


async def test_provider_is_a_state_and_the_donor_is_no_party(stage: Stage) -> None:
    await stage.prepare()
    for donor in ("FRA", "KEN"):
        pledge = await committed(stage.api, f"{donor}:donor_officer", fund=FUND, money=usd(5_000_00))
        assert (409, "package-donor-is-party") == slug(await stage.attempt(pledge_id=pledge["pledge_id"]))

    await stage.prepare(a_submission(a_contract_line(), state="UGA"), by=CEB)
    assert (409, "package-provider-not-state") == slug(await stage.attempt(departure="other"))


async def test_unit_has_an_officer(stage: Stage) -> None:
    await stage.prepare()

    assert (422, "unit-unknown") == slug(await stage.attempt(unit="UNODC-NOBODY"))
    assert 400 == (await stage.attempt(unit="FRA")).status_code


async def test_shown_match_makes_no_package(stage: Stage) -> None:
    await stage.prepare()
    stage.match = (await stage.of_match("present", COORDINATOR)).json()

    assert (409, "match-status") == slug(await stage.attempt())


async def test_repeat_is_answered_once_and_even_without_pledges(
    stage: Stage, client_of: Callable[..., Awaitable[Client]]
) -> None:
    await stage.prepare()
    key = str(uuid4())
    first = await stage.attempt(key=key)
    stage.api = await client_of("matching")

    again = await stage.attempt(key=key)

    assert (201, first.json()) == (again.status_code, again.json())
    assert ["presented"] == await stage.facts()


async def test_without_pledges_no_package_is_presented_but_matches_are(
    stage: Stage, client_of: Callable[..., Awaitable[Client]]
) -> None:
    await stage.prepare()
    stage.api = await client_of("matching")

    assert (503, "pledge-unheard") == slug(await stage.attempt())
    assert 200 == (await stage.of_match("present", COORDINATOR)).status_code


# -- consents ---------------------------------------------------------------------------------------------------------


async def test_donor_without_consent_is_not_asked(stage: Stage) -> None:
    await stage.prepare(a_submission(visibility="named", addressed_states=("FRA",)))

    answer = await stage.attempt()

    assert (409, "package-donor-not-consented") == slug(answer)
    assert [] == await stage.facts()


async def test_withdrawn_consent_hides_the_package_from_its_donor_and_ends_it(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    request = ids(stage.request)
    kept = ConsentGiven(**request, consent_id=uuid4(), recipients=("FRA",), fields=("codes",), given_at=NOON)

    await stage.owner.publish(
        kept,
        ConsentWithdrawn(**request, consent_id=stage.request.request_id, circulation="granted", withdrawn_at=NOON),
    )

    assert ("ended", "consent_lost") == given(await stage.shown(package), "status", "reason")
    assert (404, "not-found") == slug(await stage.tried(package, "agree", DONOR))
    assert 200 == (await stage.of_match("confirm", FRANCE)).status_code, "the match continues without the package"


async def test_excluded_donor_is_not_asked(stage: Stage) -> None:
    await stage.prepare(a_submission(excluded_providers=("NOR",)))

    assert (409, "package-donor-not-consented") == slug(await stage.attempt())


async def test_agreed_package_stays_visible_without_consent(stage: Stage) -> None:
    package = await (await stage.prepare()).presented()
    for party in ("unit", "donor", "state", "provider"):
        await stage.agree(package, party)

    consent = {**ids(stage.request), "consent_id": stage.request.request_id}
    await stage.owner.publish(ConsentWithdrawn(**consent, circulation="objected", withdrawn_at=NOON))

    assert "confirmed" == (await stage.shown(package, DONOR))["status"]


async def test_stale_consents_hide_packages_from_provider_and_donor(stage: Stage, db: Database) -> None:
    package = await (await stage.prepare()).presented()
    async with db.transaction() as tx:
        await tx.execute("UPDATE consent_reading SET heard_at = now() - interval '6 seconds'")

    for by in (FRANCE, DONOR):
        assert (503, "consents-unheard") == slug(await stage.tried(package, "agree", by))
    assert 200 == (await stage.tried(package, "agree", UNIT)).status_code


async def test_sql_and_policy_show_packages_to_the_same(stage: Stage, db: Database) -> None:
    package = await (await stage.prepare()).presented()
    async with db.transaction() as tx:
        read = await package_store.get_as_service(tx, UUID(package["package_id"]))
    assert read is not None

    for confirmed, consented in product((False, True), repeat=2):
        async with db.transaction() as tx:
            at = NOON if confirmed else None
            agreed = ", ".join(f"{party}_agreed_at = $1" for party in PARTIES)
            await tx.execute(f"UPDATE package SET confirmed_at = $1, {agreed}", at)
            await tx.execute("UPDATE heard_consent SET ended_at = $1", None if consented else NOON)
        for organization, role in product(("KEN", "FRA", "NOR", "DEU", "UNODC-CEB", "UNODC"), Role):
            caller = a_caller(f"{organization}:{role}")
            seen = replace(read, confirmed_at=at, disclosed=consented)
            async with db.transaction(by=caller) as tx:
                found = await tx.fetchval("SELECT count(*) FROM package")
                shown = await package_store.page(tx, caller)
            assert may_see_package(caller, seen) == bool(found) == bool(shown), (caller, confirmed, consented)


async def test_packages_are_rebuilt_from_the_journal(stage: Stage, database_url: str) -> None:
    package = await (await stage.prepare()).presented()
    for party in ("unit", "donor", "state", "provider"):
        await stage.agree(package, party)
    await stage.open(a_submission(a_contract_line(), state="UGA"))
    await stage.move(await stage.presented(), "decline", UNIT, reason="capacity_exhausted")

    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE package SET minor = minor - 1")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()
