"""Duplicate JSON fields are rejected: parsers differ in which one they use."""

import json

import httpx
import pytest

from tests.builders import a_request, headers

Client = httpx.AsyncClient
CODE = json.dumps(a_request())


async def filed(api: Client, body: str) -> httpx.Response:
    sent = headers("KEN:focal_point") | {"Content-Type": "application/json"}
    return await api.post("/v1/requests", content=body, headers=sent)


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (f'{{"title": "another", {CODE[1:]}', "title"),
        (f'{{"\\u0074itle": "another", {CODE[1:]}', "title"),
        (CODE.replace('"group_size":', '"group_size": 1, "group_size":'), "group_size"),
        (CODE.replace('"from":', '"\\u0066rom": "2026-01-01", "from":'), "from"),
        # The number of colons is the same before and after, because the escaped one makes up for the lost field.
        ('{"title": "another", ' + CODE[1:].replace('"title": "', '"title": "\\u003a '), "title"),
        ('{"title": "another", ' + CODE[1:].replace('"title": "', '"title": "\\u003A '), "title"),
        ('{"title" \n:"another: this", ' + CODE[1:], "title"),
    ],
)
async def test_duplicate_field_is_rejected(api: Client, body: str, field: str) -> None:
    answer = await filed(api, body)

    assert (400, "duplicate-field") == (answer.status_code, answer.json()["slug"])
    assert {"field": field} == answer.json()["details"]


async def test_same_field_in_two_objects_is_accepted(api: Client) -> None:
    line = a_request()["lines"][0]
    answer = await filed(api, json.dumps(a_request(lines=[line, line])))

    assert 201 == answer.status_code, answer.text


async def test_long_name_of_a_duplicate_field_is_truncated(api: Client) -> None:
    """This concerns only fields with free names, because an unknown field is refused before."""
    name = "x" * 5000
    answer = await filed(api, f'{{"{name}": 1, "{name}": 2}}')

    assert 400 == answer.status_code
    assert len(answer.content) < 1000
