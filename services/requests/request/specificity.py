"""Advice on whether a request is specific enough to be matched, line by line; it blocks nothing.

Requests such as "training on organized crime" stay unmatched for years: a provider needs to know who receives the
assistance, for which outcome, when, in which language, and what is in place already.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from contracts.requests import Line

WORDS_MIN = 4
"""Fewer words than this describe no outcome; Chinese and Arabic are counted by characters instead."""

CHARACTERS_MIN = 12
WINDOW_DAYS_MAX = 550


class Aspect(StrEnum):
    WHO = "who"
    OUTCOME = "outcome"
    WHEN = "when"
    LANGUAGE = "language"
    IN_PLACE = "in_place"
    SUBJECT = "subject"


class LineText(Struct, frozen=True, kw_only=True):
    """The texts of one line."""

    institution_name: str
    outcome: str
    in_place: str
    markers_justification: str


class Advice(Struct, frozen=True, kw_only=True):
    """The missing aspects of a line; empty when it is specific."""

    position: int
    missing: tuple[Aspect, ...]


def advise(lines: Sequence[tuple[Line, LineText]]) -> list[Advice]:
    return [Advice(position=n, missing=missing(line, text)) for n, (line, text) in enumerate(lines, 1)]


def missing(line: Line, text: LineText) -> tuple[Aspect, ...]:
    """The aspects that a provider would have to ask for."""
    says = {
        Aspect.WHO: bool(text.institution_name.strip()) and line.institution != "other",
        Aspect.OUTCOME: _is_said(text.outcome),
        Aspect.WHEN: (line.window.ends - line.window.starts).days <= WINDOW_DAYS_MAX,
        Aspect.LANGUAGE: bool(line.languages),
        Aspect.IN_PLACE: _is_said(text.in_place),
        Aspect.SUBJECT: bool(line.topics or line.articles),
    }
    return tuple(aspect for aspect, said in says.items() if not said)


def _is_said(text: str) -> bool:
    words = text.split()
    return len(words) >= WORDS_MIN or (len(text.strip()) >= CHARACTERS_MIN and not text.isascii())
