"""JSON Schemas as HTML: a table of fields, or one line."""

import json
from collections.abc import Mapping
from typing import Any

from services.documents.markup import Content, Html, inline, join, prose, separated, table, tag

Document = Mapping[str, Any]
_LIMITS = {
    "minLength": ("at least ", " characters"),
    "maxLength": ("at most ", " characters"),
    "minimum": ("at least ", ""),
    "maximum": ("at most ", ""),
    "minItems": ("at least ", " of them"),
    "maxItems": ("at most ", " of them"),
    "pattern": ("matches ", ""),
}


def schema_article(name: str, schema: Document) -> Html:
    parts: list[Content] = [tag("h3", name, id=f"shape-{name}"), prose(schema.get("description", ""))]
    if members := schema.get("properties"):
        required = schema.get("required", ())
        rows: list[tuple[Content, ...]] = [
            (
                tag("code", member),
                schema_type(shape),
                "required" if member in required else _default(shape),
                inline(shape.get("description", "")),
            )
            for member, shape in members.items()
        ]
        parts.append(table(("field", "type", "needed", "meaning"), rows, label=f"Fields of {name}"))
        if schema.get("additionalProperties") is False:
            parts.append(tag("p", "Any other field is refused."))
    else:
        parts.append(tag("p", schema_type(schema)))
    return tag("article", *parts, aria_labelledby=f"shape-{name}")


def _default(schema: Document) -> Html:
    if schema.get("default") is None:
        return join("optional")
    return join("optional: ", tag("code", json.dumps(schema["default"], ensure_ascii=False)))


def schema_type(schema: Document) -> Html:
    """Return a schema as text, with links to named schemas."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return tag("a", name, href=f"#shape-{name}")
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return separated([schema_type(one) for one in schema[several]], " or ")
    if "enum" in schema:
        return separated([tag("code", str(one)) for one in schema["enum"]], ", ")
    if "const" in schema:
        return tag("code", str(schema["const"]))
    if schema.get("type") == "array":
        return join("list of ", schema_type(schema.get("items", {})), _limits(schema))
    said = schema.get("format") or schema.get("type") or "anything"
    return join(said, _limits(schema))


def _limits(schema: Document) -> Html:
    limits = [
        join(before, tag("code", str(schema[key])), after) for key, (before, after) in _LIMITS.items() if key in schema
    ]
    return join(" (", separated(limits, ", "), ")") if limits else join()
