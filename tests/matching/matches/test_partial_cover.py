"""A match may serve a part of a line's group; the line's residue is what no confirmed match covers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.coverage import WHOLE, Delivery, fulfilment_of, residue_of
from contracts.refusals import Conflict
from services.matching.lines import store as line_store
from services.matching.matches import store as match_store
from services.matching.matches.model import AGREED, MatchStatus, violations
from services.matching.rounds.snapshot import exclusion_of, round_line
from services.matching.wiring import SERVICE
from tests.builders import NOON, headers
from tests.matching.builders import a_match, a_wanted_line, an_offering, an_offering_body, terms
from tests.matching.matches.steps import GROUP, confirmed, line_of, nominated, residue, why_not
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    begin,
    data_of,
    delivered,
    matches_of,
    move,
    opened,
)
from tests.soak import cases

TODAY = NOON.date()


# -- the line ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("not_covered", "asked_for", "covers"),
    [
        (25, None, None),
        (25, 25, None),
        (25, 20, 20),
        (5, None, 5),
        (5, 5, 5),
        (5, 2, 2),
        (None, 20, 20),
    ],
)
def test_new_match_covers_what_is_asked_or_the_rest(
    not_covered: int | None, asked_for: int | None, covers: int | None
) -> None:
    assert covers == a_wanted_line(group_size=GROUP, residue=not_covered).covered_by(asked_for)


@pytest.mark.parametrize(("not_covered", "asked_for"), [(25, 26), (5, 6), (0, 1), (0, None), (None, 26)])
def test_more_than_the_residue_is_refused(not_covered: int | None, asked_for: int | None) -> None:
    with pytest.raises(Conflict) as no:
        a_wanted_line(group_size=GROUP, residue=not_covered).covered_by(asked_for)

    assert "covers-more-than-residue" == no.value.slug
    assert {"residue": GROUP if not_covered is None else not_covered} == no.value.details


def test_group_size_is_compared_with_what_the_match_covers() -> None:
    line, offering = a_wanted_line(group_size=GROUP), an_offering(terms=terms(group_size_max=20))

    found = {covers: violations(line, offering, covers, None, today=TODAY) for covers in (None, 21, 20)}

    assert {None: ["group_size"], 21: ["group_size"], 20: []} == found


def test_round_counts_parts_once_they_make_up_the_group() -> None:
    line = a_wanted_line(group_size=GROUP, waiting_since=NOON)
    part, rest, whole = (a_match(MatchStatus.CONFIRMED, covers=covers) for covers in (20, 5, None))
    ended = a_match(MatchStatus.REVOKED, covers=5)

    assert [0, 0, 1, 1] == [
        round_line(line, some).promised for some in ([part], [part, ended], [part, rest], [part, whole, ended])
    ]


def test_round_does_not_propose_a_match_of_a_part() -> None:
    line, offering = a_wanted_line(), an_offering()

    assert "matched" == exclusion_of(line, offering, a_match(MatchStatus.NOMINATED, covers=20))
    assert exclusion_of(line, offering, a_match(MatchStatus.NOMINATED)) is None


# -- over HTTP --------------------------------------------------------------------------------------------------------


async def test_course_for_20_and_a_group_of_25_leaves_5(api: Client, owner: Owner, db: Database) -> None:
    course, small = await approved(api, NORWAY, group_size_max=20), await approved(api, CEB, group_size_max=10)
    request = await opened(owner)
    assert [] == await matches_of(api, request), "the system suggests only offerings that fit the whole group"

    part = await nominated(api, line_of(request), course, covers=20)
    assert (20, GROUP) == (part["covers"], await residue(api, part))
    part = await confirmed(api, part, NORWAY)
    assert [5, 5, 5] == [await residue(api, part, by) for by in (COORDINATOR, KENYA, NORWAY)]

    rest = await nominated(api, line_of(request), small)
    assert 5 == rest["covers"], "without `covers`, the match covers the rest"
    await confirmed(api, rest, CEB)
    assert 0 == await residue(api, part)
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE event->>'type' = 'matching.match.confirmed.v1'")
    assert {20, 5} == {data_of(row)["covers"] for row in rows}


async def test_cover_is_limited_by_the_offering_and_by_the_residue(api: Client, owner: Owner) -> None:
    course, other = await approved(api, NORWAY, group_size_max=20), await approved(api, CEB, group_size_max=20)
    line_id = line_of(await opened(owner))

    whole = await begin(api, line_id, course, COORDINATOR)
    too_many = await begin(api, line_id, course, COORDINATOR, covers=21)
    await confirmed(api, await nominated(api, line_id, course, covers=20), NORWAY)
    beyond = await begin(api, line_id, other, COORDINATOR, covers=6)

    for refused in (whole, too_many):
        assert (409, ["group_size"]) == (refused.status_code, refused.json()["details"]["violated"])
    assert (409, "covers-more-than-residue", {"residue": 5}) == (
        beyond.status_code, beyond.json()["slug"], beyond.json()["details"],
    )  # fmt: skip


async def test_revoked_part_is_not_covered_any_more(api: Client, owner: Owner) -> None:
    course = await approved(api, NORWAY, group_size_max=20)
    part = await confirmed(api, await nominated(api, line_of(await opened(owner)), course, covers=20), NORWAY)

    await delivered(owner.db, part, "terminated")

    assert GROUP == await residue(api, part)


async def test_provider_expresses_interest_in_a_part(api: Client, owner: Owner) -> None:
    course = await approved(api, NORWAY, group_size_max=20)

    answer = await begin(api, line_of(await opened(owner)), course, NORWAY, covers=15)

    assert (201, "interested", 15) == (answer.status_code, answer.json()["status"], answer.json()["covers"])


async def test_part_that_the_offering_does_not_take_any_more_is_refused(api: Client, owner: Owner) -> None:
    course = await approved(api, NORWAY, group_size_max=20)
    part = await nominated(api, line_of(await opened(owner)), course, covers=20)
    shown = await move(api, part, "present", COORDINATOR)
    body = {name: value for name, value in an_offering_body(group_size_max=19).items() if name != "submit"}
    path = f"/v1/offerings/{course['offering_id']}"
    revised = (await api.patch(path, json=body, headers=headers(NORWAY, revision=course["revision"]))).json()
    await move_offering(api, revised, "approve", COORDINATOR)

    refused = [await attempt(api, shown, name, by) for name, by in (("accept", KENYA), ("confirm", NORWAY))]

    assert [(409, "offering-does-not-fit")] * 2 == [(one.status_code, one.json()["slug"]) for one in refused]
    assert {} == refused[1].json().get("details", {}), "a provider does not see why"


async def test_why_not_says_how_many_could_be_covered(api: Client, owner: Owner) -> None:
    course, small = await approved(api, NORWAY, group_size_max=20), await approved(api, CEB, group_size_max=4)
    request = await opened(owner)

    (before,) = (await why_not(api, request, course))["obstacles"]
    await confirmed(api, await nominated(api, line_of(request), course, covers=20), NORWAY)
    (after,) = (await why_not(api, request, small))["obstacles"]
    (in_french,) = (await why_not(api, request, small, language="fr"))["obstacles"]

    assert ("group_size", ["25"], ["20"], 20, True) == (
        before["name"], before["asked"], before["offered"], before["covers"], before["overridable"],
    )  # fmt: skip
    assert "It could cover 20 of the 25 people, or all of them in groups of at most 20." == before["advice"]
    assert (["5"], 4) == (after["asked"], after["covers"]), "only persons who are not covered yet are counted"
    assert in_french["advice"].startswith("L’offre pourrait couvrir 4 des 5 personnes")


async def test_covers_are_rebuilt_from_the_journal(api: Client, owner: Owner, database_url: str) -> None:
    course = await approved(api, NORWAY, group_size_max=20)
    request = await opened(owner)
    await confirmed(api, await nominated(api, line_of(request), course, covers=20), NORWAY)
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE match SET covers = 19")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()


@settings(max_examples=cases(15, soak=200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["suggested", "presented", "confirmed", "in_delivery", "completed", "revoked"]),
            st.none() | st.integers(1, GROUP),
        ),
        max_size=6,
    )
)
async def test_residue_in_sql_is_that_of_the_common_computation(
    db: Database, owner: Owner, matches: list[tuple[str, int | None]]
) -> None:
    request = await opened(owner)
    line_id = line_of(request)
    ids_of = {"request_id": request.request_id, "line_id": line_id}
    async with db.transaction() as tx:
        for status, covers in matches:
            agreed_at = (
                {} if status in ("suggested", "presented") else {"accepted_at": NOON, "provider_confirmed_at": NOON}
            )
            reason = "other" if status == "revoked" else None
            match = a_match(MatchStatus(status), covers=covers, reason=reason, **ids_of, **agreed_at)
            await match_store.save(tx, match)
    agreed = [Delivery(*one) for one in matches if MatchStatus(one[0]) in AGREED | {MatchStatus.REVOKED}]

    async with db.transaction() as tx:
        (line,) = await line_store.lines_of(tx, request.request_id)
        proposable = await line_store.open_lines(tx, limit=1, line_ids=[line_id])

    assert residue_of(GROUP, agreed) == line.residue
    looks_for = fulfilment_of(GROUP, agreed) not in WHOLE
    assert looks_for == bool(proposable)
