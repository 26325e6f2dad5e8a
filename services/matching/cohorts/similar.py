"""Lines similar to a given line, by codes and, once they are read, by texts.

Rankings by codes and by text meaning (by words of the same language if no model has read the texts) are fused by rank,
since their scores are not comparable.
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
"""Least closeness of duplicates, in thousandths; texts that differ in a word or two reach it."""

SAME_KIND = 400
SAME_TOPICS = 400
SAME_ARTICLES = 200
"""Thousandths for kind, topics and articles; for topics and articles in proportion to the share in common."""


class Submitted(Struct, frozen=True, kw_only=True):
    """A line with its request's time of submission, and the reading of its text if it may be compared."""

    line: WantedLine
    submitted_at: datetime
    reading: Reading | None = None


class Similar(Struct, frozen=True, kw_only=True):
    """A similar line, and what is similar; `judgement` is set if a model has compared the texts."""

    line: WantedLine
    same_kind: bool
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    overlap: Period | None
    judgement: Judgement | None
    duplicate: bool


def similar(to: Submitted, others: Sequence[Submitted]) -> list[Similar]:
    """Return similar lines, most similar first, then by id; at most `SIMILAR_MAX`."""
    by_id = {other.line.line_id: other for other in others}
    readings = [other.reading for other in others if other.reading is not None]
    said = judgements(to.reading, readings)
    found = {line_id: _compared(to, other, said.get(line_id)) for line_id, other in by_id.items()}
    by_text = _by_meaning(said) if said else _by_words(to.reading, readings)
    best = fused([_by_codes(to.line, others, by_text), by_text], SIMILAR_MAX)
    # Duplicates first: the caller must see them.
    return sorted((found[line_id] for line_id in best), key=lambda one: not one.duplicate)


def _by_codes(line: WantedLine, others: Sequence[Submitted], by_text: Sequence[UUID]) -> list[UUID]:
    """Return the lines by similarity in codes, equal ones in the order of their texts.

    An arbitrary order of equal ones would outweigh the order of the texts.
    """
    points = {other.line.line_id: similarity(line, other.line) for other in others}
    places = {line_id: place for place, line_id in enumerate(by_text)}
    return sorted(points, key=lambda line_id: (-points[line_id], places.get(line_id, len(places)), str(line_id)))


def similarity(line: WantedLine, other: WantedLine) -> int:
    """The similarity of two lines by codes, in thousandths; symmetric."""
    topics = _mean_similarity(line.topics, other.topics) + _mean_similarity(other.topics, line.topics)
    either, both = set(line.articles) | set(other.articles), set(line.articles) & set(other.articles)
    articles = FULL * len(both) // len(either) if either else 0
    return SAME_KIND * (line.kind == other.kind) + SAME_TOPICS * topics // (2 * FULL) + SAME_ARTICLES * articles // FULL


def _mean_similarity(some: Sequence[str], others: Sequence[str]) -> int:
    """The mean of each item's similarity to the most similar of the others."""
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
    """Return True if a State submitted nearly the same within an hour: by texts, or by codes if no texts were read."""
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
