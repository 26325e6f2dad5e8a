"""Advice on whether a request is specific enough to be matched, line by line; it blocks nothing.

Requests such as "training on organized crime" stay unmatched for years: a provider needs to know who receives the
assistance, for which outcome, when, in which language, and what is in place already.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from contracts.requests import DraftLine, Line, Measure

WORDS_MIN = 4
"""Minimum number of words that describe an outcome; Chinese and Arabic are counted by characters instead."""

CHARACTERS_MIN = 12
WINDOW_DAYS_MAX = 550


class Aspect(StrEnum):
    """Codes of `/v1/reference/aspects`."""

    WHO = "who"
    OUTCOME = "outcome"
    WHEN = "when"
    LANGUAGE = "language"
    IN_PLACE = "in_place"
    SUBJECT = "subject"


class MeasureText(Struct, frozen=True, kw_only=True):
    """The texts of a measure: who provides it, and what it is."""

    provider: str
    description: str


class LineText(Struct, frozen=True, kw_only=True):
    """The texts of one line."""

    institution_name: str
    outcome: str
    in_place: str
    markers_justification: str
    measures: tuple[MeasureText, ...] = ()


class Advice(Struct, frozen=True, kw_only=True):
    """The aspects of a line (`/v1/reference/aspects`) that are missing; empty if it is specific.

    `score` is the number of the other aspects, of six.
    """

    position: int
    score: int
    missing: tuple[Aspect, ...]


def measures_with_texts(line: Line | DraftLine, text: LineText) -> list[tuple[Measure, MeasureText]]:
    """Return each measure with its texts, which are empty if they were erased."""
    texts = text.measures or (MeasureText(provider="", description=""),) * len(line.measures)
    return list(zip(line.measures, texts, strict=True))


def advise(lines: Sequence[tuple[Line | DraftLine, LineText]]) -> list[Advice]:
    return [_advice(position, missing(line, text)) for position, (line, text) in enumerate(lines, 1)]


def _advice(position: int, lacking: tuple[Aspect, ...]) -> Advice:
    return Advice(position=position, score=len(Aspect) - len(lacking), missing=lacking)


def missing(line: Line | DraftLine, text: LineText) -> tuple[Aspect, ...]:
    """Return the aspects that a provider would have to ask for."""
    is_specific = {
        Aspect.WHO: bool(text.institution_name.strip()) and line.institution not in (None, "other"),
        Aspect.OUTCOME: _is_specific(text.outcome),
        Aspect.WHEN: line.window is not None and (line.window.ends - line.window.starts).days <= WINDOW_DAYS_MAX,
        Aspect.LANGUAGE: bool(line.languages),
        Aspect.IN_PLACE: _is_specific(text.in_place) or bool(line.measures),
        Aspect.SUBJECT: bool(line.topics or line.articles),
    }
    return tuple(aspect for aspect, specific in is_specific.items() if not specific)


def _is_specific(text: str) -> bool:
    words = text.split()
    return len(words) >= WORDS_MIN or (len(text.strip()) >= CHARACTERS_MIN and not text.isascii())
