"""Actions on contributions in kind: each loads the record for this caller, decides, and records a fact.

None of them posts to the ledger. The route opens the transaction.
"""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.values import Money
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
    ctx: Context,
    in_kind_contribution_id: UUID,
    fund: str,
    form: str,
    money: Money,
    description: str,
    *,
    on: date,
    validity: Validity,
) -> None:
    """Declare a contribution of the caller's organization, valued at the rate of the day it was provided."""
    await fund_actions.require_fund(tx, fund)
    record.check_not_ahead(on, ctx.now)
    valuation = await rate_actions.valuation_of(tx, money, on, validity)
    salt, texts_hash = hash_texts(description)
    fact = in_kind.declare(
        in_kind_contribution_id,
        fund,
        form,
        money,
        valuation,
        texts_hash,
        donor=ctx.caller.organization,
        on=on,
        now=ctx.now,
    )
    await record.record(tx, fact, version=1)
    await in_kind_store.save_description(tx, in_kind_contribution_id, description, salt)


async def reword(tx: Tx, ctx: Context, in_kind_contribution_id: UUID, description: str) -> None:
    """Replace the description; the old one is deleted.

    Raises Conflict for a donor while the contribution is acknowledged: then only the office may change it.
    """
    salt, texts_hash = hash_texts(description)

    def reworded(one: InKindContribution) -> Fact:
        if one.status is InKindStatus.ACKNOWLEDGED and not policy.is_finance_officer(ctx.caller):
            raise Conflict("in-kind-status", status=one.status, move="reword")
        return one.reword(texts_hash, now=ctx.now)

    await move(tx, ctx, in_kind_contribution_id, Action.REWORD_IN_KIND, reworded)
    await in_kind_store.save_description(tx, in_kind_contribution_id, description, salt)


async def move(
    tx: Tx,
    ctx: Context,
    in_kind_contribution_id: UUID,
    action: Action,
    decide: Callable[[InKindContribution], Fact],
) -> None:
    """Make a transition of the table in `in_kind.model`."""
    before = await in_kind_store.get(tx, in_kind_contribution_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, before).required()
    check_revision(before.revision, ctx.expected)
    await record.record(tx, decide(before), version=before.revision + 1)
