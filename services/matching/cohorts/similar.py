"""Which lines ask for something like what another one asks for, and in what: by codes, and by the texts that were read.

Codes rank, and the meaning of the texts where a model has read them; words where none has, among those of one language.
The rankings are fused by rank: what each of them counts cannot be compared.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from contracts.matching import Judgement
from contracts.reference import topic_similarity
from contracts.values import Period
from services.matching.lines.model import WantedLine
from services.matching.scoring.criteria import FULL
from services.matching.texts.bm25 import Index
from services.matching.texts.fusion import fused
from services.matching.texts.reading import Reading, judgements

SIMILAR_MAX = 20
DUPLICATE_WITHIN = timedelta(minutes=60)
DUPLICATE_CLOSENESS = 950
"""In thousandths: texts that differ in a word or two are as close."""

SAME_KIND = 400
SAME_TOPICS = 400
SAME_ARTICLES = 200
"""By how much, in thousandths, each makes a line like another: the last two as far as they are shared."""


class Submitted(Struct, frozen=True, kw_only=True):
    """A line with when its request was submitted, and what was read of its words where that may be compared."""

    line: WantedLine
    submitted_at: datetime
    reading: Reading | None = None


class Similar(Struct, frozen=True, kw_only=True):
    """A line that is like another, and in what: `judgement` where a model has compared what the two say."""

    line: WantedLine
    same_kind: bool
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    overlap: Period | None
    judgement: Judgement | None
    duplicate: bool


def similar(to: Submitted, others: Sequence[Submitted]) -> list[Similar]:
    """The lines that are like one, most similar first, ties by id; at most `SIMILAR_MAX`."""
    by_id = {other.line.line_id: other for other in others}
    readings = [other.reading for other in others if other.reading is not None]
    said = judgements(to.reading, readings)
    found = {line_id: _compared(to, other, said.get(line_id)) for line_id, other in by_id.items()}
    by_text = _by_meaning(said) if said else _by_words(to.reading, readings)
    best = fused([_by_codes(to.line, others, by_text), by_text], SIMILAR_MAX)
    # A duplicate is what whoever asks has to see first.
    return sorted((found[line_id] for line_id in best), key=lambda one: not one.duplicate)


def _by_codes(line: WantedLine, others: Sequence[Submitted], by_text: Sequence[UUID]) -> list[UUID]:
    """Lines that are equally like by their codes stand as their texts do: by chance they would outweigh them."""
    points = {other.line.line_id: likeness(line, other.line) for other in others}
    places = {line_id: place for place, line_id in enumerate(by_text)}
    return sorted(points, key=lambda line_id: (-points[line_id], places.get(line_id, len(places)), str(line_id)))


def likeness(line: WantedLine, other: WantedLine) -> int:
    """How alike two lines are by their codes, in thousandths, whichever of them is named first."""
    topics = _likest(line.topics, other.topics) + _likest(other.topics, line.topics)
    either, both = set(line.articles) | set(other.articles), set(line.articles) & set(other.articles)
    articles = FULL * len(both) // len(either) if either else 0
    return SAME_KIND * (line.kind == other.kind) + SAME_TOPICS * topics // (2 * FULL) + SAME_ARTICLES * articles // FULL


def _likest(some: Sequence[str], others: Sequence[str]) -> int:
    """The mean of each one's highest similarity to the others."""
    each = [max((topic_similarity(one, other) for other in others), default=0) for one in sorted(set(some))]
    return sum(each) // len(each) if each else 0


def _by_meaning(said: Mapping[UUID, Judgement]) -> list[UUID]:
    return sorted(said, key=lambda line_id: (-said[line_id].closeness, str(line_id)))


def _by_words(to: Reading | None, readings: Sequence[Reading]) -> list[UUID]:
    if to is None:
        return []
    index = Index()
    for reading in readings:
        if reading.tokens and reading.language == to.language:
            index.put(str(reading.about_id), reading.tokens)
    return [UUID(found.document_id) for found in index.search(to.tokens, limit=len(readings))]


def _compared(to: Submitted, other: Submitted, judgement: Judgement | None) -> Similar:
    one, another = to.line.window, other.line.window
    overlap = Period(starts=max(one.starts, another.starts), ends=min(one.ends, another.ends))
    return Similar(
        line=other.line,
        same_kind=to.line.kind == other.line.kind,
        topics=tuple(sorted(set(to.line.topics) & set(other.line.topics))),
        articles=tuple(sorted(set(to.line.articles) & set(other.line.articles))),
        overlap=None if overlap.reversed else overlap,
        judgement=judgement,
        duplicate=_is_duplicate(to, other, judgement),
    )


def _is_duplicate(to: Submitted, other: Submitted, judgement: Judgement | None) -> bool:
    """True where a State has submitted nearly the same within an hour: by the texts, or by codes if none were read."""
    line, another = to.line, other.line
    if line.state != another.state or line.request_id == another.request_id or line.kind != another.kind:
        return False
    if abs(to.submitted_at - other.submitted_at) > DUPLICATE_WITHIN:
        return False
    if judgement is not None:
        return judgement.closeness >= DUPLICATE_CLOSENESS
    if to.reading is not None and other.reading is not None and (to.reading.tokens or other.reading.tokens):
        return to.reading.tokens == other.reading.tokens
    return (set(line.topics), set(line.articles)) == (set(another.topics), set(another.articles))
