"""Form-encoded bodies, for routes defined by another specification."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar, Request
from litestar.routes import HTTPRoute

from contracts.refusals import Invalid

FIELDS_MAX = 20


def takes_form(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the route option for a form body with these fields, read by `form_of`."""
    return {"public": True, "form": kind}


def routes_of_forms(app: Litestar) -> list[str]:
    """The paths of routes with a form body."""
    return [
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute) and any("form" in handler.opt for handler in route.route_handlers)
    ]


async def form_of(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """Return the non-empty fields of a form. Raises Invalid if it is malformed or repeats a field."""
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, strict_parsing=bool(text), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise Invalid("form-malformed") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Invalid("form-malformed")
    return fields
