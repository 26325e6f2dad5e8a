"""The statuses of a match: every cell of its table of moves, roles, and guards."""

from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import pytest
from msgspec.structs import asdict

from contracts.facts import Fact
from contracts.matching import Evaluation, Judgement, MatchConfirmed, Override
from contracts.reference import kinds
from contracts.refusals import Conflict, Invalid
from contracts.values import Money, Role
from services.matching import policy
from services.matching.lines.model import RequestStatus
from services.matching.matches import model as match
from services.matching.matches.evaluation import Evaluated
from services.matching.matches.evolve import evolve
from services.matching.matches.model import MOVES, NOT_CONFIRMED, NOT_ENDED, Match, MatchStatus, Origin
from services.matching.policy import Action
from services.matching.scoring.model import scored
from tests.builders import NOON, a_caller
from tests.matching.builders import SPRING, a_match, a_wanted_line, an_offering

M = MatchStatus
BEFORE_CONFIRMED = (
    M.SUGGESTED,
    M.NOMINATED,
    M.INTERESTED,
    M.SHORTLISTED,
    M.PRESENTED,
    M.ACCEPTED,
    M.PROVIDER_CONFIRMED,
)


def begun(start: Callable[..., Fact], *more: Any) -> Callable[[Match], Fact]:
    return lambda m: start(m, uuid4(), a_wanted_line(), scored(a_wanted_line(), an_offering()), *more, now=NOON)


def agreed(name: str) -> Callable[[Match], Fact]:
    """Return the decision of `match_actions.agree` if capacity is left."""

    def decide(m: Match) -> Fact:
        if m.agrees_with(name):
            return m.confirm(a_wanted_line(), SPRING, None, now=NOON)
        return m.accept(None, now=NOON) if name == "accept" else m.confirm_by_provider(None, now=NOON)

    return decide


JUDGED = scored(a_wanted_line(), an_offering(), Judgement(model="letters", version="1", closeness=500))
WELL = Evaluation(result="met", relevance=5, quality=4, timeliness=5)
POORLY = Evaluation(result="unmet", relevance=2, quality=1, timeliness=1)
DECIDE: dict[str, Callable[[Match], Fact]] = {
    "suggest": begun(match.suggest, 1),
    "nominate": begun(match.nominate),
    "interest": begun(match.express_interest),
    "rescore": lambda m: m.rescore(JUDGED, now=NOON),
    "shortlist": lambda m: m.shortlist(now=NOON),
    "present": lambda m: m.present(a_wanted_line(), passes_over=False, departure=None, now=NOON),
    "accept": agreed("accept"),
    "confirm": agreed("confirm"),
    "begin": lambda m: m.begin(now=NOON),
    "complete": lambda m: m.complete(now=NOON),
    "decline by state": lambda m: m.decline(Role.FOCAL_POINT, "other", now=NOON),
    "decline by provider": lambda m: m.decline(Role.PROVIDER_OFFICER, "other", now=NOON),
    "not_pursue": lambda m: m.not_pursue("other", now=NOON),
    "expire": lambda m: m.expire(now=NOON),
    "revoke": lambda m: m.revoke("other", now=NOON),
    "evaluate by state": lambda m: m.evaluate(Role.FOCAL_POINT, WELL, now=NOON),
    "evaluate by provider": lambda m: m.evaluate(Role.PROVIDER_OFFICER, WELL, now=NOON),
}

TABLE: dict[str, dict[MatchStatus, MatchStatus]] = {
    "suggest": {M.EXPIRED: M.SUGGESTED},
    "nominate": {M.EXPIRED: M.NOMINATED, M.SUGGESTED: M.NOMINATED},
    "interest": {M.EXPIRED: M.INTERESTED, M.SUGGESTED: M.INTERESTED},
    "rescore": {one: one for one in (M.SUGGESTED, M.NOMINATED, M.INTERESTED, M.SHORTLISTED)},
    "shortlist": dict.fromkeys((M.SUGGESTED, M.NOMINATED, M.INTERESTED), M.SHORTLISTED),
    "present": dict.fromkeys((M.SUGGESTED, M.NOMINATED, M.INTERESTED, M.SHORTLISTED), M.PRESENTED),
    "accept": {M.PRESENTED: M.ACCEPTED, M.PROVIDER_CONFIRMED: M.CONFIRMED},
    "confirm": {M.PRESENTED: M.PROVIDER_CONFIRMED, M.ACCEPTED: M.CONFIRMED},
    "begin": {M.CONFIRMED: M.IN_DELIVERY},
    "complete": {M.IN_DELIVERY: M.COMPLETED},
    "decline by state": dict.fromkeys(BEFORE_CONFIRMED, M.DECLINED_BY_STATE),
    "decline by provider": dict.fromkeys(BEFORE_CONFIRMED, M.DECLINED_BY_PROVIDER),
    "not_pursue": dict.fromkeys(BEFORE_CONFIRMED, M.NOT_PURSUED),
    "expire": dict.fromkeys(BEFORE_CONFIRMED, M.EXPIRED),
    "revoke": dict.fromkeys((M.CONFIRMED, M.IN_DELIVERY), M.REVOKED),
    "evaluate by state": {M.COMPLETED: M.COMPLETED},
    "evaluate by provider": {M.COMPLETED: M.COMPLETED},
}


