"""The scheme of topics as a value: concepts, their relations, and replacements of retired ones.

A concept is named by table and code (`topics/extradition`), because tables share codes. No file is read here, so that
each rule can be tested with a small scheme.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Status = Literal["official", "compiled", "reviewed"]
"""Origin of a label: the source's wording, the project's, or the project's reviewed by a speaker."""

STEPS_MAX = 64
"""Maximum number of replacement steps, to detect cycles."""


class Wording(Struct, frozen=True, kw_only=True):
    """A label of a concept in one language."""

    text: str
    status: Status = "compiled"


class Concept(Struct, frozen=True, kw_only=True):
    """A concept. `broader`, `related` and `replaced_by` name other concepts; `close` names other vocabularies'."""

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
        """The label, followed by the alternative labels."""
        return (self.labels[language], *self.alternatives.get(language, ()))


class Scheme(Struct, frozen=True, kw_only=True):
    """All concepts by name, under one version."""

    version: str
    title: Mapping[str, str]
    concepts: Mapping[str, Concept]

    def tops(self) -> list[Concept]:
        """The concepts without a broader one, except retired ones."""
        return [concept for concept in self.concepts.values() if not concept.broader and not concept.retired]

    def current(self, name: str) -> tuple[str, ...]:
        """The current names of a concept: itself, or all replacements, transitively.

        Empty for a concept retired without replacement. Raises KeyError for a name that never existed, ValueError for a
        cycle of replacements.
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
        raise ValueError(f"{name} has a replacement cycle")

    def distance(self, a: str, b: str) -> int | None:
        """The number of edges of the shortest path between two concepts via a common ancestor; None without one.

        A retired concept has the position of its replacements.
        """
        up_from_a, up_from_b = self._edges_up(a), self._edges_up(b)
        return min((up_from_a[name] + up_from_b[name] for name in up_from_a.keys() & up_from_b.keys()), default=None)

    def _edges_up(self, name: str) -> dict[str, int]:
        """The concept and its ancestors, each with the least number of edges up to it."""
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
    """A scheme of these concepts, with `related` made symmetric."""
    by_name = {concept.name: concept for concept in concepts}
    related: dict[str, dict[str, None]] = {name: dict.fromkeys(one.related) for name, one in by_name.items()}
    for name, concept in by_name.items():
        for other in concept.related:
            related[other][name] = None
    whole = {name: replace(concept, related=tuple(related[name])) for name, concept in by_name.items()}
    return Scheme(version=version, title=title, concepts=MappingProxyType(whole))
