"""Unknown query parameters are rejected, not ignored."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from chassis.db.database import Database
from chassis.http.application import application, litestar_of
from chassis.http.edge import Edge
from chassis.http.queries import parameters_of
from chassis.runtime import verifier
from chassis.settings import Settings
from services.composition import all_services
from tests.builders import headers
from tests.chassis.steps import check_problem
from tests.conftest import Within, running_of
from tests.soak import cases

pytestmark = pytest.mark.all_schemas

UNKNOWN = {"unknown-parameter", "parameter-repeated"}
NAMED = {"table": "kinds", "year": "2026", "line": "2"}
FILE = {"Content-Type": "application/octet-stream"}

Client = httpx.AsyncClient


@pytest.fixture
def app(
    settings: Settings, databases: Mapping[str, Database], common_routes: Sequence[ControllerRouterHandler]
) -> Edge:
    """The application with all routes of every process."""
    within = Within()
    running = running_of(settings, databases, *(service.name for service in all_services()), within=within)
    within.app = application(running, verifier(settings, running[0].callers), routes=common_routes, settings=settings)
    return within.app


@pytest.fixture
async def client(app: Edge) -> AsyncIterator[Client]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with Client(transport=transport, base_url="http://test") as made:
        yield made


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "matching", "pledges")


def operations(app: Edge) -> Iterator[tuple[str, str, set[str], dict[str, str]]]:
    """Yield the method, a path and the parameters of each route, and headers of a caller who may use it."""
    declared = parameters_of(litestar_of(app))
    for route in litestar_of(app).routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = route.path_format
        for parameter in route.path_parameters.values():
            path = path.replace(f"{{{parameter.name}}}", NAMED.get(parameter.name, str(uuid4())))
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS":
                who = "service:requests" if handler.opt.get("internal") else "UNODC:coordinator"
                known = declared[handler].query
                yield str(method), path, set(known), headers(who) | FILE


@pytest.mark.thinned
async def test_unknown_parameter_is_rejected_on_every_route(app: Edge, client: Client) -> None:
    """One of two names is tried at every second route in turn; both at each route in a soak."""
    walked, each = 0, cases(4, soak=1)
    for turn, (method, path, known, given) in enumerate(operations(app)):
        for name in ("nonsense", "as_of")[turn % each :: each]:
            if name not in known:
                answer = await client.request(method, path, params={name: "x"}, headers=given)
                assert (400, "unknown-parameter") == (answer.status_code, answer.json()["slug"]), f"{method} {path}"
                # A token is refused in the form of RFC 6749, which is not problem+json.
                media_type = "application/json" if path == "/v1/token" else "application/problem+json"
                assert media_type == answer.headers["Content-Type"], path
                assert {"parameters": [name], "known": sorted(known)} == answer.json()["details"], path
                walked += 1
    assert walked > cases(100, soak=300)


@pytest.mark.thinned
async def test_known_parameter_is_accepted(app: Edge, client: Client) -> None:
    """Every sixth parameter is tried, in turn; each one in a soak."""
    walked, each = 0, cases(6, soak=1)
    for turn, (method, path, known, given) in enumerate(operations(app)):
        for name in sorted(known)[turn % each :: each]:
            answer = await client.request(method, path, params={name: "x"}, headers=given)
            assert answer.headers["Content-Type"] != "application/problem+json" or (
                answer.json()["slug"] not in UNKNOWN
            ), f"{method} {path}?{name}"
            walked += 1
    assert walked > cases(20, soak=100)


async def test_parameter_state_is_rejected_for_matches(api: Client) -> None:
    answer = await api.get("/v1/matches?state=KEN&limit=2", headers=headers("UNODC:coordinator"))

    check_problem(answer, 400, "unknown-parameter")
    assert ["state"] == answer.json()["details"]["parameters"]
    assert {"limit", "line", "offering", "request"} <= set(answer.json()["details"]["known"])


@pytest.mark.parametrize(
    ("query", "named"), [("limit=1&limit=2", ["limit"]), ("limit=1&limit=1", ["limit"]), ("limit=&limit=", ["limit"])]
)
async def test_repeated_parameter_is_rejected(api: Client, query: str, named: list[str]) -> None:
    answer = await api.get(f"/v1/requests?{query}", headers=headers())

    check_problem(answer, 400, "parameter-repeated")
    assert {"parameters": named} == answer.json()["details"]


async def test_names_of_unknown_parameters_are_truncated_and_limited(api: Client) -> None:
    query = "&".join(f"{'n' * 90}{number}=1" for number in range(30))
    answer = await api.get(f"/v1/requests?{query}", headers=headers())

    check_problem(answer, 400, "unknown-parameter")
    named = answer.json()["details"]["parameters"]
    assert 1 <= len(named) <= 20
    assert all(len(name) <= 64 for name in named)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/matches?request=x", ["request"]),
        ("/v1/matches?offering=x&line=y&limit=0", ["limit", "line", "offering"]),
        ("/v1/statements/NOR?from=yesterday", ["from"]),
        ("/v1/matches/why-not?line=x", ["offering"]),
    ],
)
async def test_parameters_are_reported_by_their_query_names(api: Client, path: str, named: list[str]) -> None:
    answer = await api.get(path, headers=headers("UNODC:coordinator"))

    check_problem(answer, 400, "invalid-request")
    assert {"parameters": named} == answer.json()["details"]


async def test_allowed_values_of_a_parameter_are_reported(api: Client) -> None:
    for path, name, value in (("/v1/requests", "status", "submitted"), ("/v1/flows", "boundary", "incoming")):
        answer = await api.get(f"{path}?{name}=nonsense", headers=headers("UNODC:coordinator"))
        check_problem(answer, 400, "invalid-request")
        [error] = answer.json()["details"]["errors"]
        assert name == error["field"]
        assert value in error["allowed"]


async def test_missing_token_is_reported_before_unknown_parameters(api: Client) -> None:
    check_problem(await api.get("/v1/requests?nonsense=1"), 401, "token-missing")


async def test_unknown_parameter_is_rejected_on_public_pages(client: Client) -> None:
    answers: list[Any] = [await client.get(f"{path}?x=1") for path in ("/docs", "/openapi.json", "/health/live")]
    for answer in answers:
        check_problem(answer, 400, "unknown-parameter")
