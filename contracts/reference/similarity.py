"""Similarity of two concepts of a poly-hierarchy by the information content of their common ancestors.

Counting edges would give an edge below a root, where concepts are coarse, the weight of an edge between leaves. An
ancestor of many concepts has little information content.
"""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

IDENTICAL = 1000
"""The similarity of a concept to itself, in thousandths; no other pair reaches it."""


class Taxonomy(NamedTuple):
    """For each concept, the set of itself and its ancestors, and its information content from 0 to 1."""

    above: Mapping[str, frozenset[str]]
    content: Mapping[str, float]


def taxonomy_of(parents: Mapping[str, Collection[str]]) -> Taxonomy:
    """The taxonomy with these parents, all of which are concepts of it.

    The information content is intrinsic, after Seco, Veale and Hayes, "An Intrinsic Information Content Metric for
    Semantic Similarity in WordNet" (ECAI 2004): 1 - log(h + 1) / log(n), for a concept with h descendants among n. The
    n include a virtual root of all roots, whose content is 0; the content of a leaf is 1.
    """
    above: dict[str, frozenset[str]] = {}
    for code in parents:
        _ancestors(code, parents, above)
    below = dict.fromkeys(parents, 0)
    for code, ancestors in above.items():
        for ancestor in ancestors - {code}:
            below[ancestor] += 1
    all_of_them = math.log(len(parents) + 1)
    return Taxonomy(above, {code: 1 - math.log(count + 1) / all_of_them for code, count in below.items()})


def _ancestors(code: str, parents: Mapping[str, Collection[str]], above: dict[str, frozenset[str]]) -> frozenset[str]:
    if code not in above:
        above[code] = frozenset({code}).union(*(_ancestors(parent, parents, above) for parent in parents[code]))
    return above[code]


def similarity(taxonomy: Taxonomy, a: str, b: str) -> int:
    """The similarity of two concepts in thousandths: 1000 for the same one, 0 without a common ancestor.

    The formula is that of Lin, "An Information-Theoretic Definition of Similarity" (ICML 1998): twice the content of
    their most informative common ancestor, divided by the sum of their own contents. Raises KeyError for an unknown
    concept.
    """
    if a == b and a in taxonomy.above:
        return IDENTICAL
    shared = taxonomy.above[a] & taxonomy.above[b]
    if not shared:
        return 0
    shared_content = max(taxonomy.content[code] for code in shared)
    return min(round(IDENTICAL * 2 * shared_content / (taxonomy.content[a] + taxonomy.content[b])), IDENTICAL - 1)


def highest_similarity(taxonomy: Taxonomy, some: Collection[str], others: Collection[str]) -> int:
    """The highest similarity between a concept of `some` and one of `others`; 0 if either is empty."""
    return max((similarity(taxonomy, one, other) for one in some for other in others), default=0)
