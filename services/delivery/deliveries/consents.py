"""Whether a State still lets the provider of a delivery read words, asked of the requests service."""

from collections.abc import Iterable

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.consents import Withdrawal, WithdrawalQuery
from contracts.refusals import Conflict, Unavailable
from contracts.values import Caller, Role
from services.delivery.deliveries.model import Delivery

OWNER = "requests"


class Consents:
    """Asks each time and keeps no answer: a withdrawal applies immediately, and without an answer nothing is shown."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def is_withdrawn(self, delivery: Delivery) -> bool:
        """Raises Unavailable if the requests service does not answer."""
        asked = WithdrawalQuery(
            request_id=delivery.request_id, provider=delivery.provider, agreed_at=delivery.opened_at
        )
        try:
            body = await self._peers.ask(OWNER, "/internal/withdrawn", msgspec.json.encode(asked))
            return msgspec.json.decode(body or b"", type=Withdrawal).is_withdrawn
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("consents-unheard") from error

    async def require(self, delivery: Delivery) -> None:
        """For writing, which a withdrawal ends for all. Raises Conflict, Unavailable."""
        if await self.is_withdrawn(delivery):
            raise Conflict("consent-withdrawn")

    async def require_all(self, deliveries: Iterable[Delivery]) -> None:
        """As `require`, of each."""
        for delivery in deliveries:
            await self.require(delivery)

    async def require_for(self, caller: Caller, delivery: Delivery) -> None:
        """For what the provider does not read after a withdrawal. Raises as `require`."""
        if depends_on_consent(caller):
            await self.require(delivery)


def depends_on_consent(caller: Caller) -> bool:
    """Whether what the caller reads depends on the State's consent: the State and UNODC read on."""
    return caller.role is Role.PROVIDER_OFFICER
