"""Titles of requests, read from their owner for the caller and not stored."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from chassis.journal.peers import PeerError, Peers
from contracts.refusals import Unavailable
from contracts.values import Caller
from contracts.words import RequestTitle, TitleQuery

OWNER = "requests"


class Titles:
    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def of_requests(self, caller: Caller, request_ids: Iterable[UUID]) -> dict[UUID, str]:
        """Return the titles that the caller may read. Raise Unavailable if their owner does not answer."""
        asked = TitleQuery(
            organization=caller.organization, role=caller.role, request_ids=tuple(dict.fromkeys(request_ids))
        )
        if not asked.request_ids:
            return {}
        try:
            body = await self._peers.ask(OWNER, "/internal/titles", msgspec.json.encode(asked))
            found = msgspec.json.decode(body or b"[]", type=list[RequestTitle])
        except (PeerError, msgspec.MsgspecError) as error:
            raise Unavailable("titles-unheard") from error
        return {one.request_id: one.title for one in found}
