"""The OpenAPI document as the source of generated programs: unique names, and descriptions for people."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from chassis.auth.tokens import NoDirectory
from chassis.http.application import application
from chassis.http.problems import MEDIA_TYPE
from chassis.sheets.templates import TableFormat
from contracts import reference
from contracts.notifications import Record
from contracts.reference.refusal_words import refusal_words
from services.documents.descriptions import descriptions
from services.documents.shapes import shapes_of
from services.documents.stored_examples import CONTRACTS
from services.notifications.notices.audience import notices
from services.notifications.webhooks import model as webhook
from services.notifications.webhooks import signing
from services.notifications.webhooks.sender import USER_AGENT
from services.notifications.webhooks.signing import Scheme
from services.reference import ROUTES
from tests.builders import NOON
from tests.contracts.example_codes import unknown_codes
from tests.contracts.steps import schema_faults

Document = Mapping[str, Any]
NO_CODES = {"donor: Government of Norway", "kind: state", "kind: court_decision", "kind: case_party"}
"""Values that are not codes of a table: texts of an import, a type of organization, and kinds of contributions."""
WORDS = {
    "NewSubject.subject",
    "NotificationView.subject",
    "PersonSubject.subject",
    "Drawn.purpose",
    "AgreementTexts.clauses",
    "DraftedLine.outcome",
    "LinePatch.outcome",
    "LineView.outcome",
    "NewLine.outcome",
    "NewTranslatedLine.outcome",
    "TranslatedLineView.outcome",
    "MailSummary.subject",
    "MailView.subject",
    "LoadedRate.source",
    "NewRate.source",
    "Rate.source",
    "ReportedFlow.flow_type",
}
"""Fields of free text, or of another system's values, that share the name of an enum field elsewhere."""
MANY_SETS = {"reason", "result", "type", "owner"}
"""Names of fields whose codes belong to another set in each schema; some of those sets grow."""
PLACE = "#/components/schemas/{name}"


@pytest.fixture(scope="module")
def document() -> Document:
    return read("openapi")


# -- names ------------------------------------------------------------------------------------------------------------


def test_schema_titles_and_component_names_are_unique(document: Document) -> None:
    schemas = document["components"]["schemas"]
    # A generator makes class names of both, in CamelCase and without dots.
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


# -- media types ------------------------------------------------------------------------------------------------------


def test_operation_with_a_table_format_documents_each_media_type(document: Document) -> None:
    """A table is XLSX or CSV by the parameter `format`; a client generator reads only documented media types."""
    expected = {one.media_type for one in TableFormat}
    documented = {
        one["operationId"]: set(one["responses"]["200"]["content"])
        for one in operations(document)
        for parameter in one["parameters"]
        if parameter.get("schema", {}).get("$ref") == "#/components/schemas/TableFormat"
    }

    assert len(documented) >= 5
    assert {} == {name: found for name, found in documented.items() if found != expected}


# -- descriptions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["openapi", "asyncapi"])
def test_every_schema_and_every_field_is_described(name: str) -> None:
    """Add missing descriptions to services/documents/descriptions.json, or as docstrings."""
    schemas = read(name)["components"]["schemas"]
    lacking = [schema for schema, shape in schemas.items() if not shape.get("description")]
    lacking += [
        f"{schema}.{field}"
        for schema, shape in schemas.items()
        for field, of in shape.get("properties", {}).items()
        if not of.get("description")
    ]

    assert [] == lacking


def test_every_operation_and_every_parameter_is_described(document: Document) -> None:
    """Add missing descriptions to services/documents/descriptions.json, or as docstrings."""
    lacking = [one["operationId"] for one in operations(document) if not one.get("description")]
    lacking += [
        f"{one['operationId']}.{parameter['name']}"
        for one in operations(document)
        for parameter in one["parameters"]
        if "$ref" not in parameter and not parameter.get("description")
    ]
    shared = document["components"]

    assert [] == lacking
    assert all(one["description"] for part in ("parameters", "headers", "responses") for one in shared[part].values())


def test_every_description_in_the_table_is_of_something(document: Document) -> None:
    schemas = [one for of in (document, read("asyncapi")) for one in of["components"]["schemas"].items()]
    fields = {f"{name}.{field}" for name, shape in schemas for field in shape.get("properties", ())}
    parameters = {
        f"{one['operationId']}.{parameter['name']}"
        for one in operations(document)
        for parameter in one["parameters"]
        if "$ref" not in parameter
    }
    table = descriptions()

    assert set() == table.schemas.keys() - {name for name, _ in schemas}
    assert set() == table.fields.keys() - fields - {name.split(".", 1)[1] for name in fields}
    assert set() == table.parameters.keys() - parameters - {name.split(".", 1)[1] for name in parameters}
    assert set() == table.operations.keys() - {one["operationId"] for one in operations(document)}


# -- code lists -----------------------------------------------------------------------------------------------------


