"""The code in docs/programs.md does what the page says."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from services.notifications.webhooks.signing import Keyring, Scheme, headers, secret_of, verification_key_of

PAGE = Path(__file__).parents[2] / "docs" / "programs.md"
KEYS = Keyring([bytes(32)])
WEBHOOK = UUID(int=1)
BODY = b'{"type":"requests.request.registered.v1"}'


def defined(name: str) -> Any:
    """Return a function from the Python code of the page, as a reader would copy it."""
    blocks = re.findall(r"^```python\n(.+?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = [one for one in blocks if f"def {name}(" in one]
    names: dict[str, Any] = {}
    exec(compile(block, str(PAGE), "exec"), names)
    return names[name]


@pytest.fixture(scope="module")
def verify() -> Callable[..., str]:
    found: Callable[..., str] = defined("verify")
    return found


def sent(*generations: int, at: float = 0.0, scheme: Scheme = Scheme.ED25519) -> dict[str, str]:
    keys = [KEYS.key(KEYS.newest, WEBHOOK, generation) for generation in generations]
    return headers(scheme, keys, "an-event", int(time.time() + at), BODY)


def a_key(generation: int) -> str:
    return verification_key_of(KEYS.key(KEYS.newest, WEBHOOK, generation))


def test_default_signature_is_read_with_the_secret_of_either_key_of_a_rotation() -> None:
    read = defined("read")
    secrets = [secret_of(KEYS.key(KEYS.newest, WEBHOOK, generation)) for generation in (1, 2, 3)]
    came = sent(2, 1, scheme=Scheme.HMAC)

    assert [json.loads(BODY)] * 2 == [read(came, BODY, secret) for secret in secrets[:2]]
    for body, secret in ((BODY, secrets[2]), (BODY + b" ", secrets[0])):
        with pytest.raises(WebhookVerificationError):
            read(came, body, secret)


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
