"""The directory as issuer of access tokens for API clients: its signing keys, and the rate limit per client.

Without `ENTRAIDE_API_CLIENT_KEYS`, and with the embedded issuer for people, a key is created on first use beside that
issuer's key.
"""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from joserfc import jwk

from chassis.auth.tokens import Issuer
from chassis.keys.file import read_or_create_key
from chassis.keys.signing import key_set, signing_key_of
from chassis.rate_limiter import RateLimit, TokenBuckets
from chassis.settings import Settings
from contracts.refusals import Unavailable
from contracts.values import Scope
from services.directory.clients.model import Client

SETTING = "ENTRAIDE_API_CLIENT_KEYS"
OWN_KEY = "client.keys"
LIFETIME_SECONDS = 15 * 60
TOKENS = RateLimit(per_minute=6, burst=20)
"""Rate limit of tokens per client.

A client that requests a token before each call exceeds it; a token lives longer than the limit takes to refill.
"""


class Tokens:
    """The issuer of tokens. It reads the keys on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spending = TokenBuckets(TOKENS)

    @property
    def open(self) -> bool:
        """Check whether signing keys are configured or can be created."""
        return self._settings.api_client_keys is not None or self._settings.keys is None

    @cached_property
    def _keys(self) -> Sequence[jwk.OKPKey]:
        if self._settings.api_client_keys is not None:
            return key_set(self._settings.api_client_keys, SETTING)
        return [read_or_create_key(self._settings.state / OWN_KEY)]

    @cached_property
    def _issuer(self) -> Issuer:
        return Issuer(signing_key_of(self._keys, SETTING), self._settings.api_client_issuer)

    def check(self) -> None:
        """Raise Unavailable if API clients are not enabled, SettingsError for unusable keys."""
        if not self.open:
            raise Unavailable("clients-unavailable")
        assert self._issuer

    def public_keys(self) -> list[dict[str, Any]]:
        """The keys that verify its tokens (JWKS, RFC 7517); empty if it signs none."""
        return [key.as_dict(private=False) for key in self._keys] if self.open else []

    def wait_seconds(self, client: Client) -> float:
        """Take one token of the rate limit and return 0, or the seconds to wait if it is exhausted."""
        return self._spending.take(client.client_id, time.monotonic_ns()).wait_seconds

    def token(self, client: Client, scopes: frozenset[Scope]) -> str:
        """Return an access token (RFC 9068) for these scopes."""
        more = {"client_id": str(client.client_id), "scope": " ".join(sorted(scopes))}
        return self._issuer.token(client.client_id, lifetime_seconds=LIFETIME_SECONDS, more=more)
