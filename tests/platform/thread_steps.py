"""Create messages and files of a delivery in the world of records."""

from collections.abc import Mapping
from typing import Any

from tests.builders import headers
from tests.files import PDF


async def write_thread(world: Any, delivery: Mapping[str, Any], state: str, provider: str) -> None:
    """Add a file and a message of each side; the provider's are private."""
    path = f"/v1/deliveries/{delivery['delivery_id']}"
    for who in (state, provider):
        delivery = await world.say(who, f"{path}/open-private-topic", about=delivery)
    for who, private in ((state, False), (provider, True)):
        given = headers(who) | {"Content-Type": "application/octet-stream", "File-Name": "note.pdf"}
        asked = {"purpose": "message", "private": private}
        answer = await world.client.post(f"{path}/files", params=asked, content=PDF, headers=given)
        assert answer.status_code == 201, answer.text
        body = {"text": f"Said by {who}.", "topic": "Dates", "language": "en", "private": private}
        message = await world.say(who, f"{path}/messages", **body, files=[answer.json()["file_id"]])
        await world.say(state, f"{path}/messages/read", message_id=message["message_id"])
