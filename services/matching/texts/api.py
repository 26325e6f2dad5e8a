"""The route that suggests topics for a text."""

import asyncio
from typing import Annotated, Any

from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from chassis.http.application import CurrentCaller, requires
from chassis.http.edge import reader_language
from contracts.reference import topics
from contracts.values import Language
from services.matching import policy
from services.matching.commands import TEXT_CHARACTERS_MAX
from services.matching.policy import Action
from services.matching.texts.topics import Passage, Suggestion, suggested


class TextToRead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text in any of the six languages, or several."""

    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]


class TopicFound(Struct, frozen=True, kw_only=True):
    """A topic found in the text, with its passages: `start` and `end` are offsets in Unicode code points, from 0.

    `label` is the topic's label in the reader's language; `times` also counts passages beyond the first three.
    """

    topic: str
    label: str
    passages: tuple[Passage, ...]
    times: int


class TopicsFound(Struct, frozen=True, kw_only=True):
    """At most ten topics, the fullest name first, for the author to confirm."""

    topics: list[TopicFound]


@post(
    "/v1/matches/topics",
    opt=requires(Action.SUGGEST_TOPICS),
    status_code=200,
    summary="Suggest topics for a text, with their passages",
)
async def suggest_topics(
    request: Request[Any, Any, Any], data: JSONBody[TextToRead], caller: CurrentCaller
) -> TopicsFound:
    """The text is neither stored nor logged."""
    policy.decide(caller, Action.SUGGEST_TOPICS).required()
    # Run in a thread: a text crafted to be slow must not block others.
    found = await asyncio.to_thread(suggested, data.text)
    reader = reader_language(request.scope)
    return TopicsFound(topics=[_view(one, reader) for one in found])


def _view(found: Suggestion, reader: Language) -> TopicFound:
    label = topics()[found.topic].label(reader)
    return TopicFound(topic=found.topic, label=label, passages=found.passages, times=found.times)


ROUTES = [suggest_topics]
