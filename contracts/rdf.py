"""Statements of RDF, written in Turtle and in JSON-LD 1.1 with the same content."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


class Iri(Struct, frozen=True):
    """A resource, by its full URI."""

    name: str


class Text(Struct, frozen=True):
    """A literal, with an optional language or data type (a prefixed name)."""

    words: str
    language: str | None = None
    datatype: str | None = None


Value = Iri | Text | bool
Subject = tuple[str, str, Sequence[tuple[str, Value]]]
"""A subject: its URI, its class, and its statements in order."""


def turtle(prefixes: Mapping[str, str], subjects: Iterable[Subject]) -> str:
    """Return the statements in Turtle."""
    head = [f"@prefix {short}: <{whole}> ." for short, whole in prefixes.items()]
    described = []
    for name, kind, said in subjects:
        lines = [f"<{name}> a {kind}", *(f"    {predicate} {_in_turtle(value)}" for predicate, value in said)]
        described.append(" ;\n".join(lines) + " .")
    return "\n".join(head) + "\n\n" + "\n\n".join(described) + "\n"


def json_ld(prefixes: Mapping[str, str], subjects: Iterable[Subject]) -> str:
    """Return the statements in JSON-LD 1.1."""
    graph: list[dict[str, Any]] = []
    for name, kind, said in subjects:
        node: dict[str, Any] = {"@id": name, "@type": kind}
        for predicate, value in said:
            node.setdefault(predicate, []).append(_in_json(value))
        graph.append(node)
    return json.dumps({"@context": prefixes, "@graph": graph}, ensure_ascii=False)


def _in_turtle(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Iri):
        return f"<{value.name}>"
    of = f"@{value.language}" if value.language else f"^^{value.datatype}" if value.datatype else ""
    return f'"{value.words.translate(ESCAPED)}"{of}'


def _in_json(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"@value": value}
    if isinstance(value, Iri):
        return {"@id": value.name}
    found = {"@value": value.words}
    if value.language:
        found["@language"] = value.language
    elif value.datatype:
        found["@type"] = value.datatype
    return found
