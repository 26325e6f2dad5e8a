"""The query of the desk: the filters and the order in its address, as the API names them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct

SEVERAL = ("step", "status", "state", "region", "kind", "topic", "article", "paragraph", "priority", "written_in")
"""Filters whose values are alternatives."""

FLAGS = ("overdue", "paused", "in_remit")
NAMES = ("q", *SEVERAL, "assignee", "waiting_for", *FLAGS, "sort")
DEFAULTS: Mapping[str, str] = {"waiting_for": "me", "sort": "due", "paused": "false", "in_remit": "false"}
VALUES_MAX = 20

Pairs = Sequence[tuple[str, str]]


class WorkQuery(Struct, frozen=True):
    """Filters and an order, by name and value, without default values."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Pairs) -> "WorkQuery":
        """Return the query of those `pairs` that can be part of one, in the order of NAMES, each once."""
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            value = value.strip()
            if value and value != DEFAULTS.get(name) and name in NAMES:
                values = given.setdefault(name, [])
                if name not in SEVERAL:
                    values[:] = [value]
                elif value not in values and len(values) < VALUES_MAX:
                    values.append(value)
        return cls(tuple((name, value) for name in NAMES for value in given.get(name, ())))

    @classmethod
    def from_address(cls, encoded: str) -> "WorkQuery":
        return cls.of(parse_qsl(encoded.partition("?")[2] if "?" in encoded else encoded))

    @property
    def encoded(self) -> str:
        return urlencode(self.pairs)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for one, value in self.pairs if one == name)

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), DEFAULTS.get(name, ""))

    def has(self, name: str, value: str) -> bool:
        return value in self.all(name) or (DEFAULTS.get(name) == value and not self.all(name))

    def set(self, name: str, value: str) -> "WorkQuery":
        """Return the query with this value of a filter only; an empty one removes the filter."""
        return WorkQuery.of([*((one, each) for one, each in self.pairs if one != name), (name, value)])

    def without(self, name: str, value: str) -> "WorkQuery":
        return WorkQuery(tuple(pair for pair in self.pairs if pair != (name, value)))

    @property
    def filters(self) -> "WorkQuery":
        """The query without its order."""
        return WorkQuery(tuple(pair for pair in self.pairs if pair[0] != "sort"))

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters of the list in the API."""
        return {name: self.all(name) if name in SEVERAL else self.all(name)[0] for name in dict(self.pairs)}

    @property
    def body(self) -> dict[str, Any]:
        """The query of a saved view in the API."""
        body: dict[str, Any] = {}
        for name, value in self.pairs:
            if name in SEVERAL:
                body.setdefault(name, []).append(value)
            else:
                body[name] = value == "true" if name in FLAGS else value
        return body