def test_closed_list_is_an_enum_and_an_open_one_says_where_it_is_read(document: Document) -> None:
    line = document["components"]["schemas"]["NewLine"]["properties"]
    schemas = document["components"]["schemas"]

    assert {"$ref": "#/components/schemas/Pillar"} == line["pillars"]["items"]
    assert sorted(reference.pillars()) == schemas["Pillar"]["enum"]
    assert sorted(reference.paragraphs()) == schemas["Paragraph"]["enum"]
    kind, _ = line["kind"]["anyOf"]
    assert "/v1/reference/kinds" == kind["x-code-list"]
    assert "enum" not in kind


def test_text_of_a_closed_set_is_an_enum_everywhere(document: Document) -> None:
    """A field that is an enum in one schema is an enum in all; so is every field named as a status."""
    schemas = document["components"]["schemas"]
    fields = [
        (f"{name}.{field}", field, shape)
        for name, schema in schemas.items()
        for field, shape in schema.get("properties", {}).items()
    ]
    closed = {field for _, field, shape in fields if any("enum" in one for one in alternatives(shape, schemas))}
    named = {field for _, field, _ in fields if field.endswith("status")}
    asked = (closed | named) - MANY_SETS

    assert WORDS == {where for where, field, shape in fields if field in asked and is_free_text(shape, schemas)}


async def test_every_code_list_that_is_named_is_there(document: Document) -> None:
    named = set(re.findall(r'"x-code-list": ?"([^"]+)"', json.dumps(document)))

    assert {"/v1/reference/countries", "/v1/reference/kinds"} <= named
    transport = httpx.ASGITransport(application([], NoDirectory(), routes=ROUTES))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as api:
        assert [] == [path for path in named if (await api.get(path)).status_code != 200]


# -- examples -------------------------------------------------------------------------------------------------------


def test_every_success_has_an_example_that_fits_its_schema(document: Document) -> None:
    """Add examples of new fields to services/documents/sample_answers.py."""
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items() if status.startswith("2") else ():
                if content["schema"].get("format") != "binary" and media_type != "application/ld+json":
                    where = f"{operation['operationId']} {status} {media_type}"
                    assert content.get("example") is not None, where
                    assert [] == faults(content["example"], content["schema"], document), where
                    assert NO_CODES >= set(unknown_codes(content["example"])), where
                    assert "example" not in json.dumps(content["example"]).replace(".example", ""), where


def test_every_problem_has_an_example_that_fits_its_schema(document: Document) -> None:
    shared = document["components"]["responses"].items()
    own = [(status, one) for each in operations(document) for status, one in each["responses"].items()]
    reported = [(status, one["content"]) for status, one in [*shared, *own] if "content" in one]
    problems = [(status, content[MEDIA_TYPE]) for status, content in reported if MEDIA_TYPE in content]

    assert len(problems) > len(document["components"]["responses"])
    for status, content in problems:
        assert [] == faults(content["example"], content["schema"], document)
        assert content["example"]["slug"] in refusal_words()
        assert status.removeprefix("Problem") in {str(content["example"]["status"]), "", "default"}


# -- webhooks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", Scheme)
def test_what_is_sent_to_a_webhook_is_what_the_document_says(document: Document, scheme: Scheme) -> None:
    reported = document["webhooks"]["event"]["post"]
    record = Record(aggregate="match", id=str(uuid4()), version=3)
    body = webhook.payload("matching.match.presented.v1:provider", uuid4(), record, NOON)
    keys = [b"a key, of thirty-two bytes or so", b"the one before it, for a day yet"]
    sent = signing.headers(scheme, keys, str(uuid4()), 1_795_600_000, body) | {"User-Agent": USER_AGENT}

    assert [] == faults(
        msgspec.json.decode(body), reported["requestBody"]["content"]["application/json"]["schema"], document
    )
    assert sent.keys() == {one["name"] for one in reported["parameters"]}
    for one in reported["parameters"]:
        assert [] == faults(sent[one["name"]], one["schema"], document)
        assert [] == faults(one["example"], one["schema"], document)


def test_document_names_every_event_type_of_webhooks(document: Document) -> None:
    described = document["webhooks"]["event"]["post"]["description"]

    assert {name.partition(":")[0] for name in notices()} <= set(re.findall(r"`([a-z_.-]+\.v\d+)`", described))


# -- helpers ----------------------------------------------------------------------------------------------------------


def read(name: str) -> Document:
    found: Document = msgspec.json.decode((CONTRACTS / "schemas" / f"{name}.json").read_bytes())
    return found


def operations(document: Document) -> Iterator[Mapping[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def alternatives(shape: Mapping[str, Any], schemas: Document) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that a value of this schema, or an item of it, may have; references are followed."""
    if "$ref" in shape:
        yield from alternatives(schemas[shape["$ref"].rpartition("/")[2]], schemas)
    elif "anyOf" in shape:
        for arm in shape["anyOf"]:
            yield from alternatives(arm, schemas)
    elif shape.get("type") == "array":
        yield from alternatives(shape.get("items", {}), schemas)
    else:
        yield shape


def is_free_text(shape: Mapping[str, Any], schemas: Document) -> bool:
    return any(
        one.get("type") == "string" and not {"enum", "const", "format", "x-code-list"} & one.keys()
        for one in alternatives(shape, schemas)
    )


def faults(value: Any, schema: Mapping[str, Any], document: Document) -> list[str]:
    return schema_faults(value, {**schema, "components": document["components"]})
