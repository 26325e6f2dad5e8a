"""Access to reports: the policy in Python, the policy in SQL and row-level security agree."""

from itertools import product

from chassis.db.database import Database
from contracts.values import Role
from services.reports.annual import store
from services.reports.policy import Action, decide, may_see_report
from tests.builders import a_caller
from tests.reports.annual.steps import drafted, issued
from tests.reports.steps import KENYA, Client


async def test_the_policy_and_the_database_say_the_same(api: Client, db: Database) -> None:
    for who in (KENYA, "UGA:focal_point", "UNODC:coordinator"):
        for _ in range(2):
            await issued(api, await drafted(api, who), who)
        await drafted(api, who)
    async with db.transaction() as tx:
        everything = [store.report_of(row) for row in await tx.fetch("SELECT * FROM report")]
    assert 9 == len(everything)

    for role, organization in product(Role, ("KEN", "UGA", "NOR", "UNODC")):
        caller = a_caller(f"{organization}:{role.value}")
        allowed = {one.report_id for one in everything if may_see_report(caller, one)}
        assert allowed == {one.report_id for one in everything if decide(caller, Action.SHOW_REPORT, one).allowed}
        async with db.transaction(by=caller) as tx:
            assert allowed == {one.report_id for one in await store.page(tx, caller, limit=50)}, caller
            for table in ("report", "report_figures"):
                rows = await tx.fetch(f"SELECT report_id FROM {table}")
                assert allowed == {row["report_id"] for row in rows}, (table, caller)


async def test_only_those_who_write_a_report_change_it(api: Client, db: Database) -> None:
    await drafted(api)
    await drafted(api, KENYA)
    async with db.transaction() as tx:
        everything = [store.report_of(row) for row in await tx.fetch("SELECT * FROM report")]

    for one, action in product(everything, (Action.REVISE_REPORT, Action.ISSUE_REPORT)):
        writers = {
            f"{organization}:{role.value}"
            for role, organization in product(Role, ("KEN", "UGA", "UNODC"))
            if decide(a_caller(f"{organization}:{role.value}"), action, one).allowed
        }
        own = {KENYA} if one.state else {f"{organization}:coordinator" for organization in ("KEN", "UGA", "UNODC")}
        assert own == writers
