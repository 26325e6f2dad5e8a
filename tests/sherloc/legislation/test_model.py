"""The moves of a record of the register, and the roles that may make them."""

from datetime import date, timedelta
from itertools import product
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.legislation import LegislationStatus
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role
from services.sherloc import policy
from services.sherloc.legislation.evolve import evolve
from services.sherloc.legislation.freshness import months_before
from services.sherloc.legislation.model import MOVES, UP_TO_DATE, Legislation, LegislationTexts, Statement, record
from services.sherloc.policy import LEGISLATION_MOVERS, Action
from tests.builders import NOON

S = LegislationStatus
TEXTS = LegislationTexts(title="Sample", address="https://law.example/1")
STATEMENT = Statement(status=S.MISSING, language=Language.EN, in_force_on=NOON.date())


def a_record(status: LegislationStatus = S.MISSING) -> Legislation:
    fact = record(uuid4(), "KEN", "UNTOC:18", STATEMENT, TEXTS, "hash", now=NOON)
    on_portal = status if status in UP_TO_DATE else None
    return replace(evolve(None, fact), status=status, portal_status=on_portal, portal_revision=on_portal and 1)


@pytest.mark.parametrize(("status", "move"), list(product(S, MOVES)))
def test_move_is_made_only_in_its_states(status: LegislationStatus, move: str) -> None:
    one, then = a_record(status), NOON + timedelta(days=1)
    decide = {
        "revise_legislation": lambda: one.revise(STATEMENT, TEXTS, "hash", now=then),
        "submit_legislation": lambda: one.submit(TEXTS, now=then),
        "review_legislation": lambda: one.begin_review(now=then),
        "return_legislation": lambda: one.send_back("other", now=then),
        "publish_legislation": lambda: one.mark_published("hash", now=then),
        "verify_legislation": lambda: one.verify(Role.COORDINATOR, now=then),
        "mark_outdated": lambda: one.mark_outdated(now=then),
        "confirm_unchanged": lambda: one.confirm_unchanged(Role.OFFICIAL, now=then),
    }[move]

    if status not in MOVES[move]:
        with pytest.raises(Conflict, match="legislation-status"):
            decide()
        return
    after = evolve(one, decide())
    assert (2, then) == (after.revision, after.changed_at)
    if move == "confirm_unchanged":
        assert (S.VERIFIED if status in UP_TO_DATE else status) == after.status


@pytest.mark.parametrize(
    ("lacking", "slug"),
    [
        ({"title": ""}, "missing-field"),
        ({"address": ""}, "legislation-source-missing"),
        ({"in_force_on": None}, "missing-field"),
    ],
)
def test_law_is_submitted_with_title_source_and_day(lacking: dict[str, str | None], slug: str) -> None:
    one = replace(a_record(), **{name: lacking[name] for name in lacking if name == "in_force_on"})
    texts = replace(TEXTS, **{name: lacking[name] for name in lacking if name != "in_force_on"})

    with pytest.raises(Invalid, match=slug):
        one.submit(texts, now=NOON)


@pytest.mark.parametrize(("status", "role", "organization"), list(product(S, Role, ("KEN", "UGA", "UNODC"))))
def test_state_and_unodc_see_all_and_others_what_is_published(
    status: LegislationStatus, role: Role, organization: str
) -> None:
    caller, one = Caller(person_id=uuid4(), organization=organization, role=role), a_record(status)
    of_state = role in {Role.FOCAL_POINT, Role.OFFICIAL} and organization == "KEN"
    seen = of_state or role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE} or status in {S.PUBLISHED, S.VERIFIED}

    assert seen == policy.decide(caller, Action.SHOW_LEGISLATION, one).allowed
    for move, roles in LEGISLATION_MOVERS.items():
        own = role is Role.COORDINATOR or of_state
        assert (seen and own and role in roles) == policy.decide(caller, move, one).allowed


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2027, 3, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 15), 1, date(2026, 12, 15)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
        (date(2027, 5, 31), 3, date(2027, 2, 28)),
    ],
)
def test_months_are_counted_back_to_the_last_day_of_a_shorter_one(day: date, months: int, before: date) -> None:
    assert before == months_before(day, months)
