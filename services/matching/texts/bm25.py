"""Okapi BM25 ranking over tokens, in memory.

S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations and Trends in
Information Retrieval 3 (2009), with positive inverse document frequencies (as in Lucene). Results do not depend on the
history of an index, only on its documents.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SATURATION = 1.2
"""Parameter k1: how soon repetitions of a word stop adding to the score."""
LENGTH_WEIGHT = 0.75
"""Parameter b: how much longer documents are normalized."""

DOCUMENT_TOKENS_MAX = 10_000
QUERY_TOKENS_MAX = 1_000
"""Maximum number of distinct tokens of a query; further ones are ignored."""
GONE_MAX = 1_000
"""Number up to which removed documents keep their place, or while they are fewer than those that remain."""


class Found(NamedTuple):
    """A document and its score; only scores of one search are comparable."""

    document_id: str
    score: float


class _Postings(NamedTuple):
    """The occurrences of a token, and their counts: two columns of the same length, including removed documents."""

    places: "array[int]"
    counts: "array[int]"


class Index:
    """Documents by their tokens, with some 0.5 KB for a document of twenty tokens; not thread-safe."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._numbers: dict[str, int] = {}
        self._tokens: list[str] = []
        self._postings: list[_Postings] = []
        self._holding = array("i")
        self._documents: dict[str, int] = {}
        self._ids: list[str] = []
        self._contents: list[array[int]] = []
        self._lengths = array("d")
        self._length = 0
        self._gone: list[int] = []
        self._damping: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, document_id: object) -> bool:
        return document_id in self._documents

    def put(self, document_id: str, tokens: Sequence[str]) -> None:
        """Add or replace a document."""
        self.remove(document_id)
        counted = Counter(tokens[:DOCUMENT_TOKENS_MAX])
        place = len(self._ids)
        self._documents[document_id] = place
        self._ids.append(document_id)
        self._lengths.append(counted.total())
        self._length += counted.total()
        # In the order of the tokens, for reproducible sums: number, count, number, count ...
        contents = array("i")
        for token in sorted(counted):
            number = self._number(token)
            contents.extend((number, counted[token]))
            self._postings[number].places.append(place)
            self._postings[number].counts.append(counted[token])
            self._holding[number] += 1
        self._contents.append(contents)
        self._damping = None

    def remove(self, document_id: str) -> None:
        """Remove a document; do nothing if there is none."""
        place = self._documents.pop(document_id, None)
        if place is None:
            return
        for number in self._contents[place][::2]:
            self._holding[number] -= 1
        self._contents[place] = array("i")
        self._length -= int(self._lengths[place])
        self._gone.append(place)
        self._damping = None
        if len(self._gone) > max(GONE_MAX, len(self)):
            self._compact()

    def search(self, tokens: Iterable[str], *, limit: int, among: Iterable[str] | None = None) -> list[Found]:
        """Return the documents with a token of the query, best first, equal ones by id.

        `among` filters the documents; it does not change their scores.
        """
        if not self._documents or limit < 1:
            return []
        weights = self._weights(tokens)
        if among is not None:
            places = (self._documents[one] for one in set(among) if one in self._documents)
            found = (Found(self._ids[place], self._score(place, weights)) for place in places)
            return nsmallest(limit, (one for one in found if one.score > 0), key=_place)
        scores = self._scores(weights)
        best = np.flatnonzero(scores > 0)
        if len(best) > limit:
            # Ties with the last one are kept: the id decides.
            least = np.partition(scores[best], len(best) - limit)[len(best) - limit]
            best = best[scores[best] >= least]
        return nsmallest(limit, (Found(self._ids[place], float(scores[place])) for place in best.tolist()), key=_place)

    def _number(self, token: str) -> int:
        number = self._numbers.setdefault(token, len(self._tokens))
        if number == len(self._tokens):
            self._tokens.append(token)
            self._postings.append(_Postings(array("i"), array("i")))
            self._holding.append(0)
        return number

    def _weights(self, tokens: Iterable[str]) -> dict[int, float]:
        """Return the weight of each token of a query.

        They are in token order, so that sums do not depend on the order of the query.
        """
        asked = dict(islice(Counter(tokens).items(), QUERY_TOKENS_MAX))
        known = ((self._numbers[token], asked[token]) for token in sorted(asked) if token in self._numbers)
        return {number: times * self._rarity(number) for number, times in known if self._holding[number]}

    def _rarity(self, number: int) -> float:
        holding = self._holding[number]
        return math.log(1 + (len(self) - holding + 0.5) / (holding + 0.5))

    def _scores(self, weights: Mapping[int, float]) -> NDArray[np.float64]:
        """Return the score of every document, by its place."""
        scores = np.zeros(len(self._ids))
        damping = self._damped()
        for number, weight in weights.items():
            places = np.frombuffer(self._postings[number].places, dtype=np.intc)
            counts = np.frombuffer(self._postings[number].counts, dtype=np.intc)
            # Removed documents have infinite damping and score 0.
            scores[places] += weight * (counts * (SATURATION + 1) / (counts + damping[places]))
        return scores

    def _score(self, place: int, weights: Mapping[int, float]) -> float:
        """Return the same score for one document, bit for bit; several times faster for few of many."""
        contents = self._contents[place]
        damping = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * (self._lengths[place] / self._mean()))
        score = 0.0
        for number, count in zip(contents[::2], contents[1::2], strict=True):
            weight = weights.get(number)
            if weight is not None:
                score += weight * (count * (SATURATION + 1) / (count + damping))
        return score

    def _mean(self) -> float:
        return self._length / len(self) or 1.0

    def _damped(self) -> NDArray[np.float64]:
        if self._damping is None:
            lengths = np.array(self._lengths) / self._mean()
            self._damping = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * lengths)
            self._damping[self._gone] = np.inf
        return self._damping

    def _compact(self) -> None:
        tokens, contents = self._tokens, self._contents
        kept = [(one, contents[place]) for one, place in self._documents.items()]
        self._clear()
        for one, held in kept:
            pairs = zip(held[::2], held[1::2], strict=True)
            self.put(one, [tokens[number] for number, count in pairs for _ in range(count)])


def _place(found: Found) -> tuple[float, str]:
    return -found.score, found.document_id
