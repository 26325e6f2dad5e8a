"""Steps for tests of webhooks: verified signatures, a registered webhook, facts."""

import base64
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook as HmacVerifier
from standardwebhooks.webhooks import WebhookVerificationError

from chassis import clock
from chassis.auth.callers import AppointmentLookup
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.settings import Settings
from contracts.requests import RequestOpened
from services.notifications.webhooks.config import WebhookConfig
from services.notifications.webhooks.destinations import Bounds
from services.notifications.webhooks.http_client import SafeHttpClient
from services.notifications.webhooks.sender import Terms, WebhookSender
from tests.builders import NOON, an_event, headers
from tests.personas import AllAppointed
from tests.receiver import Received, Receiver

Client = httpx.AsyncClient
FOCAL_POINT = "KEN:focal_point"
PROVIDER = "NOR:provider_officer"
URL = "https://hooks.ken.example/entraide"
LOOPBACK = Bounds(loopback=True)


def verified(request: Received, key: str) -> bool:
    """Verify a request with this `whsec_` or `whpk_` key; the former with the specification's library."""
    if key.startswith("whsec_"):
        try:
            HmacVerifier(key).verify(request.body, dict(request.headers))
        except WebhookVerificationError:
            return False
        return True
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    if abs(clock.now().timestamp() - int(request.headers["webhook-timestamp"])) > 300:
        return False
    for version, _, signature in (one.partition(",") for one in request.headers["webhook-signature"].split(" ")):
        try:
            if version == "v1a":
                public.verify(base64.b64decode(signature), signed)
                return True
        except InvalidSignature:
            pass
    return False


async def registered(
    api: Client, appointment: str = FOCAL_POINT, *, url: str = URL, scheme: str = "v1a"
) -> dict[str, Any]:
    answer = await api.post("/v1/webhooks", json={"url": url, "scheme": scheme}, headers=headers(appointment))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def deliveries(api: Client, webhook: Mapping[str, Any], appointment: str = FOCAL_POINT) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/webhooks/{webhook['webhook_id']}/deliveries?limit=100", headers=headers(appointment))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


async def shown(api: Client, webhook: Mapping[str, Any], appointment: str = FOCAL_POINT) -> dict[str, Any]:
    answer = await api.get(f"/v1/webhooks/{webhook['webhook_id']}", headers=headers(appointment))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def opened(inbox: Inbox, count: int = 1, *, state: str = "KEN", request_id: UUID | None = None) -> None:
    """Open requests of a State, which notifies its focal points."""
    for _ in range(count):
        fact = RequestOpened(request_id=request_id or uuid4(), state=state, priority="normal", opened_at=NOON)
        await inbox.receive(an_event(fact, 1, correlation="corr-7"))


ClientOf = Callable[..., Awaitable[Client]]

ASender = Callable[..., WebhookSender]


def senders(db: Database, settings: Settings, receiver: Receiver) -> ASender:
    """Return `make`: `make(at=…)` is a sender that may use loopback, with a fixed clock if `at` is given."""

    def make(
        *, at: datetime | None = None, appointments: AppointmentLookup | None = None, **terms: Any
    ) -> WebhookSender:
        return WebhookSender(
            db,
            SafeHttpClient(LOOPBACK, context=receiver.trusting()),
            WebhookConfig(settings).keyring,
            Terms(bounds=LOOPBACK, **terms),
            appointments or AllAppointed(),
            clock=lambda: at or clock.now(),
            spread=lambda: 0.0,
        )

    return make


async def drained(sender: WebhookSender) -> int:
    """Send until nothing is due; return the number of attempts."""
    count = 0
    while await sender.send_next():
        count += 1
    return count


def inside(receiver: Receiver) -> str:
    """Return the receiver's address on this machine."""
    return f"https://localhost:{receiver.port}/in"


def ids(receiver: Receiver) -> Counter[str]:
    return Counter(request.headers["webhook-id"] for request in receiver.received)
