"""Application of facts to a pledge, for actions and for the rebuild of the tables."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from contracts.earmarks import PledgeEarmarkReleased
from contracts.facts import Fact
from contracts.pledge_reversals import (
    PledgeBroughtForwardReversed,
    PledgeCarryOverReversed,
    PledgeConditionReversed,
    PledgeReductionReversed,
    PledgeRefundReversed,
    PledgeWriteOffReversed,
)
from contracts.pledges import (
    PledgeBroughtForward,
    PledgeCarriedOver,
    PledgeClosed,
    PledgeCommitted,
    PledgeConditionMet,
    PledgeLapsed,
    PledgePledged,
    PledgeReceiptReversed,
    PledgeReceived,
    PledgeReduced,
    PledgeRefunded,
    PledgeWithdrawn,
    PledgeWrittenOff,
)
from contracts.reminders import PledgeDueSoon, PledgeOverdue
from contracts.rewording import PledgeReworded
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import Pledge, Status
from services.pledges.pledge.schedule import condition_met, condition_unmet, reduced, reminded, scheduled, with_amounts


def evolve(pledge: Pledge | None, fact: Fact) -> Pledge:
    """Return the pledge after a fact."""
    if pledge is None:
        assert isinstance(fact, PledgePledged), "a pledge's first fact is that it was pledged"
        return Pledge(
            pledge_id=fact.pledge_id,
            donor=fact.donor,
            fund=fact.fund,
            status=Status.PLEDGED,
            revision=1,
            minor=fact.money.minor,
            currency=fact.money.currency,
            earmarking=Earmarking(fact.earmarking),
            pledged_on=fact.effective_on,
            pledged_at=fact.pledged_at,
            valuation=fact.valuation,
            open_usd_minor=fact.valuation.usd_minor,
            texts_hash=fact.texts_hash,
            requirement_id=fact.requirement_id,
            extension_id=fact.extension_id,
            import_id=fact.import_id,
            import_line=fact.import_line,
        )
    after = replace(pledge, revision=pledge.revision + 1, **_changes(pledge, fact))
    return replace(after, status=_status(after, fact))


def _changes(pledge: Pledge, fact: Fact) -> dict[str, Any]:
    match fact:
        case PledgeCommitted():
            return {
                "committed_on": fact.effective_on,
                "committed_usd_minor": fact.valuation.usd_minor,
                "committed_rate": fact.valuation.rate,
                "committed_rate_source": fact.valuation.rate_source,
                "committed_rate_date": fact.valuation.rate_date,
                "support_cost_basis_points": fact.support_cost_basis_points,
                "agreement": fact.agreement,
                "schedule": scheduled(fact.schedule),
                "recognized_minor": fact.recognized_minor,
                "open_usd_minor": 0,
            }
        case PledgeConditionMet():
            return {
                "recognized_minor": pledge.recognized_minor + fact.money.minor,
                "committed_usd_minor": (pledge.committed_usd_minor or 0) + fact.usd_minor,
                "schedule": condition_met(pledge.schedule, fact.instalment, fact.effective_on),
            }
        case PledgeReceived():
            return {
                "receipts": fact.instalment,
                "received_minor": pledge.received_minor + fact.money.minor,
                "received_usd_minor": pledge.received_usd_minor + fact.valuation.usd_minor,
                "support_cost_usd_minor": pledge.support_cost_usd_minor + fact.support_cost_usd_minor,
                "charges_usd_minor": pledge.charges_usd_minor + fact.charges_usd_minor,
                "relieved_usd_minor": pledge.relieved_usd_minor + fact.relieved_usd_minor,
                "received_on": fact.effective_on,
            }
        case PledgeReceiptReversed():
            return {
                "received_minor": pledge.received_minor - fact.money.minor,
                "received_usd_minor": pledge.received_usd_minor - fact.valuation.usd_minor,
                "support_cost_usd_minor": pledge.support_cost_usd_minor - fact.support_cost_usd_minor,
                "charges_usd_minor": pledge.charges_usd_minor - fact.charges_usd_minor,
                "relieved_usd_minor": pledge.relieved_usd_minor - fact.relieved_usd_minor,
            }
        case PledgeReduced():
            return {
                "minor": pledge.minor - fact.money.minor,
                "recognized_minor": pledge.recognized_minor - (fact.recognized_minor or 0),
                "open_usd_minor": pledge.open_usd_minor - fact.pledged_usd_minor,
                "schedule": reduced(pledge.schedule, fact.money.minor),
            } | (
                {}
                if pledge.committed_usd_minor is None
                else {"committed_usd_minor": pledge.committed_usd_minor - fact.committed_usd_minor}
            )
        case PledgeWrittenOff():
            return {
                "minor": pledge.minor - fact.conditional_minor,
                "schedule": reduced(pledge.schedule, fact.conditional_minor),
                "written_off_minor": pledge.written_off_minor + fact.money.minor,
                "relieved_usd_minor": pledge.relieved_usd_minor + fact.usd_minor,
            }
        case PledgeRefunded():
            return {
                "refunded_minor": pledge.refunded_minor + fact.money.minor,
                "refunded_usd_minor": pledge.refunded_usd_minor + fact.valuation.usd_minor,
                "support_cost_usd_minor": pledge.support_cost_usd_minor - fact.support_cost_usd_minor,
            }
        case PledgeConditionReversed():
            return {
                "recognized_minor": pledge.recognized_minor - fact.money.minor,
                "committed_usd_minor": (pledge.committed_usd_minor or 0) - fact.usd_minor,
                "schedule": condition_unmet(pledge.schedule, fact.instalment),
            }
        case PledgeReductionReversed():
            return {
                "minor": pledge.minor + fact.money.minor,
                "recognized_minor": pledge.recognized_minor + (fact.recognized_minor or 0),
                "open_usd_minor": pledge.open_usd_minor + fact.pledged_usd_minor,
                "schedule": with_amounts(pledge.schedule, {one.number: one.minor for one in fact.restored}),
            } | (
                {}
                if pledge.committed_usd_minor is None
                else {"committed_usd_minor": pledge.committed_usd_minor + fact.committed_usd_minor}
            )
        case PledgeWriteOffReversed():
            return {
                "minor": pledge.minor + fact.conditional_minor,
                "schedule": with_amounts(pledge.schedule, {one.number: one.minor for one in fact.restored}),
                "written_off_minor": pledge.written_off_minor - fact.money.minor,
                "relieved_usd_minor": pledge.relieved_usd_minor - fact.usd_minor,
            }
        case PledgeRefundReversed():
            return {
                "refunded_minor": pledge.refunded_minor - fact.money.minor,
                "refunded_usd_minor": pledge.refunded_usd_minor - fact.valuation.usd_minor,
                "support_cost_usd_minor": pledge.support_cost_usd_minor + fact.support_cost_usd_minor,
            }
        case PledgeCarriedOver():
            return {"carried_over_usd_minor": pledge.carried_over_usd_minor + fact.usd_minor}
        case PledgeCarryOverReversed():
            return {"carried_over_usd_minor": pledge.carried_over_usd_minor - fact.usd_minor}
        case PledgeWithdrawn() | PledgeLapsed():
            return {"open_usd_minor": 0}
        case PledgeDueSoon() | PledgeOverdue():
            return {"schedule": reminded(pledge.schedule, fact.instalment, fact.reminder)}
        case PledgeReworded():
            return {"texts_hash": fact.texts_hash}
        case PledgeEarmarkReleased():
            return {"earmarking": Earmarking.EARMARKED}
        case PledgeBroughtForward() | PledgeBroughtForwardReversed() | PledgeClosed():
            return {}
    raise AssertionError(f"{fact.type} is not a pledge's fact")


def _status(after: Pledge, fact: Fact) -> Status:
    """Return the status that follows from the amounts; only an end without amounts follows from its fact."""
    if isinstance(fact, PledgeReworded | PledgeEarmarkReleased):
        # New texts or another earmark change nothing else, even after the pledge has ended.
        return after.status
    if (ended := _ENDS.get(type(fact))) is not None:
        return ended
    if after.committed_on is None:
        return Status.PLEDGED
    if after.outstanding_minor or after.conditional_minor:
        return Status.PARTIALLY_RECEIVED if after.received_minor else Status.COMMITTED
    if not after.received_minor:
        return Status.WRITTEN_OFF
    return Status.REFUNDED if after.refunded_minor == after.received_minor else Status.RECEIVED


_ENDS: Mapping[type[Fact], Status] = {
    PledgeWithdrawn: Status.WITHDRAWN,
    PledgeLapsed: Status.LAPSED,
    PledgeClosed: Status.CLOSED,
}
