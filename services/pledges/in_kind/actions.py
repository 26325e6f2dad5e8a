"""What can be done with contributions in kind: load for this caller, decide, record. None of it touches the ledger.

The edge opens the transaction.
"""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.values import Caller, Money
from services.pledges import policy
from services.pledges.funds import actions as fund_actions
from services.pledges.in_kind import model as in_kind
from services.pledges.in_kind import store as in_kind_store
from services.pledges.in_kind.model import InKindContribution, InKindStatus
from services.pledges.ledger import record
from services.pledges.money import rate_actions
from services.pledges.money.model import Validity
from services.pledges.policy import Action


async def declare(
    tx: Tx,
    in_kind_contribution_id: UUID,
    fund: str,
    form: str,
    money: Money,
    description: str,
    *,
    on: date,
    validity: Validity,
    caller: Caller,
    now: datetime,
) -> None:
    """A new contribution of the caller's organization, valued by the rate of the day it was provided."""
    await fund_actions.require_fund(tx, fund)
    record.check_not_ahead(on, now)
    valuation = await rate_actions.valuation_of(tx, money, on, validity)
    salt, texts_hash = record.hash_texts(description)
    fact = in_kind.declare(
        in_kind_contribution_id, fund, form, money, valuation, texts_hash, donor=caller.organization, on=on, now=now
    )
    await record.record(tx, fact, version=1)
    await in_kind_store.save_description(tx, in_kind_contribution_id, description, salt)


async def reword(
    tx: Tx, in_kind_contribution_id: UUID, description: str, *, caller: Caller, expected: int, now: datetime
) -> None:
    """Another description; what the contribution said before is forgotten.

    Raises Conflict for a donor of what UNODC has acknowledged: then the office does it, which knows what it has.
    """
    salt, texts_hash = record.hash_texts(description)

    def reworded(one: InKindContribution) -> Fact:
        if one.status is InKindStatus.ACKNOWLEDGED and not policy.is_finance_officer(caller):
            raise Conflict("in-kind-status", status=one.status, move="reword")
        return one.reword(texts_hash, now=now)

    await move(
        tx,
        in_kind_contribution_id,
        Action.REWORD_IN_KIND,
        reworded,
        caller=caller,
        expected=expected,
    )
    await in_kind_store.save_description(tx, in_kind_contribution_id, description, salt)


async def move(
    tx: Tx,
    in_kind_contribution_id: UUID,
    action: Action,
    decide: Callable[[InKindContribution], Fact],
    *,
    caller: Caller,
    expected: int,
) -> None:
    """One move of the table in `in_kind`."""
    before = await in_kind_store.get(tx, in_kind_contribution_id, caller, lock=True)
    policy.decide(caller, action, before).required()
    check_revision(before.revision, expected)
    await record.record(tx, decide(before), version=before.revision + 1)