def test_every_move_has_its_row() -> None:
    assert {move.split(" by ")[0] for move in TABLE} == MOVES.keys()
    assert TABLE.keys() == DECIDE.keys()
    assert set(BEFORE_CONFIRMED) == NOT_CONFIRMED
    assert {*BEFORE_CONFIRMED, M.CONFIRMED, M.IN_DELIVERY, M.COMPLETED} == NOT_ENDED


@pytest.mark.parametrize("status", MatchStatus)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: MatchStatus) -> None:
    before = a_match(status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict) as no:
            DECIDE[move](before)
        details = {
            "match-status": {"status": status, "move": move.split(" by ")[0]},
            "match-exists": {"match_id": before.match_id},
        }
        assert details[no.value.slug] == no.value.details
        return
    after = evolve(before, DECIDE[move](before))

    assert TABLE[move][status] == after.status
    assert before.revision + 1 == after.revision
    assert before.match_id == after.match_id


TIMES = {
    "present": "presented_at",
    "accept": "accepted_at",
    "confirm": "provider_confirmed_at",
    "begin": "begun_at",
    "complete": "completed_at",
    "decline by state": "ended_at",
    "decline by provider": "ended_at",
    "not_pursue": "ended_at",
    "expire": "ended_at",
    "revoke": "ended_at",
}


@pytest.mark.parametrize("move", TIMES)
def test_match_records_the_time_and_the_reason_of_a_move(move: str) -> None:
    ends = TIMES[move] == "ended_at"
    for status in TABLE[move]:
        after = evolve(before := a_match(status), DECIDE[move](before))

        assert NOON == getattr(after, TIMES[move])
        assert ("other" if ends and move != "expire" else None) == after.reason


@pytest.mark.parametrize(
    ("start", "status"),
    [("suggest", M.SUGGESTED), ("nominate", M.NOMINATED), ("interest", M.INTERESTED)],
)
def test_match_begins_as_suggestion_nomination_or_interest(start: str, status: MatchStatus) -> None:
    begin = {"suggest": match.suggest, "nominate": match.nominate, "interest": match.express_interest}[start]
    line, offering = a_wanted_line(), an_offering()
    more = (1,) if start == "suggest" else ()

    made = evolve(None, begin(None, uuid4(), line, scored(line, offering), *more, now=NOON))

    assert (status, Origin(status), 1) == (made.status, made.origin, made.revision)
    assert made.score == sum(share.points for share in made.shares) > 0
    assert (offering.revision, "codes-4:weights-0") == (made.offering_revision, made.algorithm)
    assert (NOON, NOON if start == "interest" else None, False) == (made.made_at, made.interested_at, made.departs)


def test_ranking_names_criteria_once_and_points_per_suggestion() -> None:
    line, offering = a_wanted_line(), an_offering()
    found, match_id = scored(line, offering), uuid4()

    ranking = match.rank(line, [found], [match_id], {"NOR", "CAN"}, now=NOON)

    assert ("CAN", "NOR") == ranking.fitting_providers
    (suggestion,) = ranking.suggestions
    assert (line.line_id, line.request_id, "KEN", NOON) == (
        ranking.line_id,
        ranking.request_id,
        ranking.state,
        ranking.ranked_at,
    )
    assert found.algorithm == ranking.algorithm
    assert [(one.criterion, one.points, one.of) for one in found.shares] == list(
        zip(ranking.criteria, suggestion.points, ranking.of, strict=True)
    )
    assert (match_id, offering.offering_id, offering.provider, offering.revision, found.score) == (
        suggestion.match_id,
        suggestion.offering_id,
        suggestion.provider,
        suggestion.offering_revision,
        suggestion.score,
    )


