"""What else SHERLOC's desk keeps, in the world of records: extensions of the portal."""

from typing import Any

KENYA, COORDINATOR = "KEN:focal_point", "UNODC:coordinator"
AN_EXTENSION = {
    "language": "en",
    "title": "A sample.",
    "scope": "A sample.",
    "cost": {"minor": 100_000, "currency": "USD"},
    "work_package": "development",
}


async def keep_portal(world: Any) -> None:
    """An extension that Kenya voted for and that is in progress, and one that is only proposed."""
    path = "/v1/extensions"
    await world.say(COORDINATOR, path, **AN_EXTENSION)
    extension = await world.say(COORDINATOR, path, **AN_EXTENSION)
    at = f"{path}/{extension['extension_id']}"
    extension = await world.say(KENYA, f"{at}/vote", about=extension)
    for move in ("plan", "begin"):
        extension = await world.say(COORDINATOR, f"{at}/{move}", about=extension)
    await world.say(COORDINATOR, f"{at}/note", about=extension, language="en", text="A sample.")
