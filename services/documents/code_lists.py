"""The code list (`/v1/reference/…`) of each field that holds codes, for the OpenAPI document.

A list closed by a treaty, a resolution or the United Nations is an `enum`. Others grow or are maintained elsewhere (ISO
3166-1, ISO 4217): with an `enum`, generated clients would refuse later codes. Their fields have the URL of the list in
`x-code-list`.
"""

from collections.abc import Mapping
from typing import Any, get_args

from contracts import reference

CODE_LIST = "x-code-list"

FIELDS: Mapping[str, str] = {
    "kind": "kinds",
    "kinds": "kinds",
    "topic": "topics",
    "topics": "topics",
    "articles": "articles",
    "paragraphs": "paragraphs",
    "pillars": "pillars",
    "instrument": "instruments",
    "treaties": "instruments",
    "institution": "institutions",
    "modality": "modalities",
    "modalities": "modalities",
    "cluster": "review_clusters",
    "form": "in_kind_forms",
    "activity_kind": "activity_kinds",
    "interpretation": "languages",
    "languages": "languages",
    "language": "languages",
    "region": "regions",
    "regions": "regions",
    "state": "countries",
    "states": "countries",
    "addressed_states": "countries",
    "excluded_states": "countries",
    "income_groups": "income_groups",
    "special_groups": "special_groups",
    "currency": "currencies",
    "rate_currency": "currencies",
}
"""Maps each field or parameter that is a string of a code list to that list."""

CLOSED: Mapping[str, tuple[str, str]] = {
    "instruments": ("Instrument", "The Convention and its three Protocols."),
    "paragraphs": ("Paragraph", "The paragraphs of the annexes of resolution 11/2."),
    "pillars": ("Pillar", "The pillars of resolution 11/2, annex II (c)."),
    "languages": ("Language", ""),
    "income_groups": ("IncomeGroup", "The World Bank's groups of low and middle income."),
    "special_groups": ("SpecialGroup", "The special groups of the United Nations."),
    "regions": ("RegionalGroup", "The regional groups of the United Nations."),
}
"""Schema names and descriptions of the closed lists; the schema of languages exists already."""


def closed_schemas() -> dict[str, Any]:
    codes = {
        "instruments": reference.instruments(),
        "paragraphs": reference.paragraphs(),
        "pillars": reference.pillars(),
        "income_groups": reference.income_groups(),
        "special_groups": reference.special_groups(),
        "regions": get_args(reference.Region),
    }
    return {
        CLOSED[table][0]: {"title": CLOSED[table][0], "description": CLOSED[table][1], "enum": sorted(members)}
        for table, members in codes.items()
    }


def with_code_lists(named: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the schemas with the code list of each field, and the schemas of the closed lists."""
    coded_schemas = {
        name: schema
        | (
            {"properties": {field: coded(field, shape, place) for field, shape in schema["properties"].items()}}
            if "properties" in schema
            else {}
        )
        for name, schema in named.items()
    }
    return coded_schemas | closed_schemas()


def coded(field: str, shape: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the schema of a field or parameter, with its code list if it has one."""
    return _coded(FIELDS[field], shape, place) if field in FIELDS else dict(shape)


def _coded(table: str, shape: Mapping[str, Any], place: str) -> dict[str, Any]:
    if "anyOf" in shape:
        return {**shape, "anyOf": [_coded(table, arm, place) for arm in shape["anyOf"]]}
    if shape.get("type") == "array":
        return {**shape, "items": _coded(table, shape.get("items", {}), place)}
    if shape.get("type") != "string" or "enum" in shape:
        return dict(shape)
    if table not in CLOSED:
        return {**shape, CODE_LIST: f"/v1/reference/{table}"}
    kept = {key: value for key, value in shape.items() if key in {"description", "default"}}
    return {"$ref": place.format(name=CLOSED[table][0]), **kept}
