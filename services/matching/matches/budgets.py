"""What funds have and what a match lacks: the ledger's owner is asked each time."""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.journal.peers import PeerError, Peers
from contracts.budgets import Budgeted, BudgetQuery, FundingGap
from contracts.refusals import Mismatch, Unavailable

OWNER = "pledges"


class Budgets:
    """Asks the owner of the ledger; where it does not answer, no round is made that goes by it."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def taken(self, funds: Sequence[str], currencies: Sequence[str]) -> Budgeted:
        """What these funds have just now, and what one of each of these currencies is worth, where a rate is in force.

        Raises Mismatch for funds there are not, Unavailable where it cannot be known just now.
        """
        asked = BudgetQuery(funds=tuple(funds), currencies=tuple(currencies))
        try:
            body = await self._peers.ask(OWNER, "/internal/budgets", msgspec.json.encode(asked))
            found = msgspec.json.decode(body or b"", type=Budgeted)
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("ledger-unheard") from error
        if unknown := set(funds) - {one.fund for one in found.funds}:
            raise Mismatch("fund-unknown", funds=sorted(unknown))
        return found

    async def gap(self, match_id: UUID) -> int | None:
        """What a confirmed match lacks in money, in US-dollar cents; None where the ledger has not heard of it yet.

        Raises Unavailable where it cannot be known just now.
        """
        try:
            body = await self._peers.get(OWNER, f"/internal/matches/{match_id}/funding-gap")
            return msgspec.json.decode(body, type=FundingGap).gap_usd_minor
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("funding-unheard") from error


Owned: TypeAlias = NamedDependency[SkipValidation[Budgets]]
"""What the routes of this service are given as `own`."""
