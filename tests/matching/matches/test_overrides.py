"""A coordinator overrides hard constraints for one match, for a reason that both sides see."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.matching import Capacity, Eligibility, Override
from contracts.refusals import Conflict
from contracts.requests import RequestReopened, RequestSubmitted
from contracts.values import Period
from services.matching.matches.model import MatchStatus, check_override, violations, window_of
from services.matching.scoring.constraints import BY_SLUG, OVERRIDABLE, violated
from services.matching.treaties.model import statuses_of
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, NOON, headers
from tests.matching.builders import (
    SPRING,
    a_contract_line,
    a_match,
    a_submission,
    a_wanted_line,
    an_offering,
    an_offering_body,
    terms,
)
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import (
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    begin,
    ids,
    matches_of,
    move,
    opened,
)

TODAY = NOON.date()
NEVER = ("own_state", "addressee", "excluded_provider", "excluded_state", "capacity")
LATE = Period(starts=date(AHEAD + 1, 1, 1), ends=date(AHEAD + 1, 12, 31))
ONLY_LATE = [{"from": f"{AHEAD}-07-14", "until": f"{AHEAD}-12-31", "units": 1}]


def an_override(*constraints: str) -> Override:
    return Override(constraints=constraints, reason="agreed_with_state")


def overriding(*constraints: str, reason: str = "agreed_with_state") -> dict[str, Any]:
    return {"constraints": list(constraints), "reason": reason}


BROKEN: dict[str, dict[str, Any]] = {
    "kind": {"kinds": ("legislative_drafting",)},
    "modality": {"modalities": ("remote",)},
    "language": {"languages": ("fr",), "interpretation": ()},
    "group_size": {"group_size_max": 5},
    "eligibility": {"eligible": Eligibility(states=("FRA",))},
    "income_group": {"eligible": Eligibility(income_groups=("low",))},
    "special_group": {"eligible": Eligibility(special_groups=("sids",))},
    "treaty": {"treaties": ("UNTOC-FIREARMS",)},
    "window": {"capacity": (Capacity(period=Period(starts=date(AHEAD, 8, 1), ends=date(AHEAD, 9, 1)), units=1),)},
    "validity": {"valid": LATE, "capacity": (Capacity(period=LATE, units=1),)},
}


# -- rules ------------------------------------------------------------------------------------------------------------


def test_every_constraint_is_either_overridable_or_never() -> None:
    assert set(BY_SLUG) == {*OVERRIDABLE, *NEVER}


@pytest.mark.parametrize("constraint", BROKEN)
def test_overridden_constraint_is_not_reported(constraint: str) -> None:
    line = a_wanted_line(treaties=tuple(one for one in statuses_of("KEN") if one.instrument == "UNTOC"))
    offering = an_offering(terms=terms(**BROKEN[constraint]))
    broken = violated(line, offering)
    assert constraint in broken

    check_override(line, offering, None, an_override(*broken))

    assert [] == violations(line, offering, None, an_override(*broken), today=TODAY)
    assert violations(line, offering, None, an_override("resource_status"), today=TODAY) == broken


def test_line_that_cannot_wait_may_be_served_without_funds_by_an_override() -> None:
    line, offering = a_wanted_line(cannot_wait=True), an_offering(terms=terms(resource_status="unfunded"))

    assert ["resource_status"] == violations(line, offering, None, None, today=TODAY)
    assert [] == violations(line, offering, None, an_override("resource_status"), today=TODAY)


def test_constraint_that_is_met_is_not_overridden_in_advance() -> None:
    with pytest.raises(Conflict) as no:
        check_override(a_wanted_line(), an_offering(), None, an_override("language"))

    assert ("override-not-needed", {"constraints": ["language"]}) == (no.value.slug, no.value.details)


def test_overridden_window_still_needs_a_delivery_that_is_left() -> None:
    line, override = a_wanted_line(), an_override("window")
    one = Capacity(period=Period(starts=date(AHEAD, 8, 1), ends=date(AHEAD, 9, 1)), units=1)
    taken = an_offering(terms=terms(capacity=(one,)), taken={one.period.starts: 1})
    none = an_offering(terms=terms(capacity=()))

    assert ["capacity"] == violations(line, taken, None, override, today=TODAY)
    assert ["window"] == violations(line, none, None, override, today=TODAY)


def test_overridden_window_begins_today_and_ends_with_the_validity() -> None:
    line, offering = a_wanted_line(), an_offering()

    assert line.window == window_of(line, offering, None, today=TODAY)
    assert Period(starts=TODAY, ends=offering.terms.valid.ends) == window_of(
        line, offering, an_override("window"), today=TODAY
    )


def test_confirmed_match_names_the_window_unless_it_was_overridden() -> None:
    line = a_wanted_line(window=LATE)
    for override, window in ((None, LATE), (an_override("window"), None)):
        match = a_match(MatchStatus.ACCEPTED, override=override)
        assert window == match.confirm(line, SPRING, None, now=NOON).window


# -- over HTTP --------------------------------------------------------------------------------------------------------


async def nominated(
    api: Client, request: RequestSubmitted, offering: Mapping[str, Any], *constraints: str, **more: Any
) -> dict[str, Any]:
    override = overriding(*constraints)
    answer = await begin(api, request.lines[0].line_id, offering, COORDINATOR, override=override, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def shown(api: Client, match: Mapping[str, Any], by: str, language: str = "en") -> dict[str, Any]:
    sent = headers(by) | {"Accept-Language": language}
    answer = await api.get(f"/v1/matches/{match['match_id']}", headers=sent)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def revised(api: Client, offering: Mapping[str, Any], **changes: Any) -> None:
    """Revise the offering as its provider, and approve it again as a coordinator."""
    body = {name: value for name, value in an_offering_body(**changes).items() if name != "submit"}
    path = f"/v1/offerings/{offering['offering_id']}"
    answer = await api.patch(path, json=body, headers=headers(NORWAY, revision=offering["revision"]))
    await move_offering(api, answer.json(), "approve", COORDINATOR)


async def test_both_sides_see_what_was_overridden_and_why(api: Client, owner: Owner) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[], modalities=["remote"])
    match = await nominated(api, await opened(owner), offering, "modality", "language", comment="As agreed.")
    match = await move(api, match, "present", COORDINATOR)

    views = [await shown(api, match, by) for by in (COORDINATOR, KENYA, NORWAY)]
    sentences = {
        language: (await shown(api, match, KENYA, language))["override_says"] for language in ["ar", "es", "ru", "zh"]
    }

    assert [{"constraints": ["modality", "language"], "reason": "agreed_with_state"}] * 3 == [
        one["override"] for one in views
    ]
    assert (
        "UNODC proposes this offering although it does not meet these conditions of the line: modality; language. "
        "Reason: The State accepts the difference." == views[1]["override_says"]
    )
    assert 4 == len(set(sentences.values()))
    assert "方式；语文" in sentences["zh"]
    match = await move(api, match, "accept", KENYA)
    assert "confirmed" == (await move(api, match, "confirm", NORWAY))["status"]


async def test_match_without_an_override_has_none(api: Client, owner: Owner) -> None:
    await approved(api)
    view = await shown(api, (await matches_of(api, await opened(owner)))[0], COORDINATOR)

    assert (None, None, None) == (view["override"], view["override_says"], view["covers"])


async def test_every_violated_constraint_has_to_be_named(api: Client, owner: Owner) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[], modalities=["remote"])
    line_id = (await opened(owner)).lines[0].line_id

    partly = await begin(api, line_id, offering, COORDINATOR, override=overriding("language"))
    beyond = await begin(api, line_id, offering, COORDINATOR, override=overriding("language", "modality", "treaty"))

    assert (409, ["modality"]) == (partly.status_code, partly.json()["details"]["violated"])
    assert (409, "override-not-needed", ["treaty"]) == (
        beyond.status_code, beyond.json()["slug"], beyond.json()["details"]["constraints"],
    )  # fmt: skip


async def test_exclusions_and_capacity_are_never_overridden(api: Client, owner: Owner) -> None:
    offering = await approved(api)
    line_id = (await opened(owner)).lines[0].line_id

    refused = await begin(api, line_id, offering, COORDINATOR, override=overriding(*NEVER, "language"))

    assert (400, "not-overridable") == (refused.status_code, refused.json()["slug"])
    errors = refused.json()["details"]["errors"]
    assert [f"override.constraints[{place}]" for place in range(len(NEVER))] == [one["field"] for one in errors]
    assert all(list(OVERRIDABLE) == one["allowed"] for one in errors)


@pytest.mark.parametrize(
    ("override", "slug"),
    [
        (overriding("language", reason="alchemy"), "unknown-code"),
        (overriding("language", "language"), "decided-twice"),
        (overriding(), "invalid-field"),
    ],
)
async def test_wrong_override_has_its_own_error(api: Client, owner: Owner, override: dict[str, Any], slug: str) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[])

    refused = await begin(api, (await opened(owner)).lines[0].line_id, offering, COORDINATOR, override=override)

    assert (400, slug) == (refused.status_code, refused.json()["slug"])


async def test_provider_does_not_override(api: Client, owner: Owner) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[])
    line_id = (await opened(owner)).lines[0].line_id

    refused = await begin(api, line_id, offering, NORWAY, override=overriding("language"))

    assert (403, "not-for-your-role") == (refused.status_code, refused.json()["slug"])


async def test_constraint_violated_later_still_refuses(api: Client, owner: Owner) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[])
    match = await nominated(api, await opened(owner), offering, "language")
    other = await nominated(api, await opened(owner), offering, "language")
    presented = await move(api, other, "present", COORDINATOR)

    await revised(api, offering, languages=["fr"], interpretation=[], modalities=["remote"])

    answer = await attempt(api, match, "present", COORDINATOR)
    assert (409, ["modality"]) == (answer.status_code, answer.json()["details"]["violated"])
    for name, by in (("accept", KENYA), ("confirm", NORWAY)):
        late = await attempt(api, presented, name, by)
        assert (409, "offering-does-not-fit") == (late.status_code, late.json()["slug"])


async def test_overridden_match_is_not_ended_as_unfit(api: Client, owner: Owner) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[])
    request = await opened(owner)
    await nominated(api, request, offering, "language")

    await owner.publish(RequestReopened(**ids(request), reason="new_need", reopened_at=NOON))

    assert ["nominated"] == [one["status"] for one in await matches_of(api, request)]


async def test_overridden_window_takes_a_unit_of_another_period(api: Client, owner: Owner) -> None:
    offering = await approved(api, capacity=ONLY_LATE)
    first, second = await opened(owner), await opened(owner)
    matches = [await nominated(api, request, offering, "window") for request in (first, second)]
    agreed = []
    for match in matches:
        match = await move(api, match, "present", COORDINATOR)
        agreed.append(await move(api, match, "accept", KENYA))

    confirmed = await move(api, agreed[0], "confirm", NORWAY)
    late = await attempt(api, agreed[1], "confirm", NORWAY)

    assert {"from": f"{AHEAD}-07-14", "until": f"{AHEAD}-12-31"} == confirmed["capacity_period"]
    assert (409, "capacity-exhausted") == (late.status_code, late.json()["slug"])


async def test_override_of_the_group_size_is_for_the_whole_group(api: Client, owner: Owner) -> None:
    offering = await approved(api, group_size_max=20)
    match = await nominated(api, await opened(owner, a_submission(a_contract_line())), offering, "group_size")

    assert (None, ["group_size"]) == (match["covers"], match["override"]["constraints"])


async def test_overrides_are_rebuilt_from_the_journal(api: Client, owner: Owner, database_url: str) -> None:
    offering = await approved(api, languages=["fr"], interpretation=[])
    match = await nominated(api, await opened(owner), offering, "language")
    await move(api, match, "present", COORDINATOR)
    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE match SET override = NULL")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()
