"""Requests that a page makes automatically: they are not a person's use of their session."""

from typing import Any

from litestar import Request

REFRESH_HEADER = "live-refresh"
"""Sent by the live parts of pages (templates/live/macros.html)."""

FOLLOWING = "/live"
"""Path, after the language, of the stream that notifies pages of changes."""


def is_refresh(request: Request[Any, Any, Any]) -> bool:
    """Whether a live part of a page asks for its new state."""
    return REFRESH_HEADER in request.headers


def is_unattended(request: Request[Any, Any, Any]) -> bool:
    """Whether a page asks without its person doing anything, so that an idle session still ends."""
    return is_refresh(request) or request.url.path.rstrip("/").endswith(FOLLOWING)
