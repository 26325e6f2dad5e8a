"""Query parameters must match the form of their type."""

from typing import Annotated

import pytest
from litestar import Litestar, get
from litestar.testing import TestClient

from chassis.http.queries import query_parameter
from contracts.values import Code, Organization, State


@get("/words")
async def words(
    of_state: Annotated[str, query_parameter(State, name="state")],
    kind: Annotated[str | None, query_parameter(Code)] = None,
    provider: Annotated[str | None, query_parameter(Organization)] = None,
) -> list[str | None]:
    return [of_state, kind, provider]


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        ({"state": "KEN"}, ["KEN", None, None]),
        ({"state": "KEN", "kind": "mla_training", "provider": "UNODC-CEB"}, ["KEN", "mla_training", "UNODC-CEB"]),
        ({}, None),
        ({"state": "ken"}, None),
        ({"state": "KEN\n"}, None),
        ({"state": "KENYA"}, None),
        ({"state": "KEN", "kind": ""}, None),
        ({"state": "KEN", "kind": "a b"}, None),
        ({"state": "KEN", "kind": "a" * 65}, None),
        ({"state": "KEN", "provider": "UNODC-" + "A" * 27}, None),
    ],
)
def test_parameter_of_another_form_is_rejected(query: dict[str, str], taken: list[str | None] | None) -> None:
    with TestClient(Litestar([words], logging_config=None)) as client:
        answer = client.get("/words", params=query)

    assert (200 if taken else 400) == answer.status_code
    assert taken is None or taken == answer.json()
