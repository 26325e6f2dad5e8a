"""The issuer's keys are discovered and refreshed; a failing issuer is not asked again during a pause."""

import asyncio
import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chassis.keys import issuer as kept
from chassis.keys.issuer import DISCOVERY, Keys
from contracts.refusals import Unavailable
from tests.chassis.steps import Jwks

ISSUER = "https://issuer.example"


class Clock:
    """The clock of the key cache."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(kept, "time", made)
    return made


async def test_concurrent_unknown_keys_cause_one_request_to_the_issuer(jwks: Jwks) -> None:
    keys = Keys(jwks.address + "/", ISSUER)

    found = await asyncio.gather(*(keys.get(f"made-up-{number}") for number in range(20)))

    assert found == [None] * 20
    assert jwks.asked == 1


async def test_failing_issuer_is_not_asked_again_during_the_pause(jwks: Jwks, clock: Clock) -> None:
    jwks.answers = False
    keys = Keys(jwks.address + "/", ISSUER)
    for number in range(5):
        with pytest.raises(Unavailable):
            await keys.get(f"made-up-{number}")
    assert jwks.asked == 1

    jwks.answers = True
    clock.now += kept.FAILED_SECONDS
    assert await keys.get("made-up") is None
    assert await keys.get("first") is not None
    jwks.answers = False
    clock.now += kept.REFRESH_SECONDS
    assert await keys.get("first") is not None, "the last good set must be kept"
    assert jwks.asked == 3


async def test_new_key_is_accepted_and_removed_key_rejected_after_refresh(jwks: Jwks, clock: Clock) -> None:
    keys = Keys(jwks.address + "/", ISSUER)
    assert await keys.get("first") is not None
    jwks.set_keys("second")
    assert await keys.get("second") is None
    clock.now += kept.UNKNOWN_SECONDS
    assert await keys.get("second") is not None
    assert await keys.get("first") is None

    jwks.set_keys("third")
    clock.now += kept.REFRESH_SECONDS
    assert await keys.get("second") is None


async def test_keys_are_found_by_discovery(jwks: Jwks) -> None:
    jwks.serve(DISCOVERY, {"issuer": ISSUER, "jwks_uri": jwks.address + "/"})
    assert await Keys(jwks.address + DISCOVERY, ISSUER).get("first") is not None

    with pytest.raises(Unavailable):
        await Keys(jwks.address + DISCOVERY, "https://elsewhere.example").get("first")


async def test_discovery_to_a_file_url_is_rejected(jwks: Jwks, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(jwks.bodies["/"])
    assert await Keys(str(file), ISSUER).get("first") is not None

    jwks.serve(DISCOVERY, {"issuer": ISSUER, "jwks_uri": str(file)})
    with pytest.raises(Unavailable):
        await Keys(jwks.address + DISCOVERY, ISSUER).get("first")


async def test_short_key_is_ignored(jwks: Jwks) -> None:
    made = [rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key() for bits in (1024, 2048)]
    jwks.serve("/", {"keys": [_as_jwk(key) for key in made]})
    found = Keys(jwks.address + "/", ISSUER)

    assert await found.get("2048") is not None
    assert await found.get("1024") is None


def _as_jwk(key: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    said = {"n": numbers.n.to_bytes(key.key_size // 8, "big"), "e": numbers.e.to_bytes(3, "big")}
    return {"kty": "RSA", "kid": str(key.key_size)} | {
        name: base64.urlsafe_b64encode(value).decode().rstrip("=") for name, value in said.items()
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": 5}', b'{"keys": [5]}', b'{"keys": [{}]}'])
async def test_malformed_key_set_is_reported_as_unavailable(jwks: Jwks, body: bytes) -> None:
    jwks.bodies["/"] = body
    with pytest.raises(Unavailable):
        await Keys(jwks.address + "/", ISSUER).get("any")
