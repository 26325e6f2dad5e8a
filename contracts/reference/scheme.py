"""The scheme of topics as a value: concepts, how they stand to each other, and what came after those that were retired.

A concept is named by its table and its code (`topics/extradition`): tables have codes in common. Nothing here reads a
file, so that every rule can be tried on a scheme made up for it.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Status = Literal["official", "compiled", "reviewed"]
"""Whose words: the named source's, the project's own, or the project's approved by a speaker of the language."""

STEPS_MAX = 64
"""No concept is retired this often; past it the replacements go in a circle."""


class Wording(Struct, frozen=True, kw_only=True):
    """One label of a concept in one language."""

    text: str
    status: Status = "compiled"


class Concept(Struct, frozen=True, kw_only=True):
    """One node. `broader`, `related` and `replaced_by` name other concepts; `close` is near it elsewhere."""

    table: str
    code: str
    labels: Mapping[str, Wording]
    alternatives: Mapping[str, tuple[Wording, ...]]
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    retired: bool = False
    replaced_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.table}/{self.code}"

    def wordings(self, language: str) -> tuple[Wording, ...]:
        """The label, then the alternative labels."""
        return (self.labels[language], *self.alternatives.get(language, ()))


class Scheme(Struct, frozen=True, kw_only=True):
    """All concepts by their names, under one version."""

    version: str
    title: Mapping[str, str]
    concepts: Mapping[str, Concept]

    def tops(self) -> list[Concept]:
        """The concepts with nothing above them, retired ones left out."""
        return [concept for concept in self.concepts.values() if not concept.broader and not concept.retired]

    def current(self, name: str) -> tuple[str, ...]:
        """What a concept is called today: itself, or all that replaced it, over as many steps as it took.

        Of one retired without a replacement, nothing. Raises KeyError for a name that never was.
        """
        names = [name]
        for _ in range(STEPS_MAX):
            if not any(self.concepts[one].retired for one in names):
                return tuple(dict.fromkeys(names))
            names = [
                now
                for one in names
                for now in (self.concepts[one].replaced_by if self.concepts[one].retired else [one])
            ]
        raise ValueError(f"{name} is replaced in a circle")

    def distance(self, a: str, b: str) -> int | None:
        """The edges from one concept up to what stands above both and down to the other, by the shortest way.

        None if nothing stands above both. One that was retired stands where those stand that replaced it.
        """
        up_from_a, up_from_b = self._edges_up(a), self._edges_up(b)
        return min((up_from_a[name] + up_from_b[name] for name in up_from_a.keys() & up_from_b.keys()), default=None)

    def _edges_up(self, name: str) -> dict[str, int]:
        """The concept and all that stand above it, each with the fewest edges up to it."""
        frontier = list(self.current(name))
        edges = dict.fromkeys(frontier, 0)
        while frontier:
            above = [(parent, edges[one] + 1) for one in frontier for parent in self.concepts[one].broader]
            frontier = []
            for parent, distance in above:
                if parent not in edges:
                    edges[parent] = distance
                    frontier.append(parent)
        return edges


def scheme_of(concepts: Iterable[Concept], *, version: str, title: Mapping[str, str]) -> Scheme:
    """A scheme of these concepts, in which whoever is related to somebody is so in both directions."""
    by_name = {concept.name: concept for concept in concepts}
    related: dict[str, dict[str, None]] = {name: dict.fromkeys(one.related) for name, one in by_name.items()}
    for name, concept in by_name.items():
        for other in concept.related:
            related[other][name] = None
    whole = {name: replace(concept, related=tuple(related[name])) for name, concept in by_name.items()}
    return Scheme(version=version, title=title, concepts=MappingProxyType(whole))