def test_rescored_match_keeps_its_status() -> None:
    before = a_match(M.SHORTLISTED, interested_at=NOON, score=1, algorithm="codes-3:weights-0", offering_revision=1)

    after = evolve(before, before.rescore(JUDGED, now=NOON))

    assert (JUDGED.score, JUDGED.shares, JUDGED.judgement) == (after.score, after.shares, after.judgement)
    assert (JUDGED.algorithm, JUDGED.offering.revision) == (after.algorithm, after.offering_revision)
    assert (M.SHORTLISTED, NOON, 2) == (after.status, after.interested_at, after.revision)


def test_later_evaluation_replaces_the_earlier_one() -> None:
    completed = a_match(M.COMPLETED, revision=7)

    once = evolve(completed, completed.evaluate(Role.FOCAL_POINT, POORLY, now=NOON))
    both = evolve(once, once.evaluate(Role.PROVIDER_OFFICER, WELL, now=NOON))
    again = evolve(both, both.evaluate(Role.FOCAL_POINT, WELL, now=NOON))

    assert (None, None, False) == (completed.state_evaluation, completed.provider_evaluation, completed.evaluated)
    assert Evaluated(**asdict(POORLY), revision=8, evaluated_at=NOON) == once.state_evaluation == both.state_evaluation
    assert Evaluated(**asdict(WELL), revision=10, evaluated_at=NOON) == again.state_evaluation
    assert Evaluated(**asdict(WELL), revision=9, evaluated_at=NOON) == again.provider_evaluation
    assert once.evaluated
    assert again.evaluated
    assert evolve(completed, completed.evaluate(Role.PROVIDER_OFFICER, WELL, now=NOON)).evaluated


def test_expired_match_begins_again_as_new() -> None:
    before = a_match(M.EXPIRED, presented_at=NOON, accepted_at=NOON, ended_at=NOON, interested_at=NOON)

    after = evolve(before, DECIDE["suggest"](before))

    assert [None] * 4 == [after.presented_at, after.accepted_at, after.ended_at, after.interested_at]


