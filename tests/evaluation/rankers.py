"""Rankers of the sample world's offerings for a text in one of the six languages, without the line's codes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from contracts.reference import Term, kinds, topic_similarity, topics
from contracts.stemming.words import LANGUAGES, Language, stems
from services.matching.texts.bm25 import Index
from services.matching.texts.fusion import fused
from services.matching.texts.meaning import load
from services.matching.texts.topics import names, suggested
from tests.evaluation.pairs import samples, texts

BATCH = 32
NAMES_WEIGHT = 0.5
"""Weight of the names of an offering's codes; the rest is that of its own text."""

NAMED_WEIGHT = 0.2
"""Weight of a topic that a text names, added to the closeness of the text to the topic's names, at most 1."""

Ranking = list[int]
"""Numbers of offerings, best first."""
Ranker = Callable[[str, Language], Ranking]
"""Function that ranks offerings for a line, whose text is read in a language."""


def by_words(key: str, language: Language) -> Ranking:
    """Rank by BM25 of the text over title and summary of each offering.

    Offerings without a shared word are left out.
    """
    found = _index().search(stems(texts()[language][key], language), limit=len(samples()))
    return [int(one.document_id) for one in found]


def closeness(key: str, language: Language) -> NDArray[np.float32]:
    """Return the closeness of the text to each offering's text; 1 if they are the same."""
    near: NDArray[np.float32] = _asked()[language][key] @ _offered().T
    return near


def closeness_with_names(key: str, language: Language) -> NDArray[np.float32]:
    """Like `closeness`, with the names of an offering's kinds and topics in all six languages added to its vector."""
    near: NDArray[np.float32] = _asked()[language][key] @ _offered_with_names().T
    return near


def by_meaning(key: str, language: Language) -> Ranking:
    return _best(closeness(key, language))


def by_meaning_and_names(key: str, language: Language) -> Ranking:
    return _best(closeness_with_names(key, language))


def by_topics(key: str, language: Language) -> Ranking:
    """Rank by the similarity of the topics that the text names to those of each offering in the scheme.

    Offerings that are similar to none of them are left out.
    """
    named = [one.topic for one in suggested(texts()[language][key])]
    likeness = np.array([_likeness(named, sample.offering.terms.topics) for sample in samples()])
    return [number for number in _best(likeness) if likeness[number] > 0]


def _likeness(named: Sequence[str], offered: Sequence[str]) -> int:
    return sum(max((topic_similarity(topic, other) for other in offered), default=0) for topic in named)


def by_nearest_topic(key: str, language: Language) -> Ranking:
    """Rank by the similarity in the scheme to the topic that the text is closest to.

    A topic that the text names is preferred.
    """
    near = _asked()[language][key] @ _long_one(np.array([_vector_of_names("topics", code) for code in topics()])).T
    named = {one.topic for one in suggested(texts()[language][key])}
    codes = list(topics())
    nearest = codes[int(np.argmax(near + NAMED_WEIGHT * np.array([code in named for code in codes])))]
    return _best(np.array([_likeness([nearest], sample.offering.terms.topics) for sample in samples()]))


def both(first: Ranker, second: Ranker) -> Ranker:
    """Return the fusion of two rankers by rank."""
    return lambda key, language: fused([first(key, language), second(key, language)])


def first_then(first: Ranker, second: Ranker) -> Ranker:
    """Return the first ranking, followed by the offerings that it leaves out in the order of the second."""
    return lambda key, language: list(dict.fromkeys([*first(key, language), *second(key, language)]))


def of_text() -> dict[str, Ranker]:
    """Return the rankers that need no model."""
    return {"words (BM25)": by_words, "topics named": by_topics}


def of_meaning() -> dict[str, Ranker]:
    """Return the rankers that need the model."""
    return {
        "meaning": by_meaning,
        "meaning, names of codes": by_meaning_and_names,
        "meaning + topics named": both(by_meaning, by_topics),
        "meaning, names of codes + topics named": both(by_meaning_and_names, by_topics),
        "the nearest topic": by_nearest_topic,
        "topics named, then meaning, names of codes": first_then(by_topics, by_meaning_and_names),
    }


def _best(likeness: NDArray[np.floating] | NDArray[np.integer]) -> Ranking:
    order: Ranking = np.argsort(-np.asarray(likeness, dtype=float), kind="stable").tolist()
    return order


@cache
def _index() -> Index:
    index = Index()
    for number, sample in enumerate(samples()):
        index.put(str(number), stems(sample.text, sample.language))
    return index


@cache
def _asked() -> Mapping[Language, Mapping[str, NDArray[np.float32]]]:
    return {
        language: dict(zip(of_lines, embedded([*of_lines.values()]), strict=True))
        for language, of_lines in texts().items()
    }


@cache
def _offered() -> NDArray[np.float32]:
    return embedded([sample.text for sample in samples()])


@cache
def _offered_with_names() -> NDArray[np.float32]:
    called = [
        _called("kinds", sample.offering.terms.kinds) + _called("topics", sample.offering.terms.topics)
        for sample in samples()
    ]
    mixed = NAMES_WEIGHT * _long_one(np.array(called)) + (1 - NAMES_WEIGHT) * _offered()
    return _long_one(mixed)


def _called(table: str, codes: Sequence[str]) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = np.mean([_vector_of_names(table, code) for code in codes], axis=0)
    return mean


@cache
def _vector_of_names(table: str, code: str) -> NDArray[np.float32]:
    """Return the mean over the six languages of the mean of a concept's names."""
    term: Term = (kinds() if table == "kinds" else topics())[code]
    mean: NDArray[np.float32] = np.mean([embedded(names(term, one)).mean(axis=0) for one in LANGUAGES], axis=0)
    return mean


def _long_one(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    long_one: NDArray[np.float32] = rows / lengths
    return long_one


def embedded(every: Sequence[str]) -> NDArray[np.float32]:
    """Return a row of length 1 for each text."""
    embedder = load()
    return np.concatenate([embedder.embed(every[at : at + BATCH]) for at in range(0, len(every), BATCH)])
