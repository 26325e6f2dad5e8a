"""Suggestion of topics of the reference scheme for a text, with their passages, for the author to confirm.

A topic is found by the words of one of its labels or wordings (`wordings/`) in sequence, inflected or not. Of
overlapping names the longest counts. If no language is detected, the text is read in each possible language.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import groupby, pairwise
from typing import Final

import msgspec
from msgspec import Struct

from contracts.reference import Term, topics
from contracts.stemming import arabic
from contracts.stemming.words import ARABIC, CHARACTERS_MAX, CYRILLIC, HAN, Language, Word, words_and_characters
from services.matching.texts.language import by_paragraph, identify

SUGGESTIONS_MAX = 10
PASSAGES_MAX = 3
LABEL_WORDS_MAX = 40
"""Maximum number of words of a label; for Chinese, of characters."""
SENTENCE_ENDS = frozenset(".!?;:\n\r\u2028\u2029。！？；：؟؛")

OF_OWN_SCRIPT: Final[Mapping[Language, re.Pattern[str]]] = {"ar": ARABIC, "ru": CYRILLIC, "zh": HAN}
"""Languages identified by their script, whose names are found in a text of any language."""
OF_LATIN_SCRIPT: Final[tuple[Language, ...]] = ("en", "es", "fr")


class Passage(Struct, frozen=True, order=True):
    """A passage that names a topic: `text[start:end]`, in characters."""

    start: int
    end: int


class Suggestion(Struct, frozen=True, kw_only=True):
    """A topic of a text, with the first passages that name it; the fullest name comes first."""

    topic: str
    passages: tuple[Passage, ...]
    times: int
    """Number of passages, including those beyond `PASSAGES_MAX`."""


class _Names(Struct):
    """A trie of names by stems: continuations, and the topics of names that end here.

    The cost per word is limited by the longest name, even for a crafted text.
    """

    on: dict[str, "_Names"] = {}
    topics: dict[str, None] = {}


class _Named(Struct, frozen=True):
    topic: str
    passage: Passage
    length: int
    """Length in words; for Chinese in pairs of characters, which most of its words are."""


def suggested(text: str, limit: int = SUGGESTIONS_MAX) -> list[Suggestion]:
    """Return the topics whose labels are found in a text, at most `SUGGESTIONS_MAX`, each once.

    They are in the order of the fullest name, the number of passages, and the first passage. Only the first
    `words.CHARACTERS_MAX` characters are read. The language is detected by paragraph, else for the whole text.
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
    """A term's names in a language: its label, then its alternative labels."""
    return (term.label(language), *(one.text for one in term.alternatives(language)))


@cache
def wordings(language: Language) -> Mapping[str, tuple[str, ...]]:
    """Expressions for a topic besides its names, by topic: offices, acts, acronyms, narrower cases.

    They are compiled by the project, and not reviewed by native speakers yet. They find a topic, but are not shown as
    its name.
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
    """Yield the names in a text of one language, longest at each place, from left to right."""
    others = [one for one, script in OF_OWN_SCRIPT.items() if one != language and script.search(text)]
    names_in = {one: _names_in(one) for one in (language, *others)}
    spoken = words_and_characters(text, language)
    ends = _sentence_ends(text, spoken)
    at = 0
    while at < len(spoken):
        found = [
            (length, topic, of)
            for of, some in names_in.items()
            for length, topics_of in _longest(some, spoken, at, ends)
            for topic in topics_of
        ]
        longest = max((length for length, _, _ in found), default=0)
        for length, topic, of in found:
            if length == longest:
                passage = Passage(spoken[at].start, spoken[at + length - 1].end)
                yield _Named(topic, passage, (length + 1) // 2 if of == "zh" else length)
        at += max(longest, 1)


def _sentence_ends(text: str, spoken: Sequence[Word]) -> list[bool]:
    """Return, for each word, whether its sentence ends before the next."""
    return [bool(SENTENCE_ENDS & set(text[one.end : other.start])) for one, other in pairwise(spoken)] + [True]


def _longest(
    names: _Names, spoken: Sequence[Word], at: int, ends: Sequence[bool]
) -> Iterator[tuple[int, Iterable[str]]]:
    """Yield the longest name that begins at a word, for each reading of the word, with its topics."""
    for first in _readings(spoken[at]):
        node, length = names.on.get(first), 0
        best: tuple[int, Iterable[str]] | None = None
        while node is not None:
            length += 1
            if node.topics:
                best = length, node.topics
            last = at + length - 1
            node = None if ends[last] else node.on.get(spoken[last + 1].stem)
        if best is not None:
            yield best


def _readings(word: Word) -> tuple[str, ...]:
    """The stem of a label's first word, which in Arabic may have a prefixed preposition."""
    bare = arabic.without_preposition(word.folded) if ARABIC.match(word.folded) else None
    return (word.stem,) if bare is None or bare == word.stem else (word.stem, bare)


@cache
def _names_in(language: Language) -> _Names:
    """Return the names of topics in a language; they are built on first use."""
    root = _Names()
    for code, term in topics().items():
        for name in (*names(term, language), *wordings(language).get(code, ())):
            stems = [word.stem for word in words_and_characters(name, language)]
            if 0 < len(stems) <= LABEL_WORDS_MAX:
                node = root
                for stem in stems:
                    node = node.on.setdefault(stem, _Names())
                node.topics[code] = None
    return root
