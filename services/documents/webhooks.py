"""Webhook requests sent by the platform, as OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any

from services.documents.examples import WHEN, example_answer
from services.notifications.notices import audience
from services.notifications.webhooks.http_client import ATTEMPT_SECONDS
from services.notifications.webhooks.model import TEST_EVENT, WebhookEvent
from services.notifications.webhooks.sender import USER_AGENT
from services.notifications.webhooks.signing import Scheme

BODY = WebhookEvent
SIGNATURE = r"^(v1a?,[A-Za-z0-9+/]+={0,2})( v1a?,[A-Za-z0-9+/]+={0,2})*$"
DESCRIPTION = """\
Sent to the address of a webhook (`POST /v1/webhooks`) for each event that notifies its owner's appointment, by the
Standard Webhooks specification. `docs/programs.md` shows how to verify it.

It may arrive twice and out of order: remember `webhook-id`, and compare `version`.
"""

PARAMETERS: tuple[Mapping[str, Any], ...] = (
    {
        "name": "webhook-id",
        "in": "header",
        "required": True,
        "description": "Id of the delivery, the same at every attempt.",
        "schema": {"type": "string", "format": "uuid"},
        "example": "01a21090-4459-72d7-b127-22555354e6bb",
    },
    {
        "name": "webhook-timestamp",
        "in": "header",
        "required": True,
        "description": "When this attempt was made, in seconds since 1970. Refuse what is older than five minutes.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,12}$"},
        "example": str(int(WHEN.timestamp())),
    },
    {
        "name": "webhook-signature",
        "in": "header",
        "required": True,
        "description": "Signatures over `<webhook-id>.<webhook-timestamp>.<body>`, with spaces between: more than one "
        f"while a key is rotated. `{Scheme.ED25519},` begins one by Ed25519, `{Scheme.HMAC},` one by HMAC-SHA256.",
        "schema": {"type": "string", "pattern": SIGNATURE},
        "example": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    {
        "name": "User-Agent",
        "in": "header",
        "required": True,
        "description": "Names the sender.",
        "schema": {"type": "string", "const": USER_AGENT},
        "example": USER_AGENT,
    },
)


def event_types() -> list[str]:
    """List the event types of webhooks; the last one is the test event."""
    return [*sorted({notice.partition(":")[0] for notice in audience.notices()}), TEST_EVENT]


def webhooks(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section of the document; `schema` is that of BODY."""
    types = ", ".join(f"`{one}`" for one in event_types())
    example = example_answer("receive_event", BODY)
    operation = {
        "operationId": "receive_event",
        "tags": ["notifications"],
        "summary": "An event that notifies the webhook's owner",
        "description": f"{DESCRIPTION}\nToday `type` is one of {types}; more may be added.",
        # The request is signed and carries no token.
        "security": [],
        "parameters": list(PARAMETERS),
        "requestBody": {
            "required": True,
            "description": "Ids and types, never words.",
            "content": {"application/json": {"schema": schema, "example": example}},
        },
        "responses": {
            "2XX": {"description": f"Received. It has to be said within {ATTEMPT_SECONDS:.0f} seconds."},
            "410": {"description": "Not wanted any more: the webhook is disabled at once."},
            "default": {"description": "Not received: it is sent again later, nine times within some three days."},
        },
    }
    return {"event": {"post": operation}}
