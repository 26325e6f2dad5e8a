"""Single-value headers may occur once; list headers are joined (RFC 9110 section 5.3)."""

import httpx
import pytest

from chassis.http.edge import fields_of
from tests.builders import a_request, headers, token
from tests.chassis.steps import check_problem

Client = httpx.AsyncClient
PATH = "/v1/requests"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer other"),
        ("Idempotency-Key", "other"),
        ("Content-Type", "application/json"),
        ("Acting-As", "UNODC:coordinator"),
        ("Host", "test"),
        ("X-Correlation-Id", "01a21090-442f-7ccb-ace8-373a8b73b92c"),
    ],
)
async def test_repeated_single_value_header_is_rejected(api: Client, name: str, value: str) -> None:
    own = headers() | {"Acting-As": "KEN:focal_point", "Content-Type": "application/json", "Host": "test"}
    own |= {"X-Correlation-Id": "01a21090-442f-7ccb-ace8-373a8b73b92c"}
    for lines in ([*own.items(), (name, value)], [(name, value), *own.items()], [*own.items(), (name, own[name])]):
        answer = await api.post(PATH, json=a_request(), headers=lines)
        check_problem(answer, 400, "header-repeated")
        assert {"header": name.lower()} == answer.json()["details"]
    assert 201 == (await api.post(PATH, json=a_request(), headers=own)).status_code


async def test_two_authorization_headers_are_rejected(api: Client) -> None:
    """A proxy may have checked the other one, so a valid one among them is not accepted."""
    good = f"Bearer {token()}"
    for lines in ([("Authorization", good)] * 2, [("Authorization", "Bearer x"), ("Authorization", good)]):
        check_problem(await api.get(PATH, headers=lines), 400, "header-repeated")


async def test_repeated_list_header_is_joined(api: Client) -> None:
    lines = [*headers().items(), ("Accept-Language", "de"), ("Accept-Language", "fr;q=0.5")]
    title = (await api.get("/v1/requests/x", headers=lines)).json()["title"]
    french = (await api.get("/v1/requests/x", headers=headers() | {"Accept-Language": "fr"})).json()["title"]
    assert french == title

    made = (await api.post(PATH, json=a_request(submit=False), headers=headers())).json()
    answer = await api.post(
        f"{PATH}/{made['request_id']}/withdraw",
        json={},
        headers=[*headers().items(), ("If-Match", '"7"'), ("If-Match", '"1"')],
    )
    check_problem(answer, 400, "if-match-invalid")


def test_joined_headers_keep_their_order() -> None:
    sent = [(b"x-forwarded-for", b"192.0.2.1"), (b"accept", b"*/*"), (b"x-forwarded-for", b"192.0.2.2")]

    assert ({b"x-forwarded-for": b"192.0.2.1, 192.0.2.2", b"accept": b"*/*"}, None) == fields_of(sent)
    assert fields_of([(b"host", b"a"), (b"host", b"b")])[1] == b"host"
