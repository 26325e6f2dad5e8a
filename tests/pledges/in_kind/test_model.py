"""Every status and transition of a contribution in kind; none makes an entry."""

from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.refusals import Conflict, Invalid
from contracts.values import MINOR_UNITS_MAX, Role
from services.pledges import policy
from services.pledges.in_kind.model import MOVES, InKindStatus, evolve
from services.pledges.ledger.postings import entry_of
from services.pledges.policy import Action
from tests.builders import NOON, a_caller
from tests.pledges.in_kind.builders import DECIDE, a_contribution, declared
from tests.pledges.statements.builders import SCANNERS, a_statement, in_kind

LEADS_TO = {
    ("acknowledge", InKindStatus.DECLARED): InKindStatus.ACKNOWLEDGED,
    ("withdraw", InKindStatus.DECLARED): InKindStatus.WITHDRAWN,
    ("strike", InKindStatus.ACKNOWLEDGED): InKindStatus.STRUCK,
}


@pytest.mark.parametrize("status", list(InKindStatus))
@pytest.mark.parametrize("move", list(MOVES))
def test_each_transition_is_allowed_from_one_status_only(move: str, status: InKindStatus) -> None:
    one = a_contribution(status)
    if (move, status) not in LEADS_TO:
        with pytest.raises(Conflict) as no:
            DECIDE[move](one)
        assert ("in-kind-status", status) == (no.value.slug, no.value.details["status"])
    else:
        moved = evolve(one, DECIDE[move](one))
        assert (LEADS_TO[move, status], one.revision + 1) == (moved.status, moved.revision)
        assert (one.minor, one.valuation, one.form) == (moved.minor, moved.valuation, moved.form)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("organization", ["NOR", "DEU", "UNODC"])
@pytest.mark.parametrize("move", list(MOVES))
def test_only_donor_withdraws_and_only_unodc_acknowledges_and_strikes(move: str, organization: str, role: Role) -> None:
    caller = a_caller(f"{organization}:{role}")
    may = (move == "withdraw" and role is Role.DONOR_OFFICER and organization == "NOR") or (
        move != "withdraw" and role is Role.FINANCE_OFFICER and organization == "UNODC"
    )

    assert may == policy.decide(caller, Action(f"{move}_in_kind"), a_contribution()).allowed


def test_contribution_of_zero_is_rejected() -> None:
    with pytest.raises(Invalid) as no:
        declared(0)

    assert "amount-zero" == no.value.slug


@given(minor=st.integers(1, MINOR_UNITS_MAX), moves=st.lists(st.sampled_from(list(MOVES)), max_size=6))
def test_facts_of_contributions_make_no_entry(minor: int, moves: list[str]) -> None:
    facts = [declared(minor)]
    one = evolve(None, facts[0])
    for move in moves:
        if one.status is MOVES[move]:
            facts.append(DECIDE[move](one))
            one = evolve(one, facts[-1])

    assert [None] * len(facts) == [entry_of(uuid4(), NOON, fact) for fact in facts]
    assert len(facts) == one.revision


# -- in a statement ---------------------------------------------------------------------------------------------------


def test_statement_lists_acknowledged_contributions_by_day() -> None:
    reported = [
        (in_kind(1, provided_on=date(2026, 3, 9)), "last"),
        (in_kind(2, provided_on=date(2026, 3, 1)), "first"),
        (in_kind(3, provided_on=date(2026, 2, 28)), "before"),
        (in_kind(4, provided_on=date(2026, 3, 10)), "after"),
        *((in_kind(5, status=status), status) for status in InKindStatus if status is not InKindStatus.ACKNOWLEDGED),
    ]
    statement = a_statement(in_kind=reported, starts=date(2026, 3, 1), ends=date(2026, 3, 9))

    assert ["first", "last"] == [line.description for line in statement.in_kind]
    assert 92_000 == statement.in_kind_usd_minor
    assert ["before", "first", "last", "after"] == [line.description for line in a_statement(in_kind=reported).in_kind]


def test_contributions_in_kind_change_no_other_statement_figure() -> None:
    without = a_statement(in_kind=())

    assert without == replace(a_statement(in_kind=(SCANNERS,)), in_kind=(), in_kind_usd_minor=0)
    assert 0 == without.in_kind_usd_minor
