"""What a round is to go by: what was sent, with what the ledger says of the funds that it names."""

from collections.abc import Sequence

from msgspec.structs import asdict, replace

from chassis.db.database import Database
from contracts.budgets import Budgeted
from contracts.values import Caller
from services.matching.matches.budgets import Budgets
from services.matching.offerings import store as offering_store
from services.matching.rounds import actions as round_actions
from services.matching.rounds.settings import KeptSettings, RoundSettings
from services.matching.rounds.store import Papers


async def settled(db: Database, budgets: Budgets, settings: RoundSettings, *, caller: Caller) -> KeptSettings:
    """The settings as they are kept. A round that is based on another takes the same of funds that the other took.

    Raises as `round_actions.papers_before` and `Budgets.taken` do.
    """
    kept = KeptSettings(**asdict(settings))
    if settings.funds is None:
        return kept
    async with db.transaction(by=caller) as tx:
        if settings.based_on is None:
            async with tx.as_service():
                currencies = await offering_store.currencies_lacking(tx)
        else:
            before = await round_actions.papers_before(tx, settings.based_on, caller)
            if same := _same(before.settings.taken, settings.funds):
                return replace(kept, taken=same)
            currencies = sorted(_lacking(before))
    return replace(kept, taken=await budgets.taken(settings.funds, currencies))


def _same(taken: Budgeted | None, funds: Sequence[str]) -> Budgeted | None:
    """What was taken of these funds; None where it was not taken of all of them: a round goes by one moment."""
    if taken is None or not set(funds) <= {one.fund for one in taken.funds}:
        return None
    return replace(taken, funds=tuple(one for one in taken.funds if one.fund in funds))


def _lacking(papers: Papers) -> set[str]:
    assert papers.world is not None, "it is there where another may be based on it"
    return {one.lacks.currency for one in papers.world.offerings if one.lacks}
