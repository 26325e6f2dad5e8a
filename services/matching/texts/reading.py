"""Readings of the texts of lines and offerings: language, stems, and vectors.

Stems are of the whole text; the vector is of its core. On the sample world's lines, an offering of the same kind and a
shared topic ranks first with title, outcome and what is in place as core (MRR 0.95; 0.77 with the need, which is the
same for all lines of a request).
"""

import math
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from contracts.matching import Judgement
from contracts.stemming.words import CHARACTERS_MAX, Language, stems
from contracts.words import RequestWords
from services.matching.texts.language import by_paragraph, identify
from services.matching.texts.meaning import FULL, Embedder, Vector, embedded, nearest

TOKENS_MAX = 2_000
"""Maximum number of tokens read of a text; texts within the limits of requests and offerings have fewer."""


class Wording(Struct, frozen=True, kw_only=True):
    """The text of a line or an offering: `core` is what it is about, `rest` the context."""

    about_id: UUID
    core: str
    rest: str = ""


class Reading(Struct, frozen=True, kw_only=True):
    """The reading of a text, without a `vector` if there was no model or the text has nothing to compare."""

    about_id: UUID
    language: Language | None
    tokens: tuple[str, ...]
    vector: Vector | None


def of_lines(words: RequestWords) -> list[Wording]:
    return [
        Wording(
            about_id=line.line_id, core="\n".join((words.title, line.outcome, line.in_place)).strip(), rest=words.need
        )
        for line in words.lines
    ]


def of_offering(offering_id: UUID, title: str, summary: str) -> Wording:
    return Wording(about_id=offering_id, core=f"{title}\n{summary}".strip())


def read(wordings: Sequence[Wording], embedder: Embedder | None) -> list[Reading]:
    """Return the reading of each text, in order. Slow, so it must not run on an event loop."""
    cores = [wording.core for wording in wordings]
    vectors = embedded(embedder, cores, seconds_max=math.inf) if embedder else [None] * len(cores)
    return [_read(wording, vector) for wording, vector in zip(wordings, vectors, strict=True)]


def _read(wording: Wording, vector: Vector | None) -> Reading:
    whole = f"{wording.core}\n{wording.rest}"
    identified = identify(whole)
    return Reading(
        about_id=wording.about_id,
        language=identified.language if identified else None,
        tokens=_tokens(whole),
        # A text without a letter or a digit has a vector of length 0, which is close to nothing.
        vector=vector if vector and any(vector.values) else None,
    )


def _tokens(text: str) -> tuple[str, ...]:
    """Return the stems of each paragraph in its own language."""
    shown = text[:CHARACTERS_MAX]
    found: list[str] = []
    for paragraph in by_paragraph(shown):
        language = paragraph.identified.language if paragraph.identified else None
        found += stems(shown[paragraph.start : paragraph.end], language)
        if len(found) >= TOKENS_MAX:
            break
    return tuple(found[:TOKENS_MAX])


def judgements(line: Reading | None, offerings: Sequence[Reading]) -> dict[UUID, Judgement]:
    """Return the model's judgement of a line and each offering.

    Offerings without a vector of that model are left out.
    """
    if line is None or line.vector is None:
        return {}
    others = {str(one.about_id): one.vector for one in offerings if one.vector is not None}
    model = line.vector.model
    return {
        UUID(near.text_id): Judgement(
            model=model.name, version=model.version, closeness=min(max(near.closeness, 0), FULL)
        )
        for near in nearest(line.vector, others, len(others))
    }
