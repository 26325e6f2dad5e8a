"""Settings of a round as stored: as sent, with the ledger's balances of the funds named."""

from collections.abc import Sequence

from msgspec.structs import asdict, replace

from chassis.db.database import Database
from contracts.budgets import Budgeted
from contracts.values import Caller
from services.matching.matches.budgets import Budgets
from services.matching.offerings import store as offering_store
from services.matching.rounds import actions as round_actions
from services.matching.rounds.settings import KeptSettings, RoundSettings
from services.matching.rounds.store import RoundDocuments


async def with_balances(db: Database, budgets: Budgets, settings: RoundSettings, *, caller: Caller) -> KeptSettings:
    """Return the settings to store.

    A round based on another uses the same balances, if it names the same funds or some of them. Raise as
    `round_actions.documents_of_base` and `Budgets.balances` do.
    """
    kept = KeptSettings(**asdict(settings))
    if settings.funds is None:
        return kept
    async with db.transaction(by=caller) as tx:
        if settings.based_on is None:
            async with tx.as_service():
                currencies = await offering_store.currencies_lacking(tx)
        else:
            before = await round_actions.documents_of_base(tx, settings.based_on, caller)
            if same := _same(before.settings.taken, settings.funds):
                return replace(kept, taken=same)
            currencies = sorted(_lacking(before))
    return replace(kept, taken=await budgets.balances(settings.funds, currencies))


def _same(taken: Budgeted | None, funds: Sequence[str]) -> Budgeted | None:
    """Return the stored balances of these funds; None unless all were stored, as a round uses balances of one time."""
    if taken is None or not set(funds) <= {one.fund for one in taken.funds}:
        return None
    return replace(taken, funds=tuple(one for one in taken.funds if one.fund in funds))


def _lacking(documents: RoundDocuments) -> set[str]:
    assert documents.world is not None, "a round can only be based on one with inputs"
    return {one.lacks.currency for one in documents.world.offerings if one.lacks}
