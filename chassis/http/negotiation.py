"""The preferred media type of two, by an `Accept` header."""

import re

ACCEPT_PARTS_MAX = 32
QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)

TURTLE = "text/turtle"
JSON_LD = "application/ld+json"


def prefers_json(accept: str) -> bool:
    """Check whether an `Accept` header prefers JSON-LD to Turtle."""
    return max(quality(accept, JSON_LD), quality(accept, "application/json")) > quality(accept, TURTLE)


def quality(accept: str, media_type: str) -> float:
    """The quality of a media type in an `Accept` header, 0 to 1, by the most specific part (RFC 9110, 12.5.1)."""
    names = [media_type, media_type.partition("/")[0] + "/*", "*/*"]
    wanted: dict[str, float] = {}
    for part in accept.lower().split(",")[:ACCEPT_PARTS_MAX]:
        found = QUALITY.search(part)
        wanted[part.partition(";")[0].strip()] = min(float(found[1]), 1.0) if found else 1.0
    return next((wanted[name] for name in names if name in wanted), 0.0)
