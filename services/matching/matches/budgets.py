"""Balances of funds and of pledges, queried from the ledger's owner."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.budgets import Budgeted, BudgetQuery, PledgeBalance
from contracts.refusals import Mismatch, Unavailable

OWNER = "pledges"


class Budgets:
    """Client of the ledger's owner; a round that uses funds is refused if the owner does not answer."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def balances(self, funds: Sequence[str], currencies: Sequence[str]) -> Budgeted:
        """Return the current balances of these funds, and the rates of these currencies that are in force.

        Raise Mismatch for unknown funds, Unavailable if the ledger cannot answer.
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

    async def pledge(self, pledge_id: UUID, currency: str) -> PledgeBalance | None:
        """Return a donor's commitment, with the rate of this currency in force; None if it does not exist.

        Raise Unavailable if its owner cannot answer.
        """
        try:
            body = await self._peers.find(OWNER, f"/internal/pledges/{pledge_id}/balance", {"currency": currency})
            return None if body is None else msgspec.json.decode(body, type=PledgeBalance)
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("pledge-unheard") from error
