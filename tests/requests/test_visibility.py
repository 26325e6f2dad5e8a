"""Python, reads and row-level security agree on visibility, and list pages use an index."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import cycle
from uuid import uuid4

import pytest
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database
from contracts.consents import Consent, FieldSet
from services.requests import policy
from services.requests.request import store
from services.requests.request.model import Request
from services.requests.request.values import Addressee, Circulation, Status, Visibility
from tests.builders import NOON, a_caller
from tests.requests import builders
from tests.requests.steps import Client, filed
from tests.soak import cases


def consents_of(visibility: Visibility) -> list[Consent]:
    """Return consents, so that every kind of recipient, set of fields and period is covered."""
    # PostgreSQL has the clock of the machine, which is ahead of the one of tests.
    past, future = clock.now() - timedelta(days=9), clock.now() + timedelta(days=9_000)
    recipients = {Visibility.PRIVATE: (), Visibility.NAMED: ("NOR",), Visibility.PROVIDERS: ("providers",)}
    whom = recipients.get(visibility, ("unodc_units",))
    return [
        Consent(consent_id=uuid4(), given_at=past - timedelta(days=1), recipients=whom, **changes)
        for changes in (
            {"fields": ()}, {"fields": (FieldSet.WORDS,)}, {"fields": tuple(FieldSet)},
            {"starts_at": past, "ends_at": future}, {"starts_at": future}, {"ends_at": past},
            {"withdrawn_at": past}, {"ended_at": past},
        )
    ]  # fmt: skip


def matched(request: Request, match: tuple[str, str, int] | None) -> Request:
    """Return the request with a match of its line: its provider, its status, and days since both sides accepted."""
    if match is None:
        return request
    (provider, status, days), match_id = match, uuid4()
    matches = {match_id: (request.lines[0].line_id, status)}
    agreed_at = {match_id: clock.now() - timedelta(days=days)}
    return replace(request, matches=matches, providers={match_id: provider}, agreed_at=agreed_at)


@pytest.mark.thinned
async def test_python_and_sql_agree_on_visibility(databases: Mapping[str, Database]) -> None:
    """The cases are role × ownership × status × circulation × visibility × addressee × exclusion."""
    callers = [
        a_caller(f"{organization}:{role}")
        for organization in ("KEN", "NOR", "UNODC", "UNODC-SHERLOC", "UNODCX")
        for role in ("focal_point", "official", "coordinator", "provider_officer", "donor_officer", "finance_officer",
                     "auditor", "administrator", "service")
    ]  # fmt: skip
    now = clock.now()
    # Seven, which divides no other number of cases, so that each match occurs with all. Withdrawals were nine days ago.
    matches = cycle(
        [None, ("NOR", "confirmed", 10), ("UNODC-SHERLOC", "completed", 10), ("NOR", "revoked", 10),
         ("KEN", "in_delivery", 10), ("NOR", "in_delivery", 1), ("UNODC-SHERLOC", "confirmed", 1)]
    )  # fmt: skip
    requests = [
        replace(
            matched(builders.a_request(status), next(matches)),
            circulation=circulation,
            visibility=visibility,
            addressee=addressee,
            addressed_states=("NOR",) if addressee is Addressee.STATES else (),
            window_ends_at=NOON if circulation is Circulation.WINDOW_RUNNING else None,
            consents={consent.consent_id: consent},
            excluded_providers=excluded,
            read_at=now,
        )
        for status in Status
        for circulation in Circulation
        for visibility in Visibility
        for addressee in Addressee
        for excluded in ((), ("NOR", "UNODC-SHERLOC"))
        for consent in consents_of(visibility)
    ]
    # Eleven divides no number of cases either, so that each run has other combinations.
    requests = requests[:: cases(11, soak=1)]
    async with databases["requests"].transaction() as tx:
        for number, request in enumerate(requests):
            await store.save(tx, replace(request, reference=f"TA-{number}" if request.reference else None))
    for caller in callers:
        fields = {request.request_id: policy.visible_fields(caller, request) for request in requests}
        expected = {
            request.request_id: fields[request.request_id] or {FieldSet.CODES}
            for request in requests
            if policy.may_see(caller, request)
        }
        async with databases["requests"].transaction() as tx:
            rows = await tx.fetch(
                """
                SELECT request_id, words, institution
                FROM request, seen(request_id, state, status, circulation, submitted_at, channel, $1, $2)
                """,
                caller.organization,
                caller.role,
            )
        assert {row["request_id"]: _fields(row["words"], row["institution"]) for row in rows} == expected, caller
        async with databases["requests"].transaction(by=caller) as tx:
            behind_the_wall = await tx.fetch("SELECT request_id FROM request")
            lines = await tx.fetch("SELECT DISTINCT request_id FROM request_line")
            page = await store.page(tx, caller, status=None, state=None, before=None, limit=len(requests))
        assert {row["request_id"] for row in behind_the_wall} == expected.keys(), caller
        assert {row["request_id"] for row in lines} == expected.keys(), caller
        assert {one.request_id: frozenset(FieldSet) - set(one.withheld) for one in page} == expected, caller


def _fields(words: bool | None, institution: bool | None) -> set[FieldSet]:
    given = {FieldSet.CODES: True, FieldSet.WORDS: words, FieldSet.INSTITUTION: institution}
    return {field for field, is_given in given.items() if is_given}


MANY = """
    INSERT INTO request SELECT made.* FROM request, generate_series(1, 5000) AS n,
        json_populate_record(request, json_build_object('request_id', gen_random_uuid(), 'reference', 'TA-' || n,
            'state', 'KE' || chr(65 + n % 5), 'status', (ARRAY['open', 'delivered'])[1 + n % 2])) AS made
"""


INDEX_OF = {
    store.NEWEST: "request_pkey",
    store.NEWEST_IN_STATUS: "request_status",
    store.NEWEST_OF_STATE: "request_of_state",
}


@pytest.mark.new_database
async def test_list_page_uses_an_index_for_every_caller(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    """The plan is generic: it does not know the filters and the caller."""
    await filed(api)
    async with databases["requests"].transaction() as tx:
        await tx.execute(MANY)
    owner = await Database.connect(database_url, "requests", owner=True)
    async with owner.transaction() as tx:
        await tx.execute("ANALYZE request")
    await owner.close()

    for query, index in INDEX_OF.items():
        async with databases["requests"].transaction(by=a_caller(), planned_once=True) as tx:
            await tx.execute(f"PREPARE page AS {query}")
            rows = await tx.fetch("EXPLAIN EXECUTE page('KEN', 'focal_point', 'open', 'KEN', NULL, 51)")
            await tx.execute("DEALLOCATE page")
        plan = "\n".join(row[0] for row in rows)
        assert f"Index Scan Backward using {index} on request" in plan, plan
        assert "Sort" not in plan, plan
        assert "$4" in plan, "the plan does not know the filter"
