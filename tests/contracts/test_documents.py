"""The API's documents agree with the code, according to independent validators."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from chassis.http.bodies import errors_of
from services.composition import all_services
from services.documents.files import inert_application, text_of, write
from services.documents.openapi import documented, openapi
from services.documents.stored_examples import CONTRACTS
from services.pledges.policy import Action
from tests.contracts.example_codes import unknown_codes
from tests.contracts.steps import schema_faults

NOT_DOCUMENTED = {
    "/metrics",
    "/docs",
    "/docs/api/{group}",
    "/docs/shapes",
    "/docs/shapes/{group}",
    "/docs/events",
    "/docs/events/of/{group}",
    "/docs/events/shapes",
    "/docs/events/shapes/{group}",
    "/docs/permissions",
    "/docs/style.css",
    "/problems",
    "/problems/{slug}",
    "/internal/addresses",
    "/internal/events",
    "/internal/budgets",
    "/internal/callers",
    "/internal/consents",
    "/internal/matches/{match_id}/funding-gap",
    "/internal/pledges/{pledge_id}/balance",
    "/internal/requests/{request_id}/words",
    "/internal/shown",
    "/internal/withdrawn",
    "/internal/titles",
    "/internal/subjects",
}
PUBLIC = {
    "/health/live",
    "/health/ready",
    "/openapi.json",
    "/asyncapi.json",
    "/v1/reference/{table}",
    "/v1/reference/search",
    "/v1/reference/scheme",
    "/v1/reference/reasons/{move}",
    "/v1/public/requests",
    "/v1/public/requests/{request_id}",
    "/v1/public/offerings",
    "/v1/public/offerings/{offering_id}",
    "/v1/public/funds",
    "/v1/public/figures/{figure}",
    "/v1/public/figures/{figure}/table",
    "/v1/public/figures/{figure}/chart",
    "/v1/public/datasets",
    "/v1/public/catalogue",
    "/v1/public/requests.csv",
    "/v1/public/requests.jsonl",
    "/v1/public/offerings.csv",
    "/v1/public/offerings.jsonl",
    "/v1/public/funds.csv",
    "/v1/public/funds.jsonl",
    "/v1/public/legislation.csv",
    "/v1/public/legislation.jsonl",
    "/v1/public/figures.csv",
    "/v1/public/figures.jsonl",
    "/v1/token",
    "/v1/follow-ups/link",
    "/v1/legislation/checks/link",
    "/v1/matches/link",
    "/v1/unsubscribe",
    "/.well-known/jwks.json",
}

_AS_THEY_STAND = "records as they stand; statements, flows, funds and the books say what they came to by a moment"
OF_NO_MOMENT = {
    "/v1/pledges": _AS_THEY_STAND,
    "/v1/pledges/{pledge_id}": _AS_THEY_STAND,
    "/v1/allocations": _AS_THEY_STAND,
    "/v1/allocations/{allocation_id}": _AS_THEY_STAND,
    "/v1/activities": _AS_THEY_STAND,
    "/v1/activities/{activity_id}": _AS_THEY_STAND,
    "/v1/in-kind-contributions": _AS_THEY_STAND,
    "/v1/in-kind-contributions/{in_kind_contribution_id}": _AS_THEY_STAND,
    "/v1/requirements": _AS_THEY_STAND,
    "/v1/requirements/unfunded": _AS_THEY_STAND,
    "/v1/funds/{code}/requirements": "what was stated of a fund's needs, to which is only added",
    "/v1/proposals": "what was proposed and who decided of it and when, to which is only added",
    "/v1/proposals/{proposal_id}": "what was proposed, and who decided of it and when",
    "/v1/ledger/periods": "what was carried forward as each year was closed, to which is only added",
    "/v1/ledger/periods/{year}": "what keeps a year open now; of a closed one what was carried forward",
    "/v1/imports": "tables that others reported, as they came",
    "/v1/imports/{import_id}": "a table that others reported, as it came",
    "/v1/imports/{import_id}/flows": "what others reported, counted nowhere",
    "/v1/rates": "rates of exchange, each for its days and never changed",
    "/v1/events/pledges": "what happens from now on",
}
"""Routes of the ledger that take no `as_of`, each with the reason: they return records, constant data, or no money."""


@pytest.fixture(scope="module")
def app() -> Litestar:
    return inert_application(all_services())


@pytest.fixture(scope="module")
def document(app: Litestar) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text_of(openapi(app)))
    return found


# -- the files --------------------------------------------------------------------------------------------------------


def test_the_committed_files_are_what_the_code_says() -> None:
    assert 0 == write(all_services(), check=True), "run `entraide schemas` and commit the written files"


@pytest.mark.soak
def test_a_kept_example_is_never_changed_and_a_schema_always_follows(tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    assert 0 == write(all_services(), check=False, folder=folder)
    example = folder / "examples" / "requests.request.opened.v1.json"
    schema = folder / "schemas" / "facts" / "requests.request.opened.v1.json"
    left_over = folder / "schemas" / "facts" / "requests.request.forgotten.v1.json"
    old = example.read_text(encoding="utf-8").replace('"high"', '"low"')
    example.write_text(old, encoding="utf-8")
    schema.write_text("{}", encoding="utf-8")
    left_over.write_text("{}", encoding="utf-8")

    assert 1 == write(all_services(), check=True, folder=folder)
    assert 0 == write(all_services(), check=False, folder=folder)

    assert old == example.read_text(encoding="utf-8")
    assert "urn:entraide:requests.request.opened.v1" == json.loads(schema.read_text(encoding="utf-8"))["$id"]
    assert not left_over.exists()


# -- the API ----------------------------------------------------------------------------------------------------------


def test_the_openapi_document_is_valid(document: Mapping[str, Any]) -> None:
    # The import takes seconds, which every run of some tests would have to wait for.
    from openapi_spec_validator import validate

    validate(document)


def test_every_route_is_documented_and_every_documented_route_is_there(
    app: Litestar, document: Mapping[str, Any]
) -> None:
    live = {
        (route.path_format, method)
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format not in NOT_DOCUMENTED
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    reported = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}

    assert live == reported


def test_the_moment_of_an_answer_has_one_name() -> None:
    documents = (CONTRACTS / "schemas").rglob("*.json")
    assert [] == [path.name for path in documents if "as_at" in path.read_text(encoding="utf-8")]


def test_only_the_routes_listed_here_need_no_token(document: Mapping[str, Any]) -> None:
    assert PUBLIC == {path for path, _, operation in _operations(document) if operation.get("security") == []}


def test_every_command_takes_a_key_and_every_change_of_a_record_a_revision(document: Mapping[str, Any]) -> None:
    without_key = {path for path, method, one in _operations(document) if method == "post" and not _takes(one, "Key")}
    without_revision = {
        path
        for path, method, one in _operations(document)
        if method in {"post", "patch", "delete"} and "{" in path and not _takes(one, "Revision")
    }

    change_nothing = {"/v1/requests/check", "/v1/matches/topics", "/v1/matches/preview", "/v1/token"}
    # A repeat of what a link in a mail does has no second effect.
    links = {"/v1/follow-ups/link", "/v1/legislation/checks/link", "/v1/matches/link", "/v1/unsubscribe"}
    assert change_nothing | links == without_key
    undoes_nothing = {"/v1/notifications/{notification_id}/read", "/v1/webhooks/{webhook_id}/test"}
    # Closing or reopening a year cannot be repeated, whatever revision the caller has seen.
    once = {"/v1/ledger/periods/{year}/close", "/v1/ledger/periods/{year}/reopen"}
    # The same holds for a flow reported by others, of which nothing else is ever changed.
    once |= {"/v1/imports/{import_id}/flows/{line}/pledge"}
    # There is one of each: if two callers write it, the second is refused.
    once |= {f"/v1/{each}/translations" for each in ("requests/{request_id}", "offerings/{offering_id}")}
    once |= {"/v1/requests/{request_id}/summary", "/v1/deliveries/{delivery_id}/agreement"}
    # An event has no revision; a move of an event that is no longer parked is refused.
    services = ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "reports")
    once |= {f"/v1/parked/{one}/{{event_id}}/{move}" for one in services for move in ("release", "discard")}
    # These commands add a record and change none.
    once |= {f"/v1/deliveries/{{delivery_id}}/{each}" for each in ("files", "messages", "messages/read", "sessions")}
    once |= {f"/v1/deliveries/{{delivery_id}}/{each}" for each in ("results", "action-points", "screenings", "effects")}
    once.add("/v1/strategies/{strategy_id}/action-points")
    # Each State has one vote: those of others do not conflict with it, and a second one is refused.
    once |= {f"/v1/extensions/{{extension_id}}/{move}" for move in ("vote", "withdraw-vote")}
    assert undoes_nothing | once == without_revision


def test_whatever_reports_money_can_be_asked_as_of_a_moment(app: Litestar, document: Mapping[str, Any]) -> None:
    reported = {
        path: {one.get("name") for one in document["paths"][path]["get"]["parameters"]}
        for path, method, handler in documented(app)
        if method == "GET" and isinstance(handler.opt.get("action"), Action)
    }

    assert OF_NO_MOMENT.keys() == {path for path, names in reported.items() if "as_of" not in names}
    assert {"/v1/flows", "/v1/ledger/balances", "/v1/funds/{code}"} <= reported.keys() - OF_NO_MOMENT.keys()


def test_what_several_routes_are_filtered_by_is_documented_of_each(document: Mapping[str, Any]) -> None:
    filters = {"fund", "year", "donor", "status", "boundary", "flow_type", "parent", "as_of"}
    for path in ("/v1/flows", "/v1/flows.csv", "/v1/flows.xlsx"):
        assert filters <= {one.get("name") for one in document["paths"][path]["get"]["parameters"]}


def test_no_word_in_a_query_is_without_limits(document: Mapping[str, Any]) -> None:
    """The limits of an alias such as `State` are ignored in a parameter's type; `query_parameter` applies them."""
    limits = {"enum", "format", "maxLength", "$ref"}
    unlimited = {
        (path, one["name"])
        for path, _, operation in _operations(document)
        for one in operation.get("parameters", ())
        if one.get("in") == "query"
        for schema in one["schema"].get("oneOf", [one["schema"]])
        if schema.get("type", "string") == "string" and not limits & schema.keys()
    }

    assert set() == unlimited


