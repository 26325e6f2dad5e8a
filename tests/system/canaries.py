"""Distinct texts for every free field of every body, and the callers who may find them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from contracts.values import NAME
from tests.platform.bodies import DOCUMENT

NUMBERED = re.compile("canary-[0-9a-f]{4}")
NO_WORDS = {"usd_per_unit"}
"""Fields that are strings of digits, in which nothing else can be written."""

CHOSEN = {"email": "{}@people.example", "url": "https://localhost:{port}/{}"}
"""Fields with a required form, of which a part can be chosen."""

FORMS = {"pattern", "enum", "format", "const"}
Schema = dict[str, Any]
Place = tuple[str, ...]
Readers = frozenset[str]
NO_READERS: Readers = frozenset()


OF_A_MAIL = {"/v1/follow-ups/link", "/v1/unsubscribe"}
"""Links of mails: an answer has the body of `/answer`, whose text is planted; unsubscribing takes one value only."""


@dataclass(frozen=True)
class Canary:
    """A text, the field and body in which it was sent, and who may find it."""

    text: str
    operation: str
    place: Place
    readers: Readers

    def __str__(self) -> str:
        return f"{self.operation} {'.'.join(self.place)}"


@dataclass
class Canaries:
    """The texts that were planted. `port` is the port of a webhook's receiver."""

    port: int
    planted: list[Canary] = field(default_factory=list)

    def in_body(
        self, method: str, path: str, body: Any, readers: Readers, by_field: Mapping[str, Readers] = {}
    ) -> tuple[Any, list[Canary]]:
        """Return the body with a text in each free field, which `readers` may find, or others for a field.

        The texts count as planted once they are passed to `keep`.
        """
        filled, new = deepcopy(body), list[Canary]()
        for place, container in free_fields(schema_of(method, path), filled):
            name = place[-1]
            if name not in container:
                text = f"canary-{len(self.planted) + len(new):04x}-{name}"
                container[name] = CHOSEN.get(name, "{}").replace("{port}", str(self.port)).replace("{}", text)
                new.append(Canary(text, f"{method} {path}", place, by_field.get(name, readers)))
        return filled, new

    def keep(self, canaries: Sequence[Canary]) -> None:
        self.planted += canaries

    def named_in(self, text: str) -> list[Canary]:
        numbered = set(NUMBERED.findall(text))
        return [one for one in self.planted if one.text[: len("canary-0000")] in numbered and one.text in text]


def schema_of(method: str, path: str) -> Schema:
    """Return the schema of a body; a body that is not JSON is a file, in which anything can be written."""
    operation = DOCUMENT["paths"][path][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    if content and "application/json" not in content:
        return {"properties": {"body": {"type": "string"}}}
    return dict(content["application/json"]["schema"]) if content else {}


def all_free_fields() -> set[tuple[str, Place]]:
    """Return the free fields of every body of the API."""
    return {
        (f"{method.upper()} {path}", place)
        for path, methods in DOCUMENT["paths"].items()
        if path not in OF_A_MAIL
        for method in methods
        for place in _places(schema_of(method, path))
    }


def _places(schema: Schema, place: Place = ()) -> Iterator[Place]:
    for one in _resolved(schema):
        if _is_free(one) and place[-1] not in NO_WORDS:
            yield place
        for name, inner in one.get("properties", {}).items():
            yield from _places(inner, (*place, name))
        if isinstance(one.get("items"), dict):
            yield from _places(one["items"], place)


def free_fields(schema: Schema, body: Any, place: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield each free field that a body has or may have, with the object that contains it."""
    for one in _resolved(schema):
        if isinstance(body, list) and isinstance(one.get("items"), dict):
            for inner in body:
                yield from free_fields(one["items"], inner, place)
        for name, inner in one.get("properties", {}).items() if isinstance(body, dict) else ():
            if any(map(_is_free, _resolved(inner))) and name not in NO_WORDS:
                yield (*place, name), body
            elif name in body:
                yield from free_fields(inner, body[name], (*place, name))


def _is_free(schema: Schema) -> bool:
    """Check whether text can be chosen: in a string without a form, or one that is a name or an e-mail address."""
    pattern = schema.get("pattern", "")
    return schema.get("type") == "string" and (not FORMS & schema.keys() or "@" in pattern or pattern == NAME)


def _resolved(schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema, with references resolved."""
    if "$ref" in schema:
        return _resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return [one for inner in schema.get("anyOf", schema.get("oneOf", ())) for one in _resolved(inner)] or [schema]
