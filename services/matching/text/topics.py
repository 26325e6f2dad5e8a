"""Which topics of the reference scheme a text speaks of, and where, for the filer to confirm.

A topic is named where the words of one of its labels stand one after the other, inflected as they may be, or those of
something that is said for it (`wordings/`). Of names that overlap the longest counts. It takes a text in which no
language can be told for each of those it might be in.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import groupby, pairwise
from typing import Final

import msgspec
from msgspec import Struct

from contracts.reference import Term, topics
from services.matching.text import arabic
from services.matching.text.language import by_paragraph, identify
from services.matching.text.words import (
    ARABIC,
    CHARACTERS_MAX,
    CYRILLIC,
    HAN,
    Language,
    Word,
    words_and_characters,
)

SUGGESTIONS_MAX = 10
PASSAGES_MAX = 3
LABEL_WORDS_MAX = 40
"""Of Chinese, characters."""
SENTENCE_ENDS = frozenset(".!?;:\n\r\u2028\u2029。！？；：؟؛")

OF_OWN_SCRIPT: Final[Mapping[Language, re.Pattern[str]]] = {"ar": ARABIC, "ru": CYRILLIC, "zh": HAN}
"""Languages that none of the other five can be taken for: what is in them is found in a text of any."""
OF_LATIN_SCRIPT: Final[tuple[Language, ...]] = ("en", "es", "fr")


class Passage(Struct, frozen=True, order=True):
    """Where a text names a topic: `text[start:end]`, in characters."""

    start: int
    end: int


class Suggestion(Struct, frozen=True, kw_only=True):
    """A topic that a text speaks of, with the first passages that say so, the one that says it most fully leading."""

    topic: str
    passages: tuple[Passage, ...]
    times: int
    """How often, passages beyond `PASSAGES_MAX` counted too."""


class _Label(Struct, frozen=True):
    stems: tuple[str, ...]
    topic: str


class _Named(Struct, frozen=True):
    topic: str
    passage: Passage
    length: int
    """In words; of Chinese in pairs of characters, which most of its words are."""


def suggested(text: str, limit: int = SUGGESTIONS_MAX) -> list[Suggestion]:
    """The topics that the labels found in a text stand for, at most `SUGGESTIONS_MAX`, each once.

    The fullest name comes first, then what is named most often, then what is named first. Only the first
    `words.CHARACTERS_MAX` characters are read. The language is told by paragraph; where none can be told, the whole
    text's is taken.
    """
    shown = text[:CHARACTERS_MAX]
    whole = identify(shown)
    named: set[_Named] = set()
    for paragraph in by_paragraph(shown):
        identified = paragraph.identified or whole
        languages = [identified.language] if identified is not None else OF_LATIN_SCRIPT
        for language in languages:
            part = shown[paragraph.start : paragraph.end]
            named |= {_moved(one, paragraph.start) for one in _named(part, language)}
    ordered = sorted(named, key=lambda one: (one.topic, -one.length, one.passage))
    found = [_suggestion(topic, list(every)) for topic, every in groupby(ordered, key=lambda one: one.topic)]
    found.sort(key=lambda pair: (-pair[0], -pair[1].times, pair[1].passages[0], pair[1].topic))
    return [suggestion for _, suggestion in found[: min(limit, SUGGESTIONS_MAX)]]


def names(term: Term, language: Language) -> tuple[str, ...]:
    """What a term is called in a language: its label, then alternative labels where it has some."""
    return (term.label(language), *(one.text for one in term.alternatives(language)))


@cache
def wordings(language: Language) -> Mapping[str, tuple[str, ...]]:
    """What officials say for a topic that is not one of its names, by topic: offices, acts, acronyms, narrower cases.

    Compiled by the project, and read by no speaker of the language yet. They find a topic, and stand for it nowhere.
    """
    file = resources.files(__package__).joinpath("wordings", f"{language}.json")
    return msgspec.json.decode(file.read_bytes(), type=dict[str, tuple[str, ...]])


def _suggestion(topic: str, named: list[_Named]) -> tuple[int, Suggestion]:
    passages = list(dict.fromkeys(one.passage for one in named))
    return named[0].length, Suggestion(topic=topic, passages=tuple(passages[:PASSAGES_MAX]), times=len(passages))


def _moved(named: _Named, by: int) -> _Named:
    passage = Passage(named.passage.start + by, named.passage.end + by)
    return _Named(named.topic, passage, named.length)


def _named(text: str, language: Language) -> Iterator[_Named]:
    """What a text in one language names, the longest name at each place, from left to right."""
    others = [one for one, script in OF_OWN_SCRIPT.items() if one != language and script.search(text)]
    labels = {one: _labels(one) for one in (language, *others)}
    spoken = words_and_characters(text, language)
    at = 0
    while at < len(spoken):
        matching = [
            (label, of)
            for first in _readings(spoken[at])
            for of, by_first in labels.items()
            for label in by_first.get(first, ())
            if _stands(label, spoken, at, text)
        ]
        length = max((len(label.stems) for label, _ in matching), default=0)
        for label, of in matching:
            if len(label.stems) == length:
                passage = Passage(spoken[at].start, spoken[at + length - 1].end)
                yield _Named(label.topic, passage, (length + 1) // 2 if of == "zh" else length)
        at += max(length, 1)


def _stands(label: _Label, spoken: Sequence[Word], at: int, text: str) -> bool:
    there = spoken[at : at + len(label.stems)]
    if len(there) < len(label.stems) or any(
        word.stem != stem for word, stem in zip(there[1:], label.stems[1:], strict=True)
    ):
        return False
    between = (text[before.end : after.start] for before, after in pairwise(there))
    return not any(SENTENCE_ENDS & set(gap) for gap in between)


def _readings(word: Word) -> tuple[str, ...]:
    """The stem of a label's first word, which in Arabic may have a preposition written onto it."""
    bare = arabic.without_preposition(word.folded) if ARABIC.match(word.folded) else None
    return (word.stem,) if bare is None or bare == word.stem else (word.stem, bare)


@cache
def _labels(language: Language) -> Mapping[str, tuple[_Label, ...]]:
    """What names topics in a language, by the first stem; made when a text in it is first read."""
    found: dict[str, dict[_Label, None]] = {}
    for code, term in topics().items():
        for name in (*names(term, language), *wordings(language).get(code, ())):
            stems = tuple(word.stem for word in words_and_characters(name, language))
            if 0 < len(stems) <= LABEL_WORDS_MAX:
                found.setdefault(stems[0], {})[_Label(stems, code)] = None
    return {first: tuple(labels) for first, labels in found.items()}
