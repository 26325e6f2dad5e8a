"""What matching hears: everything that becomes of a request, and what follows for the matches of its lines."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chassis.db import Tx
from chassis.inbox import Handler
from contracts.facts import Event, Fact
from contracts.requests import (
    CirculationDecided,
    LineFulfilmentChanged,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestHeld,
    RequestLapsed,
    RequestOpened,
    RequestRegistered,
    RequestReopened,
    RequestResumed,
    RequestReturned,
    RequestStarted,
    RequestSubmitted,
    RequestWithdrawn,
)
from contracts.values import is_unodc
from services.matching import line_store, match_store, suggesting
from services.matching.line import STATUS_AFTER
from services.matching.match import SHOWN


async def hear_of_submission(tx: Tx, event: Event, fact: RequestSubmitted) -> None:
    """Know the lines as they now stand, end the matches they no longer fit, and suggest what fits them best."""
    now = datetime.now(UTC)
    await line_store.put(tx, fact)
    lines = await line_store.lines_of(tx, fact.request_id)
    matches = await match_store.not_confirmed_of_request(tx, fact.request_id)
    await suggesting.expire_unfit(tx, matches, lines, because=event, now=now)
    await suggesting.for_lines(tx, lines, because=event, now=now)


async def hear_of_move(tx: Tx, event: Event, fact: Any) -> None:
    await line_store.move(tx, fact.request_id, STATUS_AFTER[type(fact)])


async def hear_of_resumption(tx: Tx, event: Event, fact: RequestResumed) -> None:
    await line_store.resume(tx, fact.request_id)


async def hear_of_reopening(tx: Tx, event: Event, fact: RequestReopened) -> None:
    """The lines seek again: also what expired when the request was closed may be suggested anew."""
    await hear_of_move(tx, event, fact)
    lines = await line_store.lines_of(tx, fact.request_id)
    await suggesting.for_lines(tx, lines, because=event, now=datetime.now(UTC))


async def hear_of_end(
    tx: Tx, event: Event, fact: RequestClosed | RequestDeclined | RequestLapsed | RequestWithdrawn
) -> None:
    await hear_of_move(tx, event, fact)
    matches = await match_store.not_confirmed_of_request(tx, fact.request_id)
    await suggesting.expire(tx, matches, because=event, now=datetime.now(UTC))


async def hear_of_circulation(tx: Tx, event: Event, fact: CirculationDecided) -> None:
    """Where the State no longer lets the request circulate, what was shown to others than UNODC ends."""
    await line_store.circulate(tx, fact.request_id, fact.circulation)
    if fact.circulation != "granted":
        shown = [
            match
            for match in await match_store.not_confirmed_of_request(tx, fact.request_id)
            if match.status in SHOWN and not is_unodc(match.provider)
        ]
        await suggesting.expire(tx, shown, because=event, now=datetime.now(UTC))


async def hear_of_fulfilment(tx: Tx, event: Event, fact: LineFulfilmentChanged) -> None:
    await line_store.fulfil(tx, fact.line_id, fact.fulfilment)


HANDLERS: Mapping[type[Fact], Handler] = {
    RequestSubmitted: hear_of_submission,
    RequestRegistered: hear_of_move,
    RequestReturned: hear_of_move,
    RequestDeclined: hear_of_end,
    RequestOpened: hear_of_move,
    RequestHeld: hear_of_move,
    RequestResumed: hear_of_resumption,
    RequestStarted: hear_of_move,
    RequestReopened: hear_of_reopening,
    RequestDelivered: hear_of_move,
    RequestClosed: hear_of_end,
    RequestWithdrawn: hear_of_end,
    RequestLapsed: hear_of_end,
    CirculationDecided: hear_of_circulation,
    LineFulfilmentChanged: hear_of_fulfilment,
}
