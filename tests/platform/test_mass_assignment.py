"""Additional fields are rejected on every writable route, at every level of its body."""

from collections.abc import Awaitable, Callable, Iterator
from copy import deepcopy
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.composition import NAMES
from tests.builders import a_request, headers
from tests.platform.bodies import BODIES, DOCUMENT
from tests.soak import cases

SLIPPED_IN = {
    "status": "open",
    "state": "NOR",
    "organization": "UNODC",
    "role": "coordinator",
    "person_id": str(uuid4()),
    "created_by": str(uuid4()),
    "request_id": str(uuid4()),
    "revision": 99,
    "reference": "TA-2026-0001",
    "circulation_state": "granted",
    "submitted_at": "2026-01-01T00:00:00Z",
    "score": 1000,
    "__class__": "Request",
}
NAMES_OF_EACH = cases(2, soak=len(SLIPPED_IN))
"""Number of names that are tried at each place, in turn."""

NAMED = {"{year}": "2025", "{line}": "2"}
"""Path parameters other than ids."""


def levels(body: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of the objects in a body."""
    if isinstance(body, dict):
        yield place
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in inner:
        yield from levels(value, (*place, name))


def path_of(place: tuple[str | int, ...]) -> str:
    """Return the name of a place as in refusals: `lines[0].kind`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def with_more(body: Any, place: tuple[str | int, ...], name: str, value: object) -> Any | None:
    """Return the body with an additional field at a place; None if it has a field of that name."""
    changed = deepcopy(body)
    inner = changed
    for step in place:
        inner = inner[step]
    if name in inner:
        return None
    inner[name] = value
    return changed


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[httpx.AsyncClient]]) -> httpx.AsyncClient:
    return await client_of(*NAMES)


async def written(database_url: str) -> dict[str, str]:
    """Return a checksum of all rows of each table."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY ($1)", list(NAMES)
        )
        return {
            f"{schema}.{table}": await connection.fetchval(
                f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {schema}.{table} AS t"
            )
            for schema, table in tables
        }
    finally:
        await connection.close()


@pytest.mark.thinned
async def test_additional_field_in_a_command_is_rejected_and_nothing_is_written(
    api: httpx.AsyncClient, database_url: str
) -> None:
    filed = (await api.post("/v1/requests", json=a_request(), headers=headers())).json()
    before = await written(database_url)
    tried, in_turn = 0, cycle(SLIPPED_IN.items())
    for (method, path), body in BODIES.items():
        address = path.replace("{request_id}", filed["request_id"])
        for parameter in [part for part in path.split("/") if part.startswith("{")]:
            address = address.replace(parameter, NAMED.get(parameter, str(uuid4())))
        for place in levels(body):
            for name, value in islice(in_turn, NAMES_OF_EACH):
                changed = with_more(body, place, name, value)
                # No field is named `__class__`; the other names are tried where no field has them.
                if changed is None or _is_known(method, path, place, name):
                    continue
                answer = await api.request(method, address, json=changed, headers=headers(revision=1))
                where = f"{method} {path} {place} {name}: {answer.text}"
                assert (400, "unknown-field") == (answer.status_code, answer.json()["slug"]), where
                assert path_of((*place, name)) == answer.json()["details"]["field"], where
                tried += 1

    assert before == await written(database_url)
    assert tried > len(BODIES) * NAMES_OF_EACH * 0.75 > 300


async def test_bodies_without_additional_fields_are_well_formed(api: httpx.AsyncClient) -> None:
    for (method, path), body in BODIES.items():
        parts = [NAMED.get(part, str(uuid4())) if part.startswith("{") else part for part in path.split("/")]
        address = "/".join(parts)
        answer = await api.request(method, address, json=body, headers=headers(revision=1))
        assert answer.json().get("slug") not in {"unknown-field", "missing-field", "malformed-json"}, (
            path,
            answer.text,
        )


async def test_body_fields_in_the_query_are_rejected(api: httpx.AsyncClient) -> None:
    draft = a_request(submit=False)
    answer = await api.post("/v1/requests?submit=true&status=open&state=NOR", json=draft, headers=headers())

    assert (400, "unknown-parameter") == (answer.status_code, answer.json()["slug"])
    assert ["state", "status", "submit"] == answer.json()["details"]["parameters"]


def _is_known(method: str, path: str, place: tuple[str | int, ...], name: str) -> bool:
    """Check whether the document has a field of that name at that place, which the example omits."""
    schema = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    found = _resolved(schema)
    for step in place:
        found = [inner for one in found for inner in _inside(one, step)]
    return any(name in one.get("properties", {}) for one in found)


def _inside(schema: dict[str, Any], step: str | int) -> list[dict[str, Any]]:
    inner = schema.get("items", {}) if isinstance(step, int) else schema.get("properties", {}).get(step, {})
    return _resolved(inner)


def _resolved(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alternatives of a schema, with references resolved."""
    if "$ref" in schema:
        return _resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return [one for inner in schema.get("anyOf", schema.get("oneOf", ())) for one in _resolved(inner)] or [schema]
