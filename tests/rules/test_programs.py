"""What docs/programs.md tells programs to do does what it says."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.notifications.signing import Keyring, Scheme, headers, verification_key_of

PAGE = Path(__file__).parents[2] / "docs" / "programs.md"
KEYS = Keyring([bytes(32)])
WEBHOOK = UUID(int=1)
BODY = b'{"type":"requests.request.registered.v1"}'


@pytest.fixture(scope="module")
def verify() -> Callable[..., str]:
    """The one block of Python on the page, as a reader would take it."""
    (block,) = re.findall(r"^```python\n(.+?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    defined: dict[str, Any] = {}
    exec(compile(block, str(PAGE), "exec"), defined)
    return defined["verify"]  # type: ignore[no-any-return]


def sent(*generations: int, at: float = 0.0, scheme: Scheme = Scheme.ED25519) -> dict[str, str]:
    keys = [KEYS.key(KEYS.newest, WEBHOOK, generation) for generation in generations]
    return headers(scheme, keys, "an-event", int(time.time() + at), BODY)


def a_key(generation: int) -> str:
    return verification_key_of(KEYS.key(KEYS.newest, WEBHOOK, generation))


def test_what_is_signed_is_accepted_with_either_key_of_a_rotation(verify: Callable[..., str]) -> None:
    assert "an-event" == verify(sent(1), BODY, a_key(1))
    assert ["an-event"] * 2 == [verify(sent(2, 1), BODY, a_key(generation)) for generation in (1, 2)]


@pytest.mark.parametrize(
    ("came", "body", "generation"),
    [
        (sent(1), BODY + b" ", 1),
        (sent(1), BODY, 2),
        (sent(1) | {"webhook-id": "another"}, BODY, 1),
        (sent(1) | {"webhook-timestamp": str(int(time.time()) + 1)}, BODY, 1),
        (sent(1, at=-301), BODY, 1),
        (sent(1, at=100_000), BODY, 1),
        (sent(1, scheme=Scheme.HMAC), BODY, 1),
        (sent(1) | {"webhook-signature": ""}, BODY, 1),
        (sent(1) | {"webhook-signature": "v1a"}, BODY, 1),
    ],
)
def test_what_is_not_signed_or_not_now_is_not(
    verify: Callable[..., str], came: dict[str, str], body: bytes, generation: int
) -> None:
    with pytest.raises(ValueError, match=r"sent too long ago|not signed"):
        verify(came, body, a_key(generation))
