"""The route that previews suggestions for a State's draft of a line."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Struct

from chassis.db.database import Database
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.edge import reader_language
from contracts.values import Caller, Language
from services.matching import policy
from services.matching.commands import DraftedLine
from services.matching.dependencies import Owned
from services.matching.index.memory import Memory
from services.matching.lines.model import WantedLine
from services.matching.matches.explanation import explain
from services.matching.matches.views import Explained, explained
from services.matching.offerings import store as offering_store
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring.criteria import NO_EXPERIENCE, Experience
from services.matching.scoring.model import Scored
from services.matching.texts.topics import suggested
from services.matching.treaties import store as treaty_store

OF_ONE_ORGANIZATION_MAX = 2
OF_ONE_ORGANIZATION_WAITING_MAX = 8


class Foreseen(Struct, frozen=True, kw_only=True):
    """An available offering that fits the line, with its score in thousandths and the explanation."""

    offering_id: UUID
    provider: str
    title: str
    score: int
    explanation: tuple[Explained, ...]


class Preview(Struct, frozen=True, kw_only=True):
    """Current suggestions, best first, and the `topics` used: as given, or read from the text."""

    topics: tuple[str, ...]
    offerings: tuple[Foreseen, ...]


@post(
    "/v1/matches/preview",
    opt=requires(Action.PREVIEW),
    status_code=200,
    summary="Preview the suggestions for a draft line",
)
async def preview_matches(
    request: Request[Any, Any, Any], data: JSONBody[DraftedLine], db: Db, own: Owned, caller: CurrentCaller
) -> Preview:
    """Previews suggestions for the caller's own State. The line is not stored, and its text is not logged."""
    policy.decide(caller, Action.PREVIEW).required()
    data.check()
    async with own.previews.slot(caller.organization):
        return await _preview(db, own.memory, caller, data, reader_language(request.scope))


async def _preview(db: Database, memory: Memory, caller: Caller, data: DraftedLine, reader: Language) -> Preview:
    topics = data.topics or await _topics(data.text or data.outcome)
    async with db.transaction(by=caller) as tx:
        line = data.wanted(caller.organization, topics, await treaty_store.statuses(tx, caller.organization))
        async with tx.as_service():
            # Deliveries by provider are visible to no caller, but count in every score.
            best = (await memory.ranked_for(tx, [line]))[0]
            completed = await scoring_store.experience(tx, {one.offering.provider for one in best})
        titles = await offering_store.texts(tx, [one.offering.offering_id for one in best])
    foreseen = (
        _foreseen(one, line, titles[one.offering.offering_id].title, reader, completed.get(one.offering.provider))
        # If an offering has no title, its provider has just withdrawn it.
        for one in best
        if one.offering.offering_id in titles
    )
    return Preview(topics=topics, offerings=tuple(foreseen))


async def _topics(text: str) -> tuple[str, ...]:
    # Run in a thread: a text crafted to be slow must not block others.
    return tuple(one.topic for one in await asyncio.to_thread(suggested, text))


def _foreseen(one: Scored, line: WantedLine, title: str, reader: Language, experience: Experience | None) -> Foreseen:
    why = explain(one, line, one.offering, experience=experience or NO_EXPERIENCE)
    return Foreseen(
        offering_id=one.offering.offering_id,
        provider=one.offering.provider,
        title=title,
        score=one.score,
        explanation=tuple(explained(each, reader) for each in why),
    )


ROUTES = [preview_matches]
