"""Access to figures: UNODC reads all, a State its own, and the public those of published records."""

from datetime import date
from uuid import uuid4

import pytest

from chassis.db.database import Database, Tx
from contracts import requests as r
from contracts.refusals import Missing
from contracts.summaries import PublicSummaryUnpublished
from contracts.values import Role
from services.reports.figures.figure_reader import FigureReader
from services.reports.figures.model import FIGURES, TOTAL
from services.reports.figures.store import check_state
from services.reports.folding.actions import by_group
from services.reports.folding.store import rows_of
from services.reports.policy import Action as ReportAction
from services.reports.policy import Scope, decide, scope_of
from tests.builders import NOON, a_caller
from tests.reports.folding.steps import a_story
from tests.reports.open_data.steps import APRIL, MAY, issued
from tests.reports.steps import (
    AUDITOR,
    KENYA,
    OFFICIAL,
    STATES,
    Client,
    Owners,
    a_line,
    a_session,
    a_submission,
    approval,
    asked,
    numbers,
    of_request,
    planned,
    shown,
    summed,
)


async def test_a_state_reads_its_own_figures_only(api: Client, owners: Owners) -> None:
    await owners.submit(6)
    await owners.submit(11, state="UGA")

    for who in (KENYA, OFFICIAL):
        assert {"submitted": 6} == await numbers(api, "requests", who)
        assert {"submitted": 6} == await numbers(api, "requests", who, state="KEN")
    assert {"KEN": 6, "UGA": 11} == await numbers(api, "requests", AUDITOR, by="state")
    assert {"submitted": 11} == await numbers(api, "requests", state="UGA")


async def test_a_states_figures_are_those_of_the_rows_that_it_reads(owners: Owners, db: Database) -> None:
    """The reader sums in memory, beside row-level security; a joint session is a row of no State."""
    for event in a_story(owners):
        await owners.inbox.receive(event)
    await owners.tell(planned(a_session(uuid4(), uuid4(), states=("KEN", "UGA")), people=9))
    reader = FigureReader(db)

    for state in ("KEN", "UGA"):
        async with db.transaction(by=a_caller(f"{state}:focal_point")) as tx:
            rows = await tx.fetch("SELECT record_id FROM record")
            found = await rows_of(tx, [row["record_id"] for row in rows])
        groups = [[one.row for one in group] for group in by_group(found.values()).values()]
        for name, figure in FIGURES.items():
            for by in (TOTAL, *figure.by):
                counted = await reader.cells(name, by, date(2999, 1, 1), state)
                assert summed(groups, name, by, date(2999, 1, 1)) == counted, (state, name, by)


async def test_codes_of_a_figure_are_those_that_the_reader_can_count_by(api: Client, owners: Owners) -> None:
    await owners.submit(5)
    codes = {who: (await shown(api, "matches", who))["codes"] for who in (KENYA, AUDITOR)}

    assert "provider" in codes[AUDITOR]
    assert [one for one in codes[AUDITOR] if one != "provider"] == codes[KENYA]
    for by in codes[KENYA]:
        await numbers(api, "matches", KENYA, by=by)


async def test_figures_of_another_state_and_of_none_are_the_same_answer(api: Client, owners: Owners) -> None:
    await owners.submit(6, state="UGA")

    answers = [await asked(api, "requests", KENYA, state=state) for state in ("UGA", "XXX")]

    assert [404, 404] == [one.status_code for one in answers]
    assert 1 == len({str({**one.json(), "correlation_id": None}) for one in answers})


@pytest.mark.parametrize("who", ["NOR:provider_officer", "NOR:donor_officer", "UNODC:administrator"])
async def test_others_have_the_public_figures(api: Client, who: str) -> None:
    assert 403 == (await asked(api, "requests", who)).status_code
    assert 200 == (await asked(api, "requests", public=True)).status_code


async def test_public_figures_count_what_was_published(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(7, public=True)
    await owners.submit(5)
    await owners.submit(7, kind="witness_protection", public=True)
    await issued(db, MAY)

    assert {"mla_training": 5} == await numbers(api, "lines", public=True, by="kind")
    assert {"mla_training": 12, "witness_protection": 7} == await numbers(api, "lines", by="kind")


async def test_what_states_take_back_is_not_in_the_next_public_figures(
    api: Client, owners: Owners, db: Database
) -> None:
    await owners.submit(7, public=True)
    requests = [a_submission(a_line(kind="equipment"), state=state) for state in STATES]
    summaries = [approval(request) for request in requests]
    await owners.tell(*requests, *summaries)
    await issued(db, APRIL)
    assert {"equipment": 5, "mla_training": 5} == await numbers(api, "lines", public=True, by="kind")

    await owners.tell(
        *(
            PublicSummaryUnpublished(
                public_summary_id=one.public_summary_id, request_id=one.request_id, state=one.state, unpublished_at=NOON
            )
            for one in summaries[:3]
        ),
        *(of_request(r.RequestWithdrawn, request, "withdrawn_at") for request in requests[3:]),
        day=9,
    )
    await issued(db, MAY)

    assert {"mla_training": 5} == await numbers(api, "lines", public=True, by="kind")


async def test_a_closed_request_stays_in_the_public_figures(api: Client, owners: Owners, db: Database) -> None:
    requests = [a_submission(state=state) for state in STATES]
    await owners.tell(*requests, *map(approval, requests))
    await owners.tell(*(of_request(r.RequestClosed, one, "closed_at", outcome="met") for one in requests), day=5)
    await issued(db, APRIL)

    assert {"closed_met": 5} == await numbers(api, "requests", public=True)


@pytest.mark.parametrize(("figure", "code"), [("pledged", "donor"), ("offerings", "provider")])
async def test_who_gives_is_no_code_of_public_figures(api: Client, figure: str, code: str) -> None:
    assert 400 == (await asked(api, figure, public=True, by=code)).status_code
    assert 400 == (await asked(api, figure, KENYA, by=code)).status_code
    assert 200 == (await asked(api, figure, by=code)).status_code


async def is_counted(tx: Tx, state: str) -> bool:
    """Check whether the database grants this caller the State's figures, which are in memory."""
    try:
        await check_state(tx, state)
    except Missing:
        return False
    return True


async def test_the_policy_and_the_database_say_the_same(owners: Owners, db: Database) -> None:
    await owners.submit(1)
    await owners.submit(1, state="UGA")

    for role in Role:
        for organization in ("KEN", "UGA", "UNODC"):
            caller = a_caller(f"{organization}:{role.value}")
            async with db.transaction(by=caller) as tx:
                rows = await tx.fetch("SELECT DISTINCT state FROM record")
                counted = {state for state in ("KEN", "UGA") if await is_counted(tx, state)}
            allowed = {
                state
                for state in ("KEN", "UGA")
                if decide(caller, ReportAction.SHOW_FIGURE, scope_of(caller, state)).allowed
            }
            assert allowed == counted == {row["state"] for row in rows}, caller
            everything = {"KEN", "UGA"} == {row["state"] for row in rows}
            assert everything == decide(caller, ReportAction.SHOW_FIGURE, Scope(None)).allowed, caller
