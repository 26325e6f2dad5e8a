"""The moves that a record of money offers its reader, by role and by the state of the record."""

from datetime import date
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.values import Caller
from services.pledges.allocations.model import Allocation, AllocationStatus
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import Status
from services.pledges.policy import moves_open_to
from services.pledges.proposals.model import Measure, Proposal, ProposalStatus
from tests.builders import NOON, a_caller
from tests.pledges.in_kind.builders import a_contribution
from tests.pledges.pledge.builders import a_pledge

FINANCE, NORWAY, AUDITOR = (a_caller(one) for one in ("UNODC:finance_officer", "NOR:donor_officer", "UNODC:auditor"))


@pytest.mark.parametrize(
    ("status", "by_office", "by_donor"),
    [
        (Status.PLEDGED, {"commit", "reduce", "reword", "lapse"}, {"reword", "withdraw"}),
        (Status.COMMITTED, {"receive", "reduce", "propose_write_off", "reword"}, {"reword"}),
        (
            Status.PARTIALLY_RECEIVED,
            {"receive", "reduce", "carry_over", "propose_refund", "propose_write_off", "reword"},
            {"reword"},
        ),
        (Status.RECEIVED, {"carry_over", "close", "propose_refund", "reword"}, {"reword"}),
        (Status.WITHDRAWN, {"reword"}, {"reword"}),
        (Status.CLOSED, {"reword"}, {"reword"}),
    ],
)
def test_moves_of_pledge(status: Status, by_office: set[str], by_donor: set[str]) -> None:
    pledge = a_pledge(status)

    assert by_office == set(moves_open_to(FINANCE, pledge))
    assert by_donor == set(moves_open_to(NORWAY, pledge))
    assert () == moves_open_to(AUDITOR, pledge)


def test_only_tight_earmark_can_be_released() -> None:
    tight = replace(a_pledge(), earmarking=Earmarking.TIGHTLY_EARMARKED)

    assert "propose_earmark_release" in moves_open_to(FINANCE, tight)


def test_another_donor_gets_no_moves() -> None:
    assert () == moves_open_to(a_caller("DEU:donor_officer"), a_pledge())


def test_moves_of_proposal_leave_approval_to_another_person() -> None:
    def proposal(by: Caller, status: ProposalStatus = ProposalStatus.OPEN) -> Proposal:
        return Proposal(
            proposal_id=uuid4(),
            measure=Measure.REFUND,
            status=status,
            revision=1,
            reason="not_used",
            effective_on=date(2026, 3, 5),
            proposed_by=by.person_id,
            proposed_at=NOON,
        )

    assert ("refuse_proposal",) == moves_open_to(FINANCE, proposal(FINANCE))
    assert ("approve_proposal", "refuse_proposal") == moves_open_to(FINANCE, proposal(NORWAY))
    assert () == moves_open_to(FINANCE, proposal(NORWAY, ProposalStatus.APPROVED))
    assert () == moves_open_to(AUDITOR, proposal(NORWAY))


def test_allocation_that_is_spent_has_no_moves() -> None:
    made = Allocation(
        allocation_id=uuid4(),
        fund="SHERLOC-MNT",
        usd_minor=100,
        status=AllocationStatus.MADE,
        revision=1,
        allocated_on=date(2026, 3, 5),
        allocated_at=NOON,
        work_package="hosting",
    )

    assert ("spend", "give_back") == moves_open_to(FINANCE, made)
    assert () == moves_open_to(FINANCE, replace(made, spent_usd_minor=100))
    assert () == moves_open_to(NORWAY, made)


def test_moves_of_contribution_in_kind() -> None:
    declared = a_contribution()
    donor = a_caller(f"{declared.donor}:donor_officer")

    assert ("reword_in_kind", "withdraw_in_kind") == moves_open_to(donor, declared)
    assert ("acknowledge_in_kind", "reword_in_kind") == moves_open_to(FINANCE, declared)
