"""Every list of the API is an object, and a page that leads to the next one."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from chassis.auth.tokens import NoDirectory
from chassis.http.application import application
from services.documents.stored_examples import CONTRACTS
from services.reference import ROUTES

OF_ONE_RECORD = {
    "/health/ready": "what is ready",
    "/v1/calendar/{year}": "one year with its holidays",
    "/v1/criteria": "the criteria in force",
    "/v1/attachments/quotas": "one State with its quotas",
    "/v1/funds/{code}/years": "one fund by year",
    "/v1/ledger/periods/{year}": "one year with its checklist",
    "/v1/ledger/balances": "sums of one moment",
    "/v1/requests/counts": "figures",
    "/v1/requests/{request_id}/audience": "who reads one request",
    "/v1/review-progress/table": "one table of a State",
}
"""A record or a table of figures, whole or not at all."""

BEST_OF_ALL = {"/v1/reference/search", "/v1/matches/similar", "/v1/matches/cohorts"}
"""Answers with the best of what was compared, as many as asked for: there is no next page."""

OTHER_STANDARDS = {"/.well-known/jwks.json"}
"""RFC 7517 gives the answer its shape."""


@pytest.fixture(scope="module")
def document() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((CONTRACTS / "schemas" / "openapi.json").read_text(encoding="utf-8"))
    return found


def test_no_answer_is_a_bare_array(document: Mapping[str, Any]) -> None:
    assert [] == [path for path, _, shape in answers(document) if shape.get("type") == "array"]


def test_every_list_is_a_page(document: Mapping[str, Any]) -> None:
    lists = {path: operation for path, operation, shape in answers(document) if is_list(shape, document)}
    known = OF_ONE_RECORD.keys() | BEST_OF_ALL | OTHER_STANDARDS

    assert len(lists) > 70
    assert set() == known - document["paths"].keys()
    for path, operation in lists.items():
        if path not in known:
            assert {"cursor", "limit"} <= names(operation, document), path
            assert "Link" in operation["responses"]["200"]["headers"], path


async def test_list_that_is_read_whole_is_paged_to_its_end() -> None:
    transport = httpx.ASGITransport(application([], NoDirectory(), routes=ROUTES))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as api:
        whole = (await api.get("/v1/reference/countries")).json()
        path, read = "/v1/reference/countries?limit=50", []
        while path:
            answer = (await api.get(path)).raise_for_status()
            read += answer.json()["entries"]
            path = answer.links.get("next", {}).get("url", "")
            assert bool(path) is (answer.json()["cursor"] is not None)
        refused = await api.get("/v1/reference/countries?cursor=nothing")

    assert whole["cursor"] is None
    assert len(whole["entries"]) > 50
    assert whole["entries"] == read
    assert (400, "invalid-field", "cursor") == (
        refused.status_code,
        refused.json()["slug"],
        refused.json()["details"]["field"],
    )


def answers(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield path, operation and schema of each GET that answers JSON."""
    for path, methods in document["paths"].items():
        for operation in [methods["get"]] if "get" in methods else ():
            shape = operation["responses"]["200"].get("content", {}).get("application/json", {}).get("schema")
            if shape is not None:
                yield path, operation, resolved(shape, document)


def is_list(shape: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Check whether the answer is a list of records with at most a few values beside it, not a record with a list."""
    fields = shape.get("properties", {})
    lists = [one for one in fields.values() if one.get("type") == "array" and "$ref" in one.get("items", {})]
    return "revision" not in fields and len(lists) == 1 and len(fields) <= 5


def names(operation: Mapping[str, Any], document: Mapping[str, Any]) -> set[str]:
    return {str(resolved(one, document)["name"]) for one in operation["parameters"]}


def resolved(shape: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in shape:
        return shape
    found: Any = document
    for part in shape["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found, document)
