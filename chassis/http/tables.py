"""CSV bodies: `text/csv` (RFC 4180) in UTF-8, as spreadsheets write it."""

from typing import Any

from litestar import Litestar, Request
from litestar.routes import HTTPRoute


def takes_table(example: str) -> dict[str, str]:
    """Return the route option for a CSV body like the example, read by `table_of`."""
    return {"table": example}


def routes_of_tables(app: Litestar) -> list[str]:
    """The paths of routes with a CSV body."""
    return [
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute) and any("table" in handler.opt for handler in route.route_handlers)
    ]


async def table_of(request: Request[Any, Any, Any]) -> str:
    """The text of the body without a byte order mark. The edge has checked that it is UTF-8."""
    return (await request.body()).decode("utf-8-sig")
