"""The funding gap of a delivery, queried from the service that owns the ledger."""

from uuid import UUID

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.budgets import FundingGap
from contracts.refusals import Unavailable

OWNER = "pledges"


class Funding:
    """Queries the owner of the ledger. A delivery that needs money does not begin if the owner does not answer."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def gap(self, match_id: UUID) -> int | None:
        """Return the gap in US-dollar cents; None if the ledger does not know the match yet. Raises Unavailable."""
        try:
            body = await self._peers.get(OWNER, f"/internal/matches/{match_id}/funding-gap")
            return msgspec.json.decode(body, type=FundingGap).gap_usd_minor
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("funding-unheard") from error
