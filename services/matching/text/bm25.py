"""Which documents share the rarest words with a query: Okapi BM25 over tokens, held in memory.

S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations and Trends in
Information Retrieval 3 (2009), with a weight of rare words that stays above nought (as Lucene has it).
An index is a cache: however it came about, it answers as one that was just built of the same documents.
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
"""k1: how soon a word that is said again adds nothing."""
LENGTH_WEIGHT = 0.75
"""b: how far a long document has to say a word more often."""

DOCUMENT_TOKENS_MAX = 10_000
QUERY_TOKENS_MAX = 1_000
"""Different ones, the first of a query; what comes after is not looked at."""
GONE_MAX = 1_000
"""So many removed documents may keep their place; more do while they are fewer than those that stay."""


class Found(NamedTuple):
    """A document and how well it answers; only scores of one search can be compared."""

    document_id: str
    score: float


class Postings(NamedTuple):
    """Where a token occurs, and how often: two columns of the same length."""

    places: "array[int]"
    counts: "array[int]"


class Index:
    """Documents by their tokens; not for two threads at once."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._postings: dict[str, Postings] = {}
        self._documents: dict[str, int] = {}
        self._ids: list[str] = []
        self._gone: list[int] = []
        self._tokens: list[Counter[str]] = []
        self._lengths = array("d")
        self._holding: Counter[str] = Counter()
        self._length = 0
        self._damping: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, document_id: object) -> bool:
        return document_id in self._documents

    def put(self, document_id: str, tokens: Sequence[str]) -> None:
        """Add a document, or replace it: its tokens are these from now on."""
        self.remove(document_id)
        counted = Counter(tokens[:DOCUMENT_TOKENS_MAX])
        place = len(self._ids)
        self._documents[document_id] = place
        self._ids.append(document_id)
        self._tokens.append(counted)
        length = counted.total()
        self._lengths.append(length)
        self._length += length
        for token, count in counted.items():
            postings = self._postings.get(token)
            if postings is None:
                postings = self._postings[token] = Postings(array("i"), array("i"))
            postings.places.append(place)
            postings.counts.append(count)
        self._holding.update(counted.keys())
        self._damping = None

    def remove(self, document_id: str) -> None:
        """Forget a document; nothing happens where there is none."""
        place = self._documents.pop(document_id, None)
        if place is None:
            return
        self._gone.append(place)
        self._holding.subtract(self._tokens[place].keys())
        self._tokens[place] = Counter()
        self._length -= int(self._lengths[place])
        self._damping = None
        if len(self._gone) > max(GONE_MAX, len(self)):
            self._compact()

    def search(self, tokens: Iterable[str], *, limit: int, among: Iterable[str] | None = None) -> list[Found]:
        """The documents that share a token with the query, best first, equal ones by id.

        Only those of `among` where it is given, with the scores that they have among all.
        """
        if not self._documents:
            return []
        weights = self._weights(tokens)
        if among is not None:
            found = (Found(one, self._score(one, weights)) for one in set(among) if one in self._documents)
            return nsmallest(limit, (one for one in found if one.score > 0), key=_place)
        scores = self._scores(weights)
        places = np.flatnonzero(scores > 0)
        if len(places) > limit:
            # All that equal the last one stay: among them the id decides.
            least = np.partition(scores[places], len(places) - limit)[len(places) - limit]
            places = places[scores[places] >= least]
        return nsmallest(
            limit, (Found(self._ids[place], float(scores[place])) for place in places.tolist()), key=_place
        )

    def _weights(self, tokens: Iterable[str]) -> dict[str, float]:
        """What each token of a query counts for; in their order, so that sums are the same however it was put."""
        asked = dict(islice(Counter(tokens).items(), QUERY_TOKENS_MAX))
        return {token: asked[token] * self._rarity(token) for token in sorted(asked) if self._holding[token]}

    def _rarity(self, token: str) -> float:
        holding = self._holding[token]
        return math.log(1 + (len(self) - holding + 0.5) / (holding + 0.5))

    def _scores(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """The score of every document by its place."""
        scores = np.zeros(len(self._ids))
        damping = self._damped()
        for token, weight in weights.items():
            places = np.frombuffer(self._postings[token].places, dtype=np.intc)
            counts = np.frombuffer(self._postings[token].counts, dtype=np.intc)
            # A removed document is damped without end, and its score is nought.
            scores[places] += weight * (counts * (SATURATION + 1) / (counts + damping[places]))
        return scores

    def _score(self, document_id: str, weights: Mapping[str, float]) -> float:
        """The same of one document, to the last bit: for few of many it is several times faster."""
        place = self._documents[document_id]
        held = self._tokens[place]
        damping = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * (self._lengths[place] / self._mean()))
        score = 0.0
        for token in sorted(weights.keys() & held.keys()):
            score += weights[token] * (held[token] * (SATURATION + 1) / (held[token] + damping))
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
        kept = [(one, self._tokens[place]) for one, place in self._documents.items()]
        self._clear()
        for one, counted in kept:
            self.put(one, list(counted.elements()))


def _place(found: Found) -> tuple[float, str]:
    return -found.score, found.document_id
