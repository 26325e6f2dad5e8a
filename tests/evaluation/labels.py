"""Search of a concept's label in one language by its label in another: 661 concepts, 30 language directions.

A label is the query, the labels of all concepts in another language are the documents. Words, meaning, and both fused
by rank are compared, to show what each contributes. The labels are the United Nations'; they are read and never stored.
"""

import csv
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from contracts.stemming.words import LANGUAGES, Language, stems
from services.matching.texts.bm25 import Index
from services.matching.texts.fusion import fused
from services.matching.texts.meaning import Vector, embedded, load, model_problem, nearest
from tests.evaluation.figures import Interval, interval
from tests.evaluation.report import Report, Say

FILE = Path("vocab") / "unbis_crime_justice_6lang.csv"
DEPTH = 50
"""Depth of a ranking; a concept below it counts as not found."""
SECONDS_MAX = 600.0

ALL = "all"
BY_WORDS, BY_MEANING, BY_BOTH = "bm25", "meaning", "fused"
Labels = Mapping[Language, Mapping[str, str]]


class Figure(Struct, frozen=True, kw_only=True):
    """Result of one way of searching in one direction; `asked` and `sought` are `all` for the mean of the thirty."""

    way: str
    asked: str
    sought: str
    mrr: Interval
    recall_1: Interval
    recall_5: Interval


class Evaluation(Struct, frozen=True, kw_only=True):
    """The figures, and the ways that could not be judged, with the reason."""

    concepts: int
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...]


def evaluate(data: Path) -> Evaluation:
    """Judge every direction on the concepts in `data`.

    The result is the same each time, except for the last digits of the model. Raise FileNotFoundError if there are no
    concepts.
    """
    labels = read(data / FILE)
    missing = model_problem()
    vectors = None if missing is not None else _embedded(labels)
    ranks: dict[str, dict[tuple[str, str], NDArray[np.int64]]] = {}
    for asked, sought in permutations(LANGUAGES, 2):
        for way, rankings in _rankings(labels, vectors, asked, sought).items():
            ranks.setdefault(way, {})[asked, sought] = _ranks(rankings)
    figures = [
        _figure(way, *direction, found[np.newaxis])
        for way, directions in ranks.items()
        for direction, found in directions.items()
    ]
    figures += [_figure(way, ALL, ALL, np.stack([*directions.values()])) for way, directions in ranks.items()]
    left_out = () if missing is None else (f"{BY_MEANING}, {BY_BOTH}: {missing.reason}",)
    return Evaluation(concepts=len(labels["en"]), figures=tuple(figures), left_out=left_out)


def read(file: Path) -> Labels:
    """Return the label of each concept in each language."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {language: {row["id"]: row[language] for row in rows} for language in LANGUAGES}


def _embedded(labels: Labels) -> dict[Language, dict[str, Vector]]:
    embedder = load()
    made = {}
    for language, texts in labels.items():
        vectors = embedded(embedder, list(texts.values()), seconds_max=SECONDS_MAX)
        made[language] = dict(zip(texts, vectors, strict=True))
    return made


def _rankings(
    labels: Labels, vectors: Mapping[Language, Mapping[str, Vector]] | None, asked: Language, sought: Language
) -> dict[str, dict[str, list[str]]]:
    """Return, for each way, the ranking of each concept's label."""
    index = Index()
    for concept, label in labels[sought].items():
        index.put(concept, stems(label, sought))
    words = {
        concept: [one.document_id for one in index.search(stems(label, asked), limit=DEPTH)]
        for concept, label in labels[asked].items()
    }
    if vectors is None:
        return {BY_WORDS: words}
    meaning = {
        concept: [one.text_id for one in nearest(vector, vectors[sought], limit=DEPTH)]
        for concept, vector in vectors[asked].items()
    }
    both = {concept: fused([words[concept], meaning[concept]], limit=DEPTH) for concept in words}
    return {BY_WORDS: words, BY_MEANING: meaning, BY_BOTH: both}


def _ranks(rankings: Mapping[str, Sequence[str]]) -> NDArray[np.int64]:
    """Return the place of each concept in its own ranking, from 1; 0 if it was not found."""
    return np.array([ranking.index(one) + 1 if one in ranking else 0 for one, ranking in rankings.items()])


def _figure(way: str, asked: str, sought: str, ranks: NDArray[np.int64]) -> Figure:
    found = ranks > 0
    reciprocal = np.where(found, 1 / np.maximum(ranks, 1), 0.0)
    return Figure(
        way=way,
        asked=asked,
        sought=sought,
        mrr=_interval(reciprocal),
        recall_1=_interval(found & (ranks <= 1)),
        recall_5=_interval(found & (ranks <= 5)),
    )


def _interval(values: NDArray[np.float64] | NDArray[np.bool_]) -> Interval:
    # Concepts are resampled, each with all its directions, since those of one concept are not independent of each
    # other.
    return interval(values.mean(axis=0))


def report(data: Path, say: Say) -> Report:
    """Return the figures as a table, a row for each way and direction."""
    title = "Concept labels of six languages found by those of another, mean [95 % bootstrap interval]"
    if not (data / FILE).exists():
        return Report(title=title, skipped=f"{data / FILE} is not there")
    say(f"{len(LANGUAGES) * (len(LANGUAGES) - 1)} directions")
    found = evaluate(data)
    ordered = sorted(found.figures, key=lambda one: (one.asked == ALL, one.asked, one.sought))
    return Report(
        title=f"{title}; {found.concepts} concepts",
        columns=("asked → sought, way", "MRR", "recall@1", "recall@5"),
        rows=tuple(
            (f"{one.asked} → {one.sought}, {one.way}", *map(str, (one.mrr, one.recall_1, one.recall_5)))
            for one in ordered
        ),
        notes=(f"A concept deeper than {DEPTH} is not found.", *(f"Left out: {line}" for line in found.left_out)),
    )
