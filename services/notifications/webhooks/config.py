"""Configuration shared by the routes and loops of notifications: webhook signing keys and allowed destinations.

Without `ENTRAIDE_WEBHOOK_KEYS`, and with the embedded issuer, a master key is created on first use beside that
issuer's key.
"""

import base64
import secrets
from functools import cached_property

from chassis.keys.file import read_or_create
from chassis.settings import Settings, SettingsError
from contracts.refusals import Unavailable
from services.notifications.webhooks.destinations import Bounds
from services.notifications.webhooks.signing import MASTER_BYTES_MIN, Keyring


class WebhookConfig:
    """The configuration of webhooks; it reads the keys on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.bounds = Bounds(
            allowed=settings.webhook_allowed, denied=settings.webhook_denied, loopback=settings.webhook_loopback
        )

    @property
    def open(self) -> bool:
        """True if webhooks are enabled, and signing keys are configured or the embedded issuer is used."""
        return self._settings.webhooks and (self._settings.webhook_keys is not None or self._settings.keys is None)

    @cached_property
    def _read(self) -> Keyring:
        try:
            if self._settings.webhook_keys is not None:
                return Keyring.parse(self._settings.webhook_keys.read_text(encoding="utf-8"))
            return Keyring.parse(read_or_create(self._settings.state / "webhook.keys", _embedded_master_key))
        except (OSError, ValueError) as error:
            raise SettingsError(f"ENTRAIDE_WEBHOOK_KEYS cannot be used: {error}") from error

    @property
    def keyring(self) -> Keyring:
        """The keyring. Raises Unavailable if webhooks are not enabled."""
        if not self.open:
            raise Unavailable("webhooks-unavailable")
        return self._read


def _embedded_master_key() -> str:
    return base64.b64encode(secrets.token_bytes(MASTER_BYTES_MIN)).decode()
