"""The moves of a practice, and the roles that may make them."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.practices import CountryReview, PracticeKind
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role
from services.sherloc import policy
from services.sherloc.policy import Action
from services.sherloc.practices.evolve import evolve
from services.sherloc.practices.model import MOVES, USES_MAX, Description, Practice, PracticeStatus, record
from services.sherloc.practices.rules import MOVERS as PRACTICE_MOVERS
from tests.builders import NOON

S = PracticeStatus
ABOUT = Description(
    practice_kind=PracticeKind.TOOL,
    language=Language.EN,
    articles=("UNTOC:18",),
    topics=(),
    country_review=CountryReview.NOTHING,
)
OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


def a_practice(status: PracticeStatus = S.DRAFT, *, state: str | None = "KEN", provider: str | None = None) -> Practice:
    fact = record(uuid4(), ABOUT, "hash", state=state, provider=provider, delivery_id=None, now=NOON)
    reason = "other" if status is S.RETURNED else None
    submitted_at = None if status is S.DRAFT else NOON
    return replace(evolve(None, fact), status=status, reason=reason, submitted_at=submitted_at)


@pytest.mark.parametrize(("status", "move"), list(product(S, MOVES)))
def test_move_is_made_only_in_its_states(status: PracticeStatus, move: str) -> None:
    one, then, delivery_id = a_practice(status), NOON + timedelta(days=1), uuid4()
    decide = {
        "revise_practice": lambda: one.revise(ABOUT, "hash", now=then),
        "submit_practice": lambda: one.submit(now=then),
        "return_practice": lambda: one.send_back("other", now=then),
        "catalogue_practice": lambda: one.catalogue(now=then),
        "withdraw_practice": lambda: one.withdraw(now=then),
        "add_use": lambda: one.add_use(delivery_id, is_used=False, now=then),
        "remove_use": lambda: one.remove_use(delivery_id, is_used=True, now=then),
    }[move]

    if status not in MOVES[move]:
        with pytest.raises(Conflict, match="practice-status"):
            decide()
        return
    after = evolve(one, decide())
    assert (2, then) == (after.revision, after.changed_at)
    assert (after.status is S.RETURNED) == (after.reason is not None)


def test_uses_have_a_limit() -> None:
    one = replace(a_practice(S.CATALOGUED), uses=USES_MAX)

    with pytest.raises(Conflict, match="practice-uses-max"):
        one.add_use(uuid4(), is_used=False, now=NOON)


def test_provider_enters_nothing_of_a_review() -> None:
    about = replace(ABOUT, country_review=CountryReview.ENTERED_BY_STATE)

    with pytest.raises(Invalid, match="practice-review-not-yours"):
        a_practice(state=None, provider="NOR").revise(about, "hash", now=NOON)


@pytest.mark.parametrize(
    ("status", "role", "organization", "of_state"),
    list(product(S, Role, ("KEN", "UGA", "UNODC"), (True, False))),
)
def test_author_sees_all_unodc_what_was_submitted_and_others_the_catalogue(
    status: PracticeStatus, role: Role, organization: str, of_state: bool
) -> None:
    caller = Caller(person_id=uuid4(), organization=organization, role=role)
    one = a_practice(status, state="KEN" if of_state else None, provider=None if of_state else "KEN")
    is_author = organization == "KEN" and (role in OF_STATE if of_state else role is Role.PROVIDER_OFFICER)
    oversees = role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE} and status is not S.DRAFT
    seen = is_author or oversees or status is S.CATALOGUED

    assert seen == policy.decide(caller, Action.SHOW_PRACTICE, one).allowed
    for move, roles in PRACTICE_MOVERS.items():
        own = is_author or move not in {Action.REVISE_PRACTICE, Action.SUBMIT_PRACTICE, Action.WITHDRAW_PRACTICE}
        assert (seen and own and role in roles) == policy.decide(caller, move, one).allowed
