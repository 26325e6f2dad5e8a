"""Rules of appointments: every role for every appointment, and the days on which they are in force."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from contracts.directory import Mandate
from contracts.refusals import Conflict, Invalid, Refusal
from contracts.values import Caller, Role
from services.directory import policy
from services.directory.appointments import model as appointing
from services.directory.appointments.model import HELD_IN, MOVES, Appointment, ShownStatus, Status
from services.directory.people import model
from services.directory.people.evolve import evolve
from services.directory.people.model import Kind, Person, kind_of
from services.directory.policy import Action, ExistingAppointment, NewAppointment, NewPerson
from tests.builders import NOON, a_caller

TODAY = NOON.date()
HASH = "0" * 64
OF_STATE = {Role.OFFICIAL, Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}
CALLERS = [
    f"{organization}:{role}"
    for organization in ("KEN", "NOR", "UNODC", "UNODC-SHERLOC", "HELPERS-CLUB")
    for role in Role
]
GIVEN = [
    (organization, role)
    for organization in ("KEN", "UNODC", "UNODC-SHERLOC", "HELPERS-CLUB")
    for role in HELD_IN
    if kind_of(organization) in HELD_IN[role]
]


def an_appointment(**changes: Any) -> Appointment:
    values: dict[str, Any] = {
        "appointment_id": uuid4(),
        "person_id": uuid4(),
        "organization": "KEN",
        "role": Role.FOCAL_POINT,
        "starts": TODAY,
        "ends": None,
        "regions": (),
        "topics": (),
        "head": False,
        "status": Status.PROPOSED,
        "revision": 1,
        "texts_hash": HASH,
        "proposed_by": uuid4(),
        "proposed_at": NOON,
    }
    return Appointment(**values | changes)


def a_person(**changes: Any) -> Person:
    values: dict[str, Any] = {
        "person_id": uuid4(),
        "organization": "KEN",
        "revision": 1,
        "texts_hash": HASH,
        "entered_at": NOON,
    }
    return Person(**values | changes)


def refusal_of(caller: Caller, action: Action, resource: Any) -> str | None:
    """The slug of the refusal; None if allowed."""
    return policy.decide(caller, action, resource).slug


def may_propose(caller: Caller, organization: str, role: Role, *, focal_points: int = 1) -> bool:
    return refusal_of(caller, Action.APPOINT, NewAppointment(uuid4(), organization, role, focal_points)) is None


# -- permissions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("organization", "role"), GIVEN)
def test_appointment_is_proposed_only_by_focal_point_or_administrator(organization: str, role: Role) -> None:
    allowed = {caller for caller in CALLERS if may_propose(a_caller(caller), organization, role)}

    if organization == "KEN" and role in OF_STATE:
        assert {"KEN:focal_point"} == allowed
    elif organization == "KEN":
        assert {"KEN:focal_point", "UNODC:administrator"} == allowed
    else:
        assert {"UNODC:administrator"} == allowed


@pytest.mark.parametrize("role", sorted(OF_STATE))
def test_two_administrators_appoint_officers_of_a_state_without_focal_point(role: Role) -> None:
    administrator = a_caller("UNODC:administrator")

    assert may_propose(administrator, "KEN", role, focal_points=0)
    assert not policy.may_appoint_alone(administrator, "KEN", role)


@pytest.mark.parametrize(("organization", "role"), GIVEN)
def test_only_a_focal_point_appoints_alone_and_only_officers_of_the_own_state(organization: str, role: Role) -> None:
    alone = {caller for caller in CALLERS if policy.may_appoint_alone(a_caller(caller), organization, role)}

    assert ({"KEN:focal_point"} if organization == "KEN" and role in OF_STATE else set()) == alone
    assert appointing.requires_two_people(organization, role) == (not alone)


@pytest.mark.parametrize("appointment", ["KEN:focal_point", "UNODC:administrator"])
def test_own_appointment_cannot_be_proposed_decided_or_ended(appointment: str) -> None:
    caller = a_caller(appointment)
    own = ExistingAppointment(an_appointment(person_id=caller.person_id), 1)

    assert "own-record" == refusal_of(caller, Action.APPOINT, own.as_new)
    assert {"own-record"} == {refusal_of(caller, action, own) for action in (Action.APPROVE, Action.REFUSE, Action.END)}
    person = a_person(person_id=caller.person_id)
    assert ("subjects-take-two" if "admin" in appointment else "own-record") == refusal_of(
        caller, Action.SET_SUBJECTS, person
    )
    proposals = (Action.PROPOSE_SUBJECTS, Action.APPROVE_SUBJECTS, Action.DECLINE_SUBJECTS)
    assert {"own-record"} == {refusal_of(caller, action, person) for action in proposals}
    assert {"own-record" if "admin" in appointment else "not-for-your-role"} == {
        refusal_of(caller, action, person) for action in (Action.DISABLE, Action.ENABLE)
    }


@pytest.mark.parametrize("appointment", ["KEN:focal_point", "UNODC:administrator"])
def test_proposer_may_only_withdraw_and_others_may_only_decide(appointment: str) -> None:
    caller = a_caller(appointment)
    own, others = (
        ExistingAppointment(an_appointment(proposed_by=caller.person_id), 1),
        ExistingAppointment(an_appointment(), 1),
    )

    for action in (Action.APPROVE, Action.REFUSE):
        assert (None, "own-proposal") == (refusal_of(caller, action, others), refusal_of(caller, action, own))
    assert ("not-your-proposal", None) == (
        refusal_of(caller, Action.WITHDRAW, others),
        refusal_of(caller, Action.WITHDRAW, own),
    )


def test_focal_point_enters_people_of_the_own_state_only() -> None:
    entering = {caller: refusal_of(a_caller(caller), Action.ENTER, NewPerson("KEN")) for caller in CALLERS}

    assert {"KEN:focal_point", "UNODC:administrator"} == {caller for caller, slug in entering.items() if slug is None}
    assert "not-your-state" == entering["NOR:focal_point"]
    assert "not-for-your-role" == entering["KEN:official"]
    assert {"UNODC:administrator"} == {
        caller
        for caller in CALLERS
        if refusal_of(a_caller(caller), Action.ENTER, NewPerson("KEN", keeps_id=True)) is None
    }


def test_only_an_administrator_disables_people_and_registers_organizations() -> None:
    for action, resource in ((Action.DISABLE, a_person()), (Action.ENABLE, a_person()), (Action.REGISTER, None)):
        assert {"UNODC:administrator"} == {
            caller for caller in CALLERS if refusal_of(a_caller(caller), action, resource) is None
        }


def test_erasure_is_proposed_by_who_enters_people_and_approved_by_another_administrator() -> None:
    person = a_person()
    proposing = {one for one in CALLERS if refusal_of(a_caller(one), Action.PROPOSE_ERASURE, person) is None}
    assert {"KEN:focal_point", "UNODC:administrator"} == proposing

    for proposer in proposing:
        proposed = a_person(erasure_proposed_by=a_caller(proposer).person_id, erasure_reason="other")
        approving = {one for one in CALLERS if refusal_of(a_caller(one), Action.APPROVE_ERASURE, proposed) is None}
        assert {"UNODC:administrator"} - {proposer} == approving
        declining = {one for one in CALLERS if refusal_of(a_caller(one), Action.DECLINE_ERASURE, proposed) is None}
        assert {"UNODC:administrator", proposer} == declining
    for action in (Action.PROPOSE_ERASURE, Action.APPROVE_ERASURE, Action.DECLINE_ERASURE):
        caller = a_caller("UNODC:administrator")
        assert "own-record" == refusal_of(caller, action, a_person(person_id=caller.person_id))


@pytest.mark.parametrize("action", Action)
def test_action_without_a_rule_is_denied(action: Action) -> None:
    """An official of another State does not see a person of Kenya and may not appoint."""
    caller = a_caller("NOR:official")

    assert all(
        "not-found" == refusal_of(caller, action, one)
        for one in (a_person(), an_appointment(), ExistingAppointment(an_appointment(), 0))
    )
    assert (
        refusal_of(caller, action, NewPerson("KEN"))
        == "not-for-your-role"
        == refusal_of(caller, action, NewPerson("NOR"))
    )
    assert "not-for-your-role" == refusal_of(caller, action, ExistingAppointment(an_appointment(), 0).as_new)


# -- rules for appointments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("organization", "mandate", "slug"),
    [
        ("KEN", Mandate(role=Role.COORDINATOR, starts=TODAY), "role-not-of-organization"),
        ("KEN", Mandate(role=Role.ADMINISTRATOR, starts=TODAY), "role-not-of-organization"),
        ("UNODC", Mandate(role=Role.FOCAL_POINT, starts=TODAY), "role-not-of-organization"),
        ("UNODC", Mandate(role=Role.SERVICE, starts=TODAY), "role-not-of-organization"),
        ("UNODC-SHERLOC", Mandate(role=Role.ADMINISTRATOR, starts=TODAY), "role-not-of-organization"),
        ("HELPERS-CLUB", Mandate(role=Role.OFFICIAL, starts=TODAY), "role-not-of-organization"),
        ("KEN", Mandate(role=Role.OFFICIAL, starts=TODAY, regions=("african",)), "remit-not-of-role"),
        ("KEN", Mandate(role=Role.OFFICIAL, starts=TODAY, ends=TODAY - timedelta(1)), "dates-reversed"),
        ("KEN", Mandate(role=Role.OFFICIAL, starts=date(2020, 1, 1), ends=date(2020, 1, 2)), "appointment-over"),
        ("UNODC", Mandate(role=Role.COORDINATOR, starts=TODAY, regions=("nowhere",)), "unknown-code"),
        ("UNODC", Mandate(role=Role.COORDINATOR, starts=TODAY, topics=("nothing",)), "unknown-code"),
    ],
)
def test_invalid_mandate_is_rejected(organization: str, mandate: Mandate, slug: str) -> None:
    with pytest.raises(Refusal, match=slug):
        appointing.check_mandate(mandate, organization, today=TODAY)


def test_remit_of_a_coordinator_is_regions_and_topics() -> None:
    mandate = Mandate(role=Role.COORDINATOR, starts=TODAY, regions=("african",), topics=("mutual_legal_assistance",))

    appointing.check_mandate(mandate, "UNODC", today=TODAY)


def test_unknown_country_code_is_not_an_organization() -> None:
    assert [Kind.STATE, Kind.UNODC, Kind.UNIT, Kind.OTHER] == [
        kind_of(code) for code in ("KEN", "UNODC", "UNODC-SHERLOC", "HELPERS-CLUB")
    ]
    with pytest.raises(Invalid, match="unknown-code"):
        kind_of("QQQ")


def test_person_of_another_organization_cannot_be_appointed_except_in_units_of_unodc() -> None:
    appointing.check_belongs("UNODC", "UNODC-SHERLOC")
    for person, organization in (("KEN", "NOR"), ("UNODC", "KEN"), ("HELPERS-CLUB", "UNODC")):
        with pytest.raises(Conflict, match="person-of-another-organization"):
            appointing.check_belongs(person, organization)


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("status", Status)
def test_appointment_moves_only_from_allowed_states(move: str, status: Status) -> None:
    appointment = an_appointment(status=status)
    moves = {
        "approve": lambda: appointment.approve(uuid4(), now=NOON),
        "refuse": lambda: appointment.refuse("other", now=NOON),
        "withdraw": lambda: appointment.withdraw(now=NOON),
        "end": lambda: appointment.end("other", administrators=9, now=NOON),
    }
    if status is MOVES[move]:
        assert status is not evolve(appointment, moves[move]()).status
    else:
        with pytest.raises(Conflict, match="appointment-status"):
            moves[move]()


@pytest.mark.parametrize(
    ("starts", "ends", "shown"),
    [
        (TODAY, None, ShownStatus.IN_FORCE),
        (TODAY, TODAY, ShownStatus.IN_FORCE),
        (TODAY + timedelta(1), None, ShownStatus.UPCOMING),
        (TODAY - timedelta(9), TODAY - timedelta(1), ShownStatus.EXPIRED),
    ],
)
def test_appointment_is_in_force_within_its_days(starts: date, ends: date | None, shown: ShownStatus) -> None:
    assert shown is an_appointment(status=Status.IN_FORCE, starts=starts, ends=ends).shown_status(TODAY)
    assert ShownStatus.ENDED is an_appointment(status=Status.ENDED, starts=starts, ends=ends).shown_status(TODAY)


def test_expired_proposal_cannot_be_approved() -> None:
    with pytest.raises(Conflict, match="appointment-over"):
        an_appointment(ends=TODAY - timedelta(1)).approve(uuid4(), now=NOON)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_last_two_administrators_cannot_be_ended(left: int) -> None:
    one = an_appointment(organization="UNODC", role=Role.ADMINISTRATOR, status=Status.IN_FORCE)

    with pytest.raises(Conflict, match="administrators-too-few"):
        one.end("other", administrators=left, now=NOON)
    assert one.end("other", administrators=3, now=NOON).role is Role.ADMINISTRATOR


def test_administrator_appointment_not_begun_can_be_ended() -> None:
    later = TODAY + timedelta(1)
    one = an_appointment(organization="UNODC", role=Role.ADMINISTRATOR, status=Status.IN_FORCE, starts=later)

    assert one.end("other", administrators=2, now=NOON)


# -- people -----------------------------------------------------------------------------------------------------------


def test_person_is_disabled_and_enabled_once() -> None:
    person = a_person()
    disabled = evolve(person, person.disable("other", now=NOON))
    assert isinstance(disabled, Person)

    with pytest.raises(Conflict, match="person-status"):
        person.enable(now=NOON)
    with pytest.raises(Conflict, match="person-status"):
        disabled.disable("other", now=NOON)
    with pytest.raises(Conflict, match="person-status"):
        disabled.require_enabled()
    enabled = evolve(disabled, disabled.enable(now=NOON))
    assert enabled == a_person(person_id=person.person_id, revision=3)


def test_person_is_erased_once_by_two_people_and_cannot_change_afterwards() -> None:
    first, second = uuid4(), uuid4()
    person = a_person()
    for early in (
        lambda: person.erase(appointed=False, approved_by=second, now=NOON),
        lambda: person.decline_erasure("other", now=NOON),
    ):
        with pytest.raises(Conflict, match="erasure-not-proposed"):
            early()
    fact = person.propose_erasure("asked_by_person", appointed=False, proposed_by=first, now=NOON)
    proposed = evolve(person, fact)
    assert isinstance(proposed, Person)
    declined = evolve(proposed, proposed.decline_erasure("data_still_needed", now=NOON))
    assert replace(person, revision=3) == declined
    with pytest.raises(Conflict, match="person-appointed"):
        proposed.erase(appointed=True, approved_by=second, now=NOON)
    with pytest.raises(Conflict, match="erasure-proposed"):
        proposed.propose_erasure("other", appointed=False, proposed_by=second, now=NOON)

    erased = evolve(proposed, proposed.erase(appointed=False, approved_by=second, now=NOON))

    assert isinstance(erased, Person)
    assert (first, second, NOON, 3) == (
        erased.erasure_proposed_by, erased.erasure_approved_by, erased.erased_at, erased.revision,
    )  # fmt: skip
    for late in (
        lambda: erased.propose_erasure("other", appointed=False, proposed_by=first, now=NOON),
        lambda: erased.decline_erasure("other", now=NOON),
        lambda: erased.erase(appointed=False, approved_by=second, now=NOON),
        lambda: erased.disable("other", now=NOON),
        lambda: erased.enable(now=NOON),
    ):
        with pytest.raises(Conflict, match="person-erased"):
            late()


def test_subjects_of_an_appointee_of_two_people_cannot_be_changed_by_one() -> None:
    with pytest.raises(Conflict, match="subjects-of-appointee"):
        a_person().identify(1, HASH, of_trust=True, now=NOON)


def test_organization_is_registered_by_its_code() -> None:
    fact = model.register(UUID(int=1), "UNODC-SHERLOC", HASH, now=NOON)

    assert Kind.UNIT is evolve(None, fact).kind
