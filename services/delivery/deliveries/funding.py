"""The funding gap of a delivery, asked of the ledger's owner."""

from uuid import UUID

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.budgets import FundingGap
from contracts.refusals import Unavailable

OWNER = "pledges"


class Funding:
    """Asks the owner of the ledger; a delivery that needs money does not begin if it does not answer."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def gap(self, match_id: UUID) -> int | None:
        """In US-dollar cents; None if the ledger does not know the match yet. Raises Unavailable."""
        try:
            body = await self._peers.get(OWNER, f"/internal/matches/{match_id}/funding-gap")
            return msgspec.json.decode(body, type=FundingGap).gap_usd_minor
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("funding-unheard") from error
