"""The route that reads a text for whoever writes it: which topics of the scheme it speaks of."""

import asyncio
from typing import Annotated, Any

from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from chassis.http.application import Calling, asks
from chassis.http.edge import reader_language
from contracts.reference import topics
from contracts.values import Language
from services.matching import policy
from services.matching.commands import TEXT_CHARACTERS_MAX
from services.matching.policy import Action
from services.matching.texts.topics import Passage, Suggestion, suggested


class TextToRead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words in any of the six languages, also in several."""

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]


class TopicFound(Struct, frozen=True, kw_only=True):
    """A topic that the text names, with where: `start` and `end` count Unicode code points from nought.

    `label` is the topic's in the reader's language; `times` counts passages beyond the first three too.
    """

    topic: str
    label: str
    passages: tuple[Passage, ...]
    times: int


class TopicsFound(Struct, frozen=True, kw_only=True):
    """At most ten, the fullest name first; for whoever writes the text to confirm."""

    topics: list[TopicFound]


@post(
    "/v1/matches/topics",
    opt=asks(Action.SUGGEST_TOPICS),
    status_code=200,
    summary="Which topics a text speaks of, and where",
)
async def suggest_topics(request: Request[Any, Any, Any], data: JSONBody[TextToRead], caller: Calling) -> TopicsFound:
    """The text is neither kept nor logged."""
    policy.decide(caller, Action.SUGGEST_TOPICS).required()
    # Off the loop: a text made to be read slowly holds up nobody else.
    found = await asyncio.to_thread(suggested, data.text)
    reader = reader_language(request.scope)
    return TopicsFound(topics=[_view(one, reader) for one in found])


def _view(found: Suggestion, reader: Language) -> TopicFound:
    label = topics()[found.topic].label(reader)
    return TopicFound(topic=found.topic, label=label, passages=found.passages, times=found.times)


ROUTES = [suggest_topics]