def test_every_operation_has_a_name_of_its_own_and_answers_refusals_with_a_problem(document: Mapping[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, _, operation in _operations(document))
    problem = document["components"]["responses"]["Problem"]["content"]

    assert [] == [name for name, times in names.items() if times > 1]
    assert {"application/problem+json"} == set(problem)
    assert all("default" in operation["responses"] for _, _, operation in _operations(document))


def test_every_answer_names_a_media_type(document: Mapping[str, Any]) -> None:
    reported = {
        media_type
        for _, _, operation in _operations(document)
        for answer in operation["responses"].values()
        for media_type in answer.get("content", {})
    }

    # Problems are described once for all routes, and here if a route has refusals of its own.
    problem = "application/problem+json"
    assert {
        "application/json",
        "application/jsonl",
        "application/ld+json",
        "application/octet-stream",
        "application/xml",
        "application/pdf",
        "image/svg+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "text/calendar",
        "text/csv",
        "text/event-stream",
        "text/html",
        "text/plain",
        "text/turtle",
        problem,
    } == reported


def test_every_example_of_a_body_is_one_that_the_route_takes(app: Litestar, document: Mapping[str, Any]) -> None:
    for path, method, handler in documented(app):
        if "data" in handler.parsed_fn_signature.parameters:
            content = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
            kind = handler.parsed_fn_signature.parameters["data"].annotation
            msgspec.json.decode(json.dumps(content["example"]), type=kind)
            assert [] == errors_of(json.dumps(content["example"]).encode(), kind), f"{method} {path}"
            assert [] == unknown_codes(content["example"]), f"{method} {path}"
            assert [] == _faults(content["example"], content["schema"], document), f"{method} {path}"


def test_a_schema_refuses_what_the_route_refuses(document: Mapping[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/FileRequest"}
    body = document["paths"]["/v1/requests"]["post"]["requestBody"]["content"]["application/json"]["example"]

    assert [] == _faults(body, schema, document)
    assert _faults(body | {"unheard_of": 1}, schema, document)
    assert _faults(body | {"language": "de"}, schema, document)
    assert _faults(body | {"addressee": {"states": ["Kenya"]}}, schema, document)


# -- helpers ----------------------------------------------------------------------------------------------------------


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _takes(operation: Mapping[str, Any], parameter: str) -> bool:
    return {"$ref": f"#/components/parameters/{parameter}"} in operation["parameters"]


def _faults(body: Any, schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    return schema_faults(body, {**schema, "components": document["components"]})
