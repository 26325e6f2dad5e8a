"""Refusals in examples."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

PROBLEMS: Mapping[str, tuple[str, int, Mapping[str, Any]]] = MappingProxyType(
    {
        "400": ("unknown-field", 400, {"pointer": "$", "field": "titel"}),
        "401": ("token-missing", 401, {}),
        "403": ("not-for-your-role", 403, {}),
        "404": ("not-found", 404, {}),
        "409": ("request-status", 409, {"status": "withdrawn", "move": "submit"}),
        "412": ("revision-stale", 412, {}),
        "422": ("idempotency-key-reused", 422, {}),
        "428": ("if-match-missing", 428, {}),
        "429": ("too-many-requests", 429, {}),
        "default": ("database-unavailable", 503, {}),
    }
)
"""A refusal of each status: its slug, its status and its members."""
