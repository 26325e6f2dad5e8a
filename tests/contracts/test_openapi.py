"""What programs are made of from the OpenAPI document: names of their own, and words for people."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from services.documents.kept import CONTRACTS
from services.documents.shapes import shapes_of

Document = Mapping[str, Any]
PLACE = "#/components/schemas/{name}"


@pytest.fixture(scope="module")
def document() -> Document:
    found: Document = msgspec.json.decode((CONTRACTS / "schemas" / "openapi.json").read_bytes())
    return found


# -- names ------------------------------------------------------------------------------------------------------------


def test_schema_titles_and_component_names_are_unique(document: Document) -> None:
    schemas = document["components"]["schemas"]
    # A generator makes class names of both, in CamelCase, without dots.
    named = Counter(name.lower() for name in schemas)
    titled = Counter(schema["title"].lower() for schema in schemas.values() if "title" in schema)

    assert [] == [name for name in schemas if not name.isalnum()]
    assert [] == [name for names in (named, titled) for name, times in names.items() if times > 1]
    assert [] == [name for name, schema in schemas.items() if schema.get("title", name) != name]


def test_no_schema_has_the_name_of_a_field_of_its_own(document: Document) -> None:
    """openapi-python-client would make one variable of both."""
    schemas = document["components"]["schemas"]

    assert [] == [name for name, schema in schemas.items() if name.lower() in schema.get("properties", ())]


def test_second_type_of_the_same_name_is_refused_until_it_has_a_schema_name() -> None:
    one = msgspec.defstruct("Reason", [("code", str)], module="services.requests.somewhere")
    other = msgspec.defstruct("Reason", [("code", str)], module="services.matching.somewhere")

    with pytest.raises(ValueError, match="NAMES"):
        shapes_of([one, other], place=PLACE)
