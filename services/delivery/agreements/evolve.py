"""Fold facts into an agreement. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import replace

from contracts.agreements import AgreementEnded, AgreementProposed, AgreementSigned, AmendmentDropped
from contracts.facts import Fact
from contracts.values import Side
from services.delivery.agreements.model import Agreement, AgreementStatus

_UNSIGNED: dict[str, Any] = {"state_signed_on": None, "provider_signed_on": None}


def evolve(agreement: Agreement | None, fact: Fact) -> Agreement:
    """Return the agreement after a fact."""
    if agreement is None:
        assert isinstance(fact, AgreementProposed), "an agreement begins when it is proposed"
        return Agreement(
            agreement_id=fact.agreement_id,
            delivery_id=fact.delivery_id,
            request_id=fact.request_id,
            state=fact.state,
            provider=fact.provider,
            status=AgreementStatus.PROPOSED,
            revision=1,
            version=fact.version,
            proposed_by=Side(fact.side),
            proposed_at=fact.proposed_at,
            turn=Side(fact.side).other,
        )
    return replace(agreement, revision=agreement.revision + 1, **_changes(agreement, fact))


def _changes(agreement: Agreement, fact: Fact) -> dict[str, Any]:
    match fact:
        case AgreementProposed():
            return {
                **_UNSIGNED,
                "status": AgreementStatus.PROPOSED if agreement.in_force is None else AgreementStatus.AMENDING,
                "version": fact.version,
                "proposed_by": Side(fact.side),
                "proposed_at": fact.proposed_at,
                "turn": Side(fact.side).other,
            }
        case AgreementSigned():
            signed = {f"{fact.side}_signed_on": fact.signed_on}
            if fact.waiting_for is not None:
                return {**signed, "turn": Side(fact.waiting_for)}
            return {
                **signed,
                "status": AgreementStatus.IN_FORCE,
                "turn": None,
                "in_force": fact.version,
                "in_force_since": fact.signed_at,
            }
        case AmendmentDropped():
            return {**_UNSIGNED, "status": AgreementStatus.IN_FORCE, "turn": None}
        case AgreementEnded():
            return {"status": AgreementStatus(fact.status), "turn": None}
    raise AssertionError(f"{fact.type} is not an agreement's fact")
