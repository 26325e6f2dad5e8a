"""The moves that a request shows to its reader are those that its status and the reader's role allow."""

from typing import Any

from tests.builders import a_request, headers
from tests.requests.steps import Client, filed, opened

KENYA, OFFICIAL, COORDINATOR, NORWAY = "KEN:focal_point", "KEN:official", "UNODC:coordinator", "NOR:provider_officer"


async def moves(api: Client, request: dict[str, Any], by: str) -> set[str]:
    answer = await api.get(f"/v1/requests/{request['request_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return set(answer.json()["moves"])


async def test_moves_of_a_draft(api: Client) -> None:
    draft = await filed(api, submit=False)

    assert await moves(api, draft, KENYA) == {"revise", "submit", "withdraw", "consent"}
    assert await moves(api, draft, OFFICIAL) == {"revise"}


async def test_moves_of_a_submitted_request(api: Client) -> None:
    request = await filed(api)

    assert await moves(api, request, KENYA) == {"hold", "withdraw", "consent"}
    assert await moves(api, request, OFFICIAL) == set()
    assert await moves(api, request, COORDINATOR) == {
        "register",
        "return",
        "decline",
        "hold",
        "scan_note",
        "record_consent",
        "assess",
        "assign",
    }


async def test_a_provider_has_no_move_of_a_request(api: Client) -> None:
    request = await opened(api, circulation="granted")

    assert await moves(api, request, NORWAY) == set()


async def test_a_command_answers_with_the_moves_after_it(api: Client) -> None:
    answer = await api.post("/v1/requests", json=a_request(submit=False), headers=headers())
    assert set(answer.json()["moves"]) == {"revise", "submit", "withdraw", "consent"}

    path = f"/v1/requests/{answer.json()['request_id']}/submit"
    assert set((await api.post(path, json={}, headers=headers(revision=1))).json()["moves"]) == {
        "hold", "withdraw", "consent",
    }  # fmt: skip
