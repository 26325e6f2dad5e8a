"""States' consents to show their requests, fetched from the requests service each time and never cached."""

from collections.abc import Collection, Set
from uuid import UUID

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.consents import SHOWN_MAX, VisibilityQuery, VisibleRequest
from contracts.refusals import Unavailable
from contracts.values import Caller
from services.pledges.policy import reads_all

OWNER = "requests"


class Consents:
    """Client that asks the requests service; if it does not answer, nothing is shown."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def shown(self, caller: Caller, request_ids: Collection[UUID]) -> Set[UUID]:
        """Return the requests shown to the caller's organization; all of them for callers who read everything of UNODC.

        Raises Unavailable if the requests service does not answer.
        """
        if reads_all(caller) or not request_ids:
            return frozenset(request_ids)
        assert len(request_ids) <= SHOWN_MAX, "a page has at most SHOWN_MAX requests"
        asked = VisibilityQuery(organization=caller.organization, request_ids=tuple(request_ids))
        try:
            body = await self._peers.ask(OWNER, "/internal/shown", msgspec.json.encode(asked))
            return {one.request_id for one in msgspec.json.decode(body or b"[]", type=list[VisibleRequest])}
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("consents-unheard") from error
