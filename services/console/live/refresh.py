"""Requests that a page makes automatically, which do not count as a person's use of their session."""

from typing import Any

from litestar import Request

REFRESH_HEADER = "live-refresh"
"""Header sent by the live parts of pages (templates/live/macros.html)."""

FOLLOWING = "/live"
"""Path, after the language, of the stream that notifies pages of changes."""


def is_refresh(request: Request[Any, Any, Any]) -> bool:
    """Check whether a live part of a page requests its new state."""
    return REFRESH_HEADER in request.headers


def is_unattended(request: Request[Any, Any, Any]) -> bool:
    """Check whether a page makes the request without its person doing anything, so that an idle session still ends."""
    return is_refresh(request) or request.url.path.rstrip("/").endswith(FOLLOWING)
