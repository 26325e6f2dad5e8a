"""Fold facts into a delivery. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.deliveries import (
    DeliveryAgreed,
    DeliveryAgreementWaived,
    DeliveryBegun,
    DeliveryCompleted,
    DeliveryCompletionObjected,
    DeliveryCompletionProposed,
    DeliveryCompletionWithdrawn,
    DeliveryContactsNamed,
    DeliveryOpened,
    DeliveryPrivateTopicOpened,
    DeliveryResumed,
    DeliverySuspended,
    DeliveryTerminated,
)
from contracts.facts import Fact
from contracts.values import Side
from services.delivery.deliveries.model import Delivery, DeliveryStatus

_NOT_PROPOSED: dict[str, Any] = {
    "status": DeliveryStatus.IN_DELIVERY,
    "completion_by": None,
    "completion_proposed_at": None,
    "proposed_on": None,
    "confirm_by": None,
    "silence_counts": False,
    "without": (),
}


def evolve(delivery: Delivery | None, fact: Fact) -> Delivery:
    """Return the delivery after a fact."""
    if isinstance(fact, DeliveryOpened):
        return Delivery(**asdict(fact), status=DeliveryStatus.OPEN, revision=1)
    assert delivery is not None, "a delivery begins when it is opened"
    return replace(delivery, revision=delivery.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case DeliveryContactsNamed():
            return {}
        case DeliveryAgreementWaived():
            agreed = {} if fact.waiting_for else {"agreed_at": fact.waived_at}
            return {f"{fact.side}_waived_at": fact.waived_at, **agreed}
        case DeliveryPrivateTopicOpened():
            return {f"{fact.side}_private_at": fact.opened_at}
        case DeliveryAgreed():
            return {"agreement_id": fact.agreement_id, "agreed_at": fact.agreed_at}
        case DeliveryBegun():
            return {"status": DeliveryStatus.IN_DELIVERY, "begun_at": fact.begun_at}
        case DeliverySuspended():
            return {"status": DeliveryStatus.SUSPENDED, "suspended_at": fact.suspended_at, "reason": fact.reason}
        case DeliveryResumed():
            return {"status": DeliveryStatus.IN_DELIVERY, "suspended_at": None, "reason": None}
        case DeliveryCompletionProposed():
            return {
                "status": DeliveryStatus.COMPLETION_PROPOSED,
                "completion_by": Side(fact.side),
                "completion_proposed_at": fact.proposed_at,
                "proposed_on": fact.completed_on,
                "confirm_by": fact.confirm_by,
                "silence_counts": fact.silence_counts,
                "without": fact.without,
                "objection": None,
            }
        case DeliveryCompletionObjected():
            return {**_NOT_PROPOSED, "objection": fact.reason}
        case DeliveryCompletionWithdrawn():
            return _NOT_PROPOSED
        case DeliveryCompleted():
            return {
                "status": DeliveryStatus.COMPLETED,
                "confirmed_by": fact.confirmed_by,
                "completed_on": fact.completed_on,
                "completed_at": fact.completed_at,
            }
        case DeliveryTerminated():
            return {
                "status": DeliveryStatus.TERMINATED,
                "terminated_at": fact.terminated_at,
                "suspended_at": None,
                "reason": fact.reason,
            }
    raise AssertionError(f"{fact.type} is not a delivery's fact")
