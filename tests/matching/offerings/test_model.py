"""The statuses of an offering: every cell of its table of moves, revisions, and the shown status."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.decisions import denied
from contracts.facts import Fact
from contracts.matching import Capacity
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.values import Language, Money, Period, Role
from services.matching import policy
from services.matching.offerings import model as offering
from services.matching.offerings.model import MOVES, Offering, OfferingStatus, Publication, ShownStatus, evolve
from services.matching.policy import Action
from tests.builders import AHEAD, NOON, a_caller
from tests.matching.builders import AUTUMN, SPRING, an_offering, content, terms

PUBLISHED = Publication(language=Language.EN, texts_hash="0" * 64, published_at=NOON)
LATER = datetime(AHEAD + 1, 1, 1, tzinfo=NOON.tzinfo)

DECIDE: dict[str, Callable[[Offering], Fact]] = {
    "revise": lambda o: o.revise(content(), now=NOON),
    "submit": lambda o: o.submit(now=NOON),
    "approve": lambda o: o.approve(now=NOON),
    "return": lambda o: o.give_back("incomplete", now=NOON),
    "suspend": lambda o: o.suspend(now=NOON),
    "resume": lambda o: o.resume(now=NOON),
    "reconfirm": lambda o: o.reconfirm(now=NOON),
    "withdraw": lambda o: o.withdraw(now=NOON),
    "lapse": lambda o: o.lapse(now=LATER),
    "remind": lambda o: o.remind(now=NOON),
    "name_contact": lambda o: o.name_contact("0" * 64, now=NOON),
    "publish": lambda o: o.make_public(Language.EN, "0" * 64, now=NOON),
    "unpublish": lambda o: replace(o, publication=PUBLISHED).unpublish(now=NOON),
}

DRAFT, SUBMITTED, RETURNED, AVAILABLE, SUSPENDED, LAPSED, WITHDRAWN = OfferingStatus

TABLE: dict[str, dict[OfferingStatus, OfferingStatus]] = {
    "revise": {DRAFT: DRAFT, RETURNED: RETURNED, SUBMITTED: SUBMITTED, AVAILABLE: SUBMITTED, SUSPENDED: SUBMITTED},
    "submit": {DRAFT: SUBMITTED, RETURNED: SUBMITTED},
    "approve": {SUBMITTED: AVAILABLE},
    "return": {SUBMITTED: RETURNED},
    "suspend": {AVAILABLE: SUSPENDED},
    "resume": {SUSPENDED: AVAILABLE},
    "reconfirm": {AVAILABLE: AVAILABLE, SUSPENDED: SUSPENDED},
    "withdraw": dict.fromkeys((DRAFT, SUBMITTED, RETURNED, AVAILABLE, SUSPENDED), WITHDRAWN),
    "lapse": dict.fromkeys((SUBMITTED, RETURNED, AVAILABLE, SUSPENDED), LAPSED),
    "remind": {AVAILABLE: AVAILABLE, SUSPENDED: SUSPENDED},
    "name_contact": {one: one for one in (DRAFT, SUBMITTED, RETURNED, AVAILABLE, SUSPENDED)},
    "publish": {AVAILABLE: AVAILABLE, SUSPENDED: SUSPENDED},
    "unpublish": {one: one for one in OfferingStatus},
}


def test_every_move_has_its_row() -> None:
    assert MOVES.keys() == DECIDE.keys() == TABLE.keys()


@pytest.mark.parametrize("status", OfferingStatus)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: OfferingStatus) -> None:
    before = an_offering(status=status, available_since=NOON if status is AVAILABLE else None)

    if status not in TABLE[move]:
        with pytest.raises(Conflict) as no:
            DECIDE[move](before)
        assert "offering-status" == no.value.slug
        return
    after = evolve(before, DECIDE[move](before))

    assert TABLE[move][status] == after.status
    assert before.revision + 1 == after.revision
    assert (after.status is AVAILABLE) == (after.available_since is not None)


@pytest.mark.parametrize(
    ("move", "roles"),
    {
        "revise": {Role.PROVIDER_OFFICER},
        "submit": {Role.PROVIDER_OFFICER},
        "approve": {Role.COORDINATOR},
        "return": {Role.COORDINATOR},
        "suspend": {Role.PROVIDER_OFFICER, Role.COORDINATOR},
        "resume": {Role.PROVIDER_OFFICER, Role.COORDINATOR},
        "reconfirm": {Role.PROVIDER_OFFICER},
        "withdraw": {Role.PROVIDER_OFFICER},
        "publish": {Role.PROVIDER_OFFICER},
        "unpublish": {Role.PROVIDER_OFFICER},
        "change_contact": {Role.PROVIDER_OFFICER},
        "remove_contact": {Role.PROVIDER_OFFICER, Role.COORDINATOR},
        "read_contact": {Role.PROVIDER_OFFICER, Role.COORDINATOR},
        "lapse": set(),
    }.items(),
)
def test_each_move_is_for_its_roles(move: str, roles: set[Role]) -> None:
    for role in Role:
        caller = a_caller(f"UNODC-CEB:{role}")
        if role in roles:
            assert policy.decide(caller, cast(Action, move), an_offering()).allowed
        else:
            assert denied("not-for-your-role") == policy.decide(caller, cast(Action, move), an_offering())


def test_officer_cannot_move_another_organizations_offering() -> None:
    decision = policy.decide(a_caller("NOR:provider_officer"), Action.WITHDRAW, an_offering())

    assert denied("not-your-organization") == decision


def test_offering_submitted_at_creation_is_one_fact() -> None:
    created = evolve(None, offering.offer(an_offering().offering_id, "NOR", content(), now=NOON))

    assert (SUBMITTED, 1, NOON) == (created.status, created.revision, created.submitted_at)


@pytest.mark.parametrize("field", ["kinds", "languages", "modalities", "capacity"])
def test_submission_needs_the_data_of_hard_constraints(field: str) -> None:
    with pytest.raises(Invalid) as no:
        an_offering(status=DRAFT, terms=terms(**{field: ()})).submit(now=NOON)

    assert "offering-incomplete" == no.value.slug
    assert [FieldError(field=field, problem="missing-field")] == no.value.details["errors"]


def test_only_a_draft_may_become_incomplete() -> None:
    an_offering(status=DRAFT).revise(content(kinds=()), now=NOON)
    with pytest.raises(Invalid, match="offering-incomplete"):
        an_offering().revise(content(kinds=()), now=NOON)


@pytest.mark.parametrize("move", ["submit", "approve"])
def test_offering_past_its_validity_cannot_move(move: str) -> None:
    status = DRAFT if move == "submit" else SUBMITTED
    past = Period(starts=date(2026, 1, 1), ends=NOON.date() - timedelta(days=1))

    with pytest.raises(Conflict, match="validity-ended"):
        DECIDE[move](an_offering(status=status, terms=terms(valid=past)))


def test_offering_does_not_lapse_on_its_last_day() -> None:
    last_day = Period(starts=date(2026, 1, 1), ends=NOON.date())

    with pytest.raises(Conflict, match="validity-not-ended"):
        an_offering(terms=terms(valid=last_day)).lapse(now=NOON)


@pytest.mark.parametrize(
    "capacity",
    [
        (),
        (Capacity(period=AUTUMN, units=5),),
        (Capacity(period=SPRING, units=1),),
        (Capacity(period=Period(starts=SPRING.starts, ends=date(AHEAD, 5, 31)), units=9),),
    ],
    ids=["dropped", "another", "too small", "shorter"],
)
def test_period_with_taken_units_cannot_be_removed(capacity: tuple[Capacity, ...]) -> None:
    with pytest.raises(Conflict, match="capacity-in-use"):
        an_offering(taken={SPRING.starts: 2}).revise(content(capacity=capacity), now=NOON)


def test_period_with_taken_units_may_grow() -> None:
    grown = (Capacity(period=SPRING, units=9),)

    after = evolve(before := an_offering(taken={SPRING.starts: 2}), before.revise(content(capacity=grown), now=NOON))

    assert 7 == after.room(grown[0])


@pytest.mark.parametrize(
    ("taken", "today", "shown"),
    [
        ({}, date(AHEAD, 1, 1), ShownStatus.AVAILABLE),
        ({SPRING.starts: 2}, date(AHEAD, 1, 1), ShownStatus.AVAILABLE),
        ({SPRING.starts: 2, AUTUMN.starts: 1}, date(AHEAD, 1, 1), ShownStatus.FULLY_RESERVED),
        ({AUTUMN.starts: 1}, date(AHEAD, 6, 30), ShownStatus.AVAILABLE),
        ({AUTUMN.starts: 1}, date(AHEAD, 7, 1), ShownStatus.FULLY_RESERVED),
    ],
)
def test_offering_without_units_left_is_fully_reserved(taken: dict[date, int], today: date, shown: ShownStatus) -> None:
    assert shown == an_offering(taken=taken).shown_status(today)


def test_only_available_offerings_are_shown_as_fully_reserved() -> None:
    taken = {SPRING.starts: 2, AUTUMN.starts: 1}

    assert ShownStatus.SUSPENDED == an_offering(status=SUSPENDED, taken=taken).shown_status(NOON.date())


def test_funded_delivery_has_no_funding_gap() -> None:
    lacking = Money(minor=5, currency="USD")

    assert an_offering().funding_lacking is None
    assert lacking == an_offering(terms=terms(resource_status="partly", funding_needed=lacking)).funding_lacking


def test_missing_curriculum_of_mla_training_is_listed() -> None:
    incomplete = an_offering(terms=terms(curriculum=("convention_provisions",)))

    assert (
        "obtaining_evidence",
        "preservation_of_stored_data",
        "real_time_traffic_data",
    ) == incomplete.missing_curriculum
    assert () == an_offering(terms=terms(kinds=("mentoring",))).missing_curriculum


DAYS = st.dates(date(AHEAD, 1, 1), date(AHEAD, 12, 31))


@given(st.lists(st.tuples(DAYS, DAYS), max_size=4))
def test_overlapping_capacity_periods_are_refused(edges: list[tuple[date, date]]) -> None:
    periods = [Period(starts=min(pair), ends=max(pair)) for pair in edges]
    days = [{p.starts + timedelta(days=n) for n in range((p.ends - p.starts).days + 1)} for p in periods]
    share_a_day = len(set().union(*days)) < sum(len(one) for one in days)
    valid = Period(starts=date(AHEAD, 1, 1), ends=date(AHEAD, 12, 31))
    capacity = tuple(Capacity(period=period, units=1) for period in periods)

    if share_a_day:
        with pytest.raises(Invalid, match="capacity-overlaps"):
            offering.check_periods(valid, capacity)
    else:
        offering.check_periods(valid, capacity)


def test_capacity_must_be_within_the_validity() -> None:
    with pytest.raises(Invalid, match="capacity-outside-validity"):
        offering.check_periods(AUTUMN, (Capacity(period=SPRING, units=1),))
