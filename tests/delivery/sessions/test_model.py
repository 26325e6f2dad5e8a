"""Tests of every cell of the table of statuses and moves of a session, and of the counts that readers may see."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid
from contracts.sessions import BySex, ParticipantsBySex, Sex
from contracts.values import Caller, Period, Role
from services.delivery import policy
from services.delivery.deliveries.model import Delivery, DeliveryStatus
from services.delivery.policy import SESSION_MOVERS, Action
from services.delivery.sessions import participants
from services.delivery.sessions.evolve import evolve
from services.delivery.sessions.model import MOVES, Session, SessionStatus, Terms, plan
from services.delivery.sessions.participants import SMALL_MAX, AgeBand, Count
from tests.builders import NOON
from tests.delivery.sessions.steps import MARCH, a_session
from tests.delivery.steps import SPRING, a_delivery

S = SessionStatus
DAY = timedelta(days=1)
AFTER = datetime.combine(MARCH.ends, NOON.timetz())
TERMS = Terms(modality="remote", languages=("en",))
DECIDE: dict[str, Callable[[Session], Fact]] = {
    "revise_session": lambda s: s.revise(TERMS, "hash", now=NOON),
    "reschedule": lambda s: s.reschedule(SPRING, [a_delivery()], "", now=NOON),
    "cancel": lambda s: s.cancel("other", now=NOON),
    "hold": lambda s: s.hold([], None, BySex(), now=AFTER),
    "report_participants": lambda s: s.report(
        [ParticipantsBySex(delivery_id=one) for one in s.deliveries], "hash", now=AFTER
    ),
}
TABLE: dict[str, dict[SessionStatus, SessionStatus]] = {
    "revise_session": {S.PLANNED: S.PLANNED},
    "reschedule": {S.PLANNED: S.PLANNED},
    "cancel": {S.PLANNED: S.CANCELLED},
    "hold": {S.PLANNED: S.HELD},
    "report_participants": {S.HELD: S.HELD},
}
FUNCTIONS = ("judge", "prosecutor", "other")


def in_status(status: SessionStatus) -> Session:
    return replace(a_session(), status=status)


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() == {str(one) for one in SESSION_MOVERS}


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: SessionStatus) -> None:
    before = in_status(status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict) as no:
            DECIDE[move](before)
        assert ("session-status", status, move) == (
            no.value.slug,
            no.value.details["status"],
            no.value.details["move"],
        )
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", sorted(SESSION_MOVERS))
def test_each_move_is_for_its_roles(move: Action, role: Role) -> None:
    organization = "NOR" if role is Role.PROVIDER_OFFICER else "KEN"
    caller = Caller(person_id=uuid4(), organization=organization, role=role)

    assert (role in SESSION_MOVERS[move]) == policy.decide(caller, move, a_session()).allowed


def test_session_of_several_states_is_moved_by_its_provider() -> None:
    joint = uuid4()
    session = a_session(a_delivery(joint_delivery_id=joint), a_delivery(joint_delivery_id=joint, state="UGA"))
    kenya, norway = (
        Caller(person_id=uuid4(), organization=code, role=role)
        for code, role in (("KEN", Role.FOCAL_POINT), ("NOR", Role.PROVIDER_OFFICER))
    )

    assert "session-of-several" == policy.decide(kenya, Action.CANCEL, session).slug
    assert policy.decide(kenya, Action.REPORT_PARTICIPANTS, session).allowed
    assert policy.decide(norway, Action.CANCEL, session).allowed


@pytest.mark.parametrize(
    ("days", "why", "slug"),
    [
        (MARCH, "", None),
        (SPRING, "", None),
        (Period(starts=SPRING.starts - DAY, ends=MARCH.ends), "", "session-outside-period"),
        (Period(starts=MARCH.starts, ends=SPRING.ends + DAY), " ", "session-outside-period"),
        (Period(starts=MARCH.starts, ends=SPRING.ends + DAY), "The school is closed before.", None),
        (Period(starts=MARCH.ends, ends=MARCH.starts), "Why not.", "dates-reversed"),
    ],
)
def test_session_is_in_the_period_of_its_delivery(days: Period, why: str, slug: str | None) -> None:
    def planned() -> Fact:
        return plan(uuid4(), [a_delivery()], days, TERMS, "hash", why, now=NOON)

    if slug is None:
        assert planned()
    else:
        with pytest.raises(Invalid, match=slug):
            planned()


@pytest.mark.parametrize("status", DeliveryStatus)
def test_session_is_planned_until_completion_is_proposed(status: DeliveryStatus) -> None:
    delivery = replace(a_delivery(), status=status)
    caller = Caller(person_id=uuid4(), organization="KEN", role=Role.FOCAL_POINT)
    ended = status not in {DeliveryStatus.OPEN, DeliveryStatus.IN_DELIVERY, DeliveryStatus.SUSPENDED}

    assert ended == ("plan_session" not in policy.moves_open_to(caller, delivery))
    if ended:
        with pytest.raises(Conflict, match="delivery-status"):
            a_session(delivery)
    else:
        assert a_session(delivery)


def test_session_serves_deliveries_of_one_joint_delivery_only() -> None:
    joint = uuid4()
    for others in ([a_delivery()], [a_delivery(joint_delivery_id=uuid4())]):
        deliveries: list[Delivery] = [a_delivery(joint_delivery_id=joint), *others]
        with pytest.raises(Invalid, match="session-deliveries"):
            a_session(*deliveries)


def test_session_is_held_from_its_last_day() -> None:
    with pytest.raises(Conflict, match="session-not-over") as early:
        a_session().hold([], None, BySex(), now=AFTER - DAY)
    assert MARCH.ends == early.value.details["last_day"]


# -- participants -----------------------------------------------------------------------------------------------------


def by_sex(*people: int) -> tuple[Count, ...]:
    return tuple(
        Count(sex=sex, age_band=AgeBand.NOT_STATED, function="judge", people=number)
        for sex, number in zip(Sex, people, strict=True)
    )


def shown(*people: int, exact: bool = False) -> participants.Participants:
    return participants.suppressed_for(by_sex(*people), FUNCTIONS, exact=exact)


def test_small_counts_are_shown_to_the_sides_only() -> None:
    assert [3, 20, 0] == [one.people for one in shown(3, 20, 0, exact=True).by_sex]
    hidden = shown(3, 20, 0)
    assert [(None, True), (None, True), (0, False)] == [(one.people, one.suppressed) for one in hidden.by_sex]
    assert (23, ()) == (hidden.people, hidden.counts)
    few = shown(3, 1, 0)
    assert (None, True, [None] * 3) == (few.people, few.suppressed, [one.people for one in few.by_sex])


def test_no_hidden_count_can_be_computed_by_who_knows_the_rule() -> None:
    """Every hidden count has two tables that look the same and have different counts in its place."""
    highest = 16
    alike = defaultdict(list)
    for people in product(range(highest), repeat=3):
        seen = shown(*people)
        alike[seen.people, tuple(one.people for one in seen.by_sex)].append(people)
    for (_, seen_by_sex), tables in alike.items():
        if max(map(max, tables)) > highest - SMALL_MAX:
            continue  # Tables that look the same may have higher counts than those tried.
        for place, people in enumerate(seen_by_sex):
            if people is None:
                assert len({table[place] for table in tables}) > 1, tables
            assert people is None or people == 0 or people > SMALL_MAX


def test_total_of_sessions_says_no_more_than_they_do() -> None:
    total = participants.total([shown(3, 20, 0), shown(9, 9, 0)])

    assert [None, None, 0] == [one.people for one in total.by_sex]
    assert (41, [12, 29, 0]) == (
        total.people,
        [one.people for one in participants.total([shown(3, 20, 0, exact=True), shown(9, 9, 0, exact=True)]).by_sex],
    )
