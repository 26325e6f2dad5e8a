"""How alike two concepts of a poly-hierarchy are, by how much what they have in common says.

Edges alone take a step below a root, where everything is coarse, for as much as one between leaves. Information content
does not: what stands above much says little.
"""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

WHOLLY = 1000
"""The similarity of a concept and itself, in thousandths; no other pair has it."""


class Taxonomy(NamedTuple):
    """Of each concept: itself with all that stands above it, and its information content, 0 to 1."""

    above: Mapping[str, frozenset[str]]
    content: Mapping[str, float]


def taxonomy_of(parents: Mapping[str, Collection[str]]) -> Taxonomy:
    """The taxonomy in which each concept stands right below its parents, all of which are concepts of it.

    The information content is intrinsic, after Seco, Veale and Hayes, "An Intrinsic Information Content Metric for
    Semantic Similarity in WordNet" (ECAI 2004): 1 - log(h + 1) / log(n), where h concepts stand below one of n. Counted
    among the n is a root over all roots, which says nothing: its content is 0, that of a leaf 1.
    """
    above: dict[str, frozenset[str]] = {}
    for code in parents:
        _gather(code, parents, above)
    below = dict.fromkeys(parents, 0)
    for code, ancestors in above.items():
        for ancestor in ancestors - {code}:
            below[ancestor] += 1
    all_of_them = math.log(len(parents) + 1)
    return Taxonomy(above, {code: 1 - math.log(count + 1) / all_of_them for code, count in below.items()})


def _gather(code: str, parents: Mapping[str, Collection[str]], above: dict[str, frozenset[str]]) -> frozenset[str]:
    if code not in above:
        above[code] = frozenset({code}).union(*(_gather(parent, parents, above) for parent in parents[code]))
    return above[code]


def similarity(taxonomy: Taxonomy, a: str, b: str) -> int:
    """How alike two concepts are, in whole thousandths: 1000 for the same one, 0 if nothing stands above both.

    After Lin, "An Information-Theoretic Definition of Similarity" (ICML 1998): twice the content of the most telling
    ancestor that they share, over the sum of their own. Raises KeyError for what is no concept of the taxonomy.
    """
    if a == b and a in taxonomy.above:
        return WHOLLY
    shared = taxonomy.above[a] & taxonomy.above[b]
    if not shared:
        return 0
    told = max(taxonomy.content[code] for code in shared)
    return min(round(WHOLLY * 2 * told / (taxonomy.content[a] + taxonomy.content[b])), WHOLLY - 1)


def likest(taxonomy: Taxonomy, some: Collection[str], others: Collection[str]) -> int:
    """How alike the two are of some and others that are the most alike; 0 where there are none."""
    return max((similarity(taxonomy, one, other) for one in some for other in others), default=0)
