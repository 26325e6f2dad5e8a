"""Which topics of the reference scheme a text speaks of, and where, for the filer to confirm.

A topic is named where the words of one of its labels stand one after the other, inflected as they may be, or those of
something that is said for it (`wordings/`). Of names that overlap the longest counts. It takes a text in which no
language can be told for each of those it might be in.
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
from services.matching.texts import arabic
from services.matching.texts.language import by_paragraph, identify
from services.matching.texts.words import ARABIC, CHARACTERS_MAX, CYRILLIC, HAN, Language, Word, words_and_characters

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


class _Names(Struct):
    """What names go on with after some stems, and the topics of those that end there.

    A text made to be read slowly costs at each word no more than the longest name is long.
    """

    on: dict[str, "_Names"] = {}
    topics: dict[str, None] = {}


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
    """Of each word whether its sentence ends before the next."""
    return [bool(SENTENCE_ENDS & set(text[one.end : other.start])) for one, other in pairwise(spoken)] + [True]


def _longest(
    names: _Names, spoken: Sequence[Word], at: int, ends: Sequence[bool]
) -> Iterator[tuple[int, Iterable[str]]]:
    """The longest name that begins at a word, for each way to read that, with what it names."""
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
    """The stem of a label's first word, which in Arabic may have a preposition written onto it."""
    bare = arabic.without_preposition(word.folded) if ARABIC.match(word.folded) else None
    return (word.stem,) if bare is None or bare == word.stem else (word.stem, bare)


@cache
def _names_in(language: Language) -> _Names:
    """What names topics in a language; made when a text in it is first read."""
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
