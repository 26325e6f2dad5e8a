"""The issuer's keys are asked for when one is missing, and an issuer that fails is not asked again for each."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis import auth
from chassis.auth import Issuer, Keys
from contracts.refusals import Unavailable


class Jwks:
    """An issuer's address that counts who asks, and answers only when it is told to."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.answers = True
        self.asked = 0
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        status = b"200 OK" if self.answers else b"503 Service Unavailable"
        head = b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(self.body))
        writer.write(head + self.body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def jwks(tmp_path: Path) -> AsyncIterator[Jwks]:
    Issuer.load(tmp_path / "issuer.jwk", "https://issuer.example").publish_keys(tmp_path / "keys.json")
    made = Jwks((tmp_path / "keys.json").read_bytes())
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        yield made


async def test_many_unknown_keys_at_once_ask_the_issuer_once(jwks: Jwks) -> None:
    keys = Keys(jwks.address)

    found = await asyncio.gather(*(keys.get(f"made-up-{number}") for number in range(20)))

    assert found == [None] * 20
    assert jwks.asked == 1


async def test_an_issuer_that_fails_is_left_alone_for_a_while(jwks: Jwks, monkeypatch: pytest.MonkeyPatch) -> None:
    jwks.answers = False
    keys = Keys(jwks.address)
    for number in range(5):
        with pytest.raises(Unavailable):
            await keys.get(f"made-up-{number}")
    assert jwks.asked == 1

    monkeypatch.setattr(auth, "KEYS_FAILED_SECONDS", 0)
    jwks.answers = True
    keys = Keys(jwks.address)
    assert await keys.get("made-up") is None
    jwks.answers, keys._again_at = False, 0.0
    assert await keys.get("made-up") is None
    assert len(keys._keys) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": 5}', b'{"keys": [5]}', b'{"keys": [{}]}'])
async def test_what_is_no_key_set_is_said_to_be_unavailable(jwks: Jwks, body: bytes) -> None:
    jwks.body = body
    with pytest.raises(Unavailable):
        await Keys(jwks.address).get("any")
