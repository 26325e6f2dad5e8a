"""The cases of the pledges service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from contracts.activities import ActivityPlanned
from contracts.facts import Fact
from contracts.in_kind import InKindContributionDeclared
from contracts.ledger import ProposalMade
from contracts.pledges import AllocationMade, PledgePledged, RequirementOpened
from contracts.registry import decode_fact
from services.documents.examples import WHEN, example_event
from services.documents.permission_subjects import DONOR, OTHER, PROPOSERS, PROVIDER, STATE, UNODC, Subject, of
from services.pledges import policy as pledges
from services.pledges.activities import model as activities
from services.pledges.activities.api import ActivityView
from services.pledges.allocations import model as allocations
from services.pledges.allocations.requirement_api import RequirementView, UnfundedView
from services.pledges.in_kind import model as in_kind
from services.pledges.in_kind.api import InKindView
from services.pledges.ledger.store import EntryRow
from services.pledges.open_data.imports.api import ImportView
from services.pledges.open_data.imports.model import FlowImport, ImportFormat
from services.pledges.pledge import model as pledges_domain
from services.pledges.pledge.evolve import evolve as evolve_pledge
from services.pledges.pledge.views import PledgeView
from services.pledges.proposals import model as proposals
from services.pledges.proposals.api import ProposalView


@cache
def _example(kind: type[Fact]) -> Any:
    """Return the example of a fact, created on first use, because importing reads no files."""
    return decode_fact(example_event(kind))


_P = pledges.Action
_TO_PLEDGE = {"the donor itself": of(DONOR), "another organization": of(OTHER), "UNODC": of(UNODC)}
_TO_REQUIREMENT = {
    "the State itself": of(STATE),
    "the provider itself": of(PROVIDER),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}


def _pledge(status: str) -> pledges_domain.Pledge:
    pledged = evolve_pledge(None, _example(PledgePledged))
    return replace(pledged, donor=DONOR, status=pledges_domain.Status(status))


def _requirement() -> allocations.Requirement:
    return replace(allocations.opened(_example(RequirementOpened)), state=STATE, provider=PROVIDER)


def _allocation(purpose: str) -> allocations.Allocation:
    made = allocations.allocated(_example(AllocationMade))
    if purpose == "a requirement":
        return replace(made, work_package=None, state=STATE, provider=PROVIDER)
    of_office = replace(made, requirement_id=None, state=None, provider=None)
    if purpose == "an activity":
        return replace(of_office, activity_id=UUID(int=7))
    return replace(of_office, work_package="training")


def _activity(status: str) -> activities.Activity:
    return replace(activities.evolve(None, _example(ActivityPlanned)), status=activities.ActivityStatus(status))


def _proposal(proposed_by: str) -> proposals.Proposal:
    return proposals.evolve(None, _example(ProposalMade), by=PROPOSERS[proposed_by])


def _import() -> FlowImport:
    return FlowImport(
        import_id=UUID(int=6),
        format=ImportFormat.IATI,
        file_hash="",
        rows=1,
        accepted=1,
        rejected=0,
        recorded_at=WHEN,
    )


def _in_kind(status: str) -> in_kind.InKindContribution:
    declared = in_kind.evolve(None, _example(InKindContributionDeclared))
    return replace(declared, donor=DONOR, status=in_kind.InKindStatus(status))


def _entry(about: str) -> pledges.Entry:
    return pledges.Entry(DONOR if about == "a pledge" else None)


SUBJECTS = (
    Subject(
        service="pledges",
        title="Operations without a record",
        decide=pledges.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(
            _P.LIST_PLEDGES, _P.LIST_ALLOCATIONS, _P.LIST_REQUIREMENTS, _P.LIST_UNFUNDED, _P.LIST_ENTRIES,
            _P.LIST_FUNDS, _P.SHOW_FUND, _P.SHOW_FUND_YEARS, _P.SHOW_IATI, _P.LIST_RATES, _P.SHOW_BALANCES,
            _P.PLEDGE, _P.OPEN_FUND,
            _P.ALLOCATE, _P.LOAD_RATES, _P.FOLLOW, _P.LIST_PROPOSALS, _P.LIST_PERIODS, _P.SHOW_PERIOD, _P.CLOSE_YEAR,
            _P.LIST_FLOWS, _P.EXPORT_FLOWS, _P.IMPORT_FLOWS, _P.LIST_IMPORTS, _P.LIST_IN_KIND, _P.DECLARE_IN_KIND,
            _P.PROPOSE_REVERSAL, _P.PROPOSE_REOPENING, _P.REVISE_REQUIREMENT, _P.LIST_REVISIONS,
            _P.STATE_GENDER_MARKER, _P.PLAN_ACTIVITY, _P.LIST_ACTIVITIES,
        ),
    ),
    Subject(
        service="pledges",
        title="A pledge",
        views=(PledgeView,),
        decide=pledges.decide,
        standings=_TO_PLEDGE,
        properties={"status": tuple(pledges_domain.Status)},
        make=_pledge,
        reads=(_P.SHOW_PLEDGE, _P.LIST_PLEDGES, _P.LIST_FLOWS, _P.FOLLOW),
        acts=(
            _P.REWORD, _P.COMMIT, _P.MEET_CONDITION, _P.RECEIVE, _P.WITHDRAW, _P.LAPSE, _P.REDUCE, _P.CARRY_OVER,
            _P.CLOSE, _P.PROPOSE_WRITE_OFF, _P.PROPOSE_REFUND, _P.PROPOSE_EARMARK_RELEASE,
        ),
    ),
    Subject(
        service="pledges",
        title="A requirement of a match",
        views=(RequirementView, UnfundedView),
        decide=pledges.decide,
        standings=_TO_REQUIREMENT,
        make=_requirement,
        reads=(_P.LIST_REQUIREMENTS, _P.FOLLOW),
    ),
    Subject(
        service="pledges",
        title="An allocation",
        views=(allocations.Allocation,),
        decide=pledges.decide,
        standings=_TO_REQUIREMENT,
        properties={"for": ("a requirement", "a work package", "an activity")},
        make=_allocation,
        reads=(_P.SHOW_ALLOCATION, _P.LIST_ALLOCATIONS, _P.FOLLOW),
        acts=(_P.SPEND, _P.GIVE_BACK),
    ),
    Subject(
        service="pledges",
        title="A proposal",
        views=(ProposalView,),
        decide=pledges.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"proposed by": tuple(PROPOSERS)},
        make=_proposal,
        reads=(_P.SHOW_PROPOSAL, _P.LIST_PROPOSALS, _P.FOLLOW),
        acts=(_P.APPROVE_PROPOSAL, _P.REFUSE_PROPOSAL),
    ),
    Subject(
        service="pledges",
        title="An entry of the ledger",
        views=(EntryRow,),
        decide=pledges.decide,
        standings=_TO_PLEDGE,
        properties={"about": ("a pledge", "an allocation")},
        make=_entry,
        reads=(_P.LIST_ENTRIES, _P.SHOW_STATEMENT),
    ),
    Subject(
        service="pledges",
        title="An import of flows",
        views=(ImportView,),
        decide=pledges.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        make=_import,
        reads=(_P.SHOW_IMPORT, _P.LIST_IMPORTS, _P.FOLLOW),
        acts=(_P.PLEDGE_FLOW,),
    ),
    Subject(
        service="pledges",
        title="A contribution in kind",
        views=(InKindView,),
        decide=pledges.decide,
        standings=_TO_PLEDGE,
        properties={"status": tuple(in_kind.InKindStatus)},
        make=_in_kind,
        reads=(_P.SHOW_IN_KIND, _P.LIST_IN_KIND, _P.FOLLOW),
        acts=(_P.REWORD_IN_KIND, _P.ACKNOWLEDGE_IN_KIND, _P.WITHDRAW_IN_KIND, _P.STRIKE_IN_KIND),
    ),
    Subject(
        service="pledges",
        title="An activity",
        views=(ActivityView,),
        decide=pledges.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"status": tuple(activities.ActivityStatus)},
        make=_activity,
        reads=(_P.SHOW_ACTIVITY, _P.LIST_ACTIVITIES, _P.FOLLOW),
        acts=(_P.REVISE_ACTIVITY, _P.COMPLETE_ACTIVITY, _P.CANCEL_ACTIVITY),
    ),
)  # fmt: skip
