"""The route that explains why an offering is not suggested."""

from uuid import UUID, uuid4

from tests.builders import AHEAD, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.matches.steps import ask, why_not
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client, Owner, matches_of, opened

FRANCE = "FRA:provider_officer"
ONLY_LATE = [{"from": f"{AHEAD}-07-14", "until": f"{AHEAD}-12-31", "units": 1}]
"""Capacity that begins two weeks after the window of the default line."""


async def test_obstacles_have_their_nearest_change(api: Client, owner: Owner) -> None:
    offering = await approved(api, NORWAY, capacity=ONLY_LATE, languages=["es"], interpretation=[])
    request = await opened(owner)
    assert [] == await matches_of(api, request)

    reported = await why_not(api, request, offering)

    assert not reported["fits"]
    assert [("language", "interpretation", None, ["en"]), ("window", "later", 14, [])] == [
        (one["name"], one["nearest"]["change"], one["nearest"]["amount"], one["nearest"]["codes"])
        for one in reported["obstacles"]
    ]
    assert [
        ("The offering is in Spanish: English is neither spoken nor interpreted.",
         "It would fit in Spanish, with interpretation into English."),
        (f"The offering is not delivered in the window (1 February {AHEAD} – 30 June {AHEAD}).",
         "It would fit 14 days later."),
    ] == [(one["reason"], one["advice"]) for one in reported["obstacles"]]  # fmt: skip
    assert {"place", "match_id"}.isdisjoint(reported)


async def test_answer_is_in_the_readers_language(api: Client, owner: Owner) -> None:
    offering = await approved(api, NORWAY, capacity=ONLY_LATE)
    request = await opened(owner)

    (in_chinese,) = (await why_not(api, request, offering, language="zh"))["obstacles"]

    assert f"在所请求的时间（{AHEAD}年2月1日 – {AHEAD}年6月30日）内，该援助提议不提供援助。" == in_chinese["reason"]
    assert "如推迟14天，即可匹配。" == in_chinese["advice"]


async def test_fitting_offering_gets_its_rank(api: Client, owner: Owner) -> None:
    offering = await approved(api)
    request = await opened(owner)
    (match,) = await matches_of(api, request)

    assert {
        "line_id": str(request.lines[0].line_id),
        "offering_id": offering["offering_id"],
        "fits": True,
        "obstacles": [],
        "place": 1,
        "match_id": match["match_id"],
    } == await why_not(api, request, offering)


async def test_provider_only_sees_whether_its_offering_fits(api: Client, owner: Owner) -> None:
    offering, others = await approved(api, NORWAY, capacity=ONLY_LATE), await approved(api, FRANCE)
    request = await opened(owner)
    unseen = await opened(owner, a_submission(a_contract_line(), visibility="named", addressed_states=("FRA",)))

    mine = await why_not(api, request, offering, by=NORWAY)
    assert {
        "line_id": str(request.lines[0].line_id),
        "offering_id": offering["offering_id"],
        "fits": False,
    } == mine
    anothers = await ask(api, request, others, NORWAY)
    assert (403, "not-your-organization") == (anothers.status_code, anothers.json()["slug"])
    assert 404 == (await ask(api, unseen, offering, NORWAY)).status_code
    by_state = await ask(api, request, offering, KENYA)
    assert (403, "not-for-your-role") == (by_state.status_code, by_state.json()["slug"])


async def test_unknown_and_malformed_ids_are_refused(api: Client, owner: Owner) -> None:
    offering, request = await approved(api), await opened(owner)

    assert 404 == (await ask(api, request, {"offering_id": str(uuid4())})).status_code
    nobodys = await api.get(
        "/v1/matches/why-not",
        params={"line": str(UUID(int=1)), "offering": offering["offering_id"]},
        headers=headers(COORDINATOR),
    )
    assert 404 == nobodys.status_code
    for query in ({"line": "x", "offering": offering["offering_id"]}, {"offering": offering["offering_id"]}):
        answer = await api.get("/v1/matches/why-not", params=query, headers=headers(COORDINATOR))
        assert 400 == answer.status_code, answer.text
