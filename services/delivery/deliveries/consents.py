"""Checks with the requests service whether the provider of a delivery may still read the State's words."""

from collections.abc import Iterable

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.consents import Withdrawal, WithdrawalQuery
from contracts.refusals import Conflict, Unavailable
from contracts.values import Caller, Role
from services.delivery.deliveries.model import Delivery

OWNER = "requests"


class Consents:
    """Queries the requests service each time and caches no answer, so that a withdrawal applies immediately.

    Without an answer nothing is shown.
    """

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def is_withdrawn(self, delivery: Delivery) -> bool:
        """Check whether the State has withdrawn its consent. Raises Unavailable without an answer."""
        asked = WithdrawalQuery(
            request_id=delivery.request_id, provider=delivery.provider, agreed_at=delivery.opened_at
        )
        try:
            body = await self._peers.ask(OWNER, "/internal/withdrawn", msgspec.json.encode(asked))
            return msgspec.json.decode(body or b"", type=Withdrawal).is_withdrawn
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("consents-unheard") from error

    async def require(self, delivery: Delivery) -> None:
        """Require the consent for writing, which a withdrawal ends for all callers. Raises Conflict, Unavailable."""
        if await self.is_withdrawn(delivery):
            raise Conflict("consent-withdrawn")

    async def require_all(self, deliveries: Iterable[Delivery]) -> None:
        """Like `require`, for each delivery."""
        for delivery in deliveries:
            await self.require(delivery)

    async def require_for(self, caller: Caller, delivery: Delivery) -> None:
        """Require the consent for reading if the caller's access depends on it. Raises Conflict, Unavailable."""
        if depends_on_consent(caller):
            await self.require(delivery)


def depends_on_consent(caller: Caller) -> bool:
    """Check whether the caller's reading depends on the State's consent. The State and UNODC do not depend on it."""
    return caller.role is Role.PROVIDER_OFFICER