ROLES: dict[str, set[Role]] = {
    "suggest": set(),
    "rescore": set(),
    "shortlist": {Role.COORDINATOR},
    "present": {Role.COORDINATOR},
    "accept": {Role.FOCAL_POINT},
    "confirm": {Role.PROVIDER_OFFICER},
    "begin": set(),
    "complete": set(),
    "decline": {Role.FOCAL_POINT, Role.PROVIDER_OFFICER},
    "not_pursue": {Role.COORDINATOR},
    "expire": set(),
    "revoke": set(),
    "evaluate": {Role.FOCAL_POINT, Role.PROVIDER_OFFICER},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", ROLES)
def test_each_move_is_for_its_roles(move: str, role: Role) -> None:
    side = "UNODC-CEB" if role is Role.PROVIDER_OFFICER else "KEN"

    decision = policy.decide(a_caller(f"{side}:{role}"), cast(Action, move), a_match(M.PRESENTED, presented_at=NOON))

    assert (role in ROLES[move]) == decision.allowed


@pytest.mark.parametrize("role", Role)
def test_coordinators_and_providers_propose_for_visible_lines(role: Role) -> None:
    caller = a_caller(f"UNODC-CEB:{role}")

    assert (role in {Role.COORDINATOR, Role.PROVIDER_OFFICER}) == policy.decide(caller, Action.PROPOSE).allowed
    assert (role is Role.COORDINATOR) == policy.decide(caller, Action.PROPOSE, a_wanted_line(consents=())).allowed


@pytest.mark.parametrize("circulation", ["none", "window_running", "objected"])
def test_line_without_circulation_is_presented_only_to_unodc(circulation: str) -> None:
    line = a_wanted_line(circulation=circulation)

    a_match().present(line, passes_over=False, departure=None, now=NOON)
    for other in ("NOR", "UNODCX"):
        with pytest.raises(Conflict, match="circulation-not-granted"):
            a_match(provider=other).present(line, passes_over=False, departure=None, now=NOON)


@pytest.mark.parametrize("status", RequestStatus)
def test_match_is_presented_between_triage_and_delivery(status: RequestStatus) -> None:
    line = a_wanted_line(status=status)

    if status in {RequestStatus.OPEN, RequestStatus.IN_DELIVERY}:
        a_match().present(line, passes_over=False, departure=None, now=NOON)
    else:
        with pytest.raises(Conflict, match="request-not-open"):
            a_match().present(line, passes_over=False, departure=None, now=NOON)


def test_match_of_a_missing_line_is_not_presented() -> None:
    with pytest.raises(Conflict, match="request-not-open"):
        a_match().present(None, passes_over=False, departure=None, now=NOON)


def test_departure_needs_a_reason_which_is_recorded() -> None:
    before = a_match()

    with pytest.raises(Invalid, match="departure-reason-missing"):
        before.present(a_wanted_line(), passes_over=True, departure=None, now=NOON)
    after = evolve(before, before.present(a_wanted_line(), passes_over=True, departure="regional_knowledge", now=NOON))

    assert (True, "regional_knowledge") == (after.departs, after.departure)


def test_presented_match_keeps_the_period_a_round_planned() -> None:
    fact = a_match().present(a_wanted_line(), passes_over=False, departure=None, planned_period=SPRING, now=NOON)

    assert SPRING == evolve(a_match(), fact).planned_period


def test_reason_without_a_departure_is_not_recorded() -> None:
    after = evolve(before := a_match(), before.present(a_wanted_line(), passes_over=False, departure="other", now=NOON))

    assert (False, None) == (after.departs, after.departure)


@pytest.mark.parametrize("first", ["accept", "confirm"])
def test_second_side_to_agree_confirms_the_match(first: str) -> None:
    second = "confirm" if first == "accept" else "accept"
    presented = a_match(M.PRESENTED)

    halfway = evolve(presented, DECIDE[first](presented))
    assert halfway.agrees_with(second)
    done = evolve(halfway, halfway.confirm(a_wanted_line(), SPRING, Money(minor=7, currency="USD"), now=NOON))

    assert (M.CONFIRMED, SPRING, 7) == (
        done.status,
        done.capacity_period,
        done.funding_needed and done.funding_needed.minor,
    )
    assert NOON == done.accepted_at == done.provider_confirmed_at


def test_confirmation_needs_both_sides() -> None:
    with pytest.raises(Conflict, match="match-status"):
        a_match(M.PRESENTED).confirm(a_wanted_line(), SPRING, None, now=NOON)


@pytest.mark.parametrize("kind", kinds())
def test_donors_see_the_subject_except_of_restricted_kinds(kind: str) -> None:
    accepted = a_match(status=MatchStatus.ACCEPTED)
    fact = accepted.confirm(a_wanted_line(kind=kind), SPRING, Money(minor=5, currency="USD"), now=NOON)

    assert fact.about is None if kinds()[kind].restricted else fact.about is not None and fact.about.kind == kind
    assert {True, False} == {one.restricted for one in kinds().values()}
    assert accepted.confirm(a_wanted_line(kind=kind), SPRING, None, now=NOON).about is None


def test_confirmation_reports_what_the_delivery_is_planned_with() -> None:
    accepted, line, needed = a_match(M.ACCEPTED, covers=9), a_wanted_line(), Money(minor=5, currency="USD")

    fact = accepted.confirm(line, SPRING, needed, covers=9, now=NOON)

    ids = {name: getattr(accepted, name) for name in ("match_id", "request_id", "line_id", "offering_id")}
    assert fact == MatchConfirmed(
        **ids,
        state="KEN",
        provider="UNODC-CEB",
        capacity_period=SPRING,
        funding_needed=needed,
        about=line.about,
        covers=9,
        capacity_taken=True,
        window=line.window,
        kind=line.kind,
        confirmed_at=NOON,
    )


def test_confirmation_in_a_joint_delivery_names_it_and_takes_no_further_unit() -> None:
    joint = a_match(M.ACCEPTED, joint_delivery_id=uuid4())

    fact = joint.confirm(a_wanted_line(), SPRING, None, capacity_taken=False, now=NOON)

    assert (joint.joint_delivery_id, False) == (fact.joint_delivery_id, fact.capacity_taken)


def test_confirmation_with_an_overridden_window_reports_none() -> None:
    overridden = a_match(M.ACCEPTED, override=Override(constraints=("window",), reason="other"))

    assert overridden.confirm(a_wanted_line(), SPRING, None, now=NOON).window is None


def test_revoked_match_names_the_unit_it_gives_back() -> None:
    revoked = a_match(M.IN_DELIVERY).revoke("other", now=NOON)

    assert (SPRING, True) == (revoked.capacity_period, revoked.capacity_released)


def test_constraint_that_the_covered_part_meets_cannot_be_overridden() -> None:
    line, group = a_wanted_line(group_size=90), Override(constraints=("group_size",), reason="other")
    match.check_override(line, an_offering(), None, group)

    with pytest.raises(Conflict) as no:
        match.check_override(line, an_offering(), 60, group)
    assert {"constraints": ["group_size"]} == no.value.details
