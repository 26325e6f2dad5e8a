"""Bodies that are forms: where another specification than ours says so."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar, Request
from litestar.routes import HTTPRoute

from contracts.refusals import Invalid

FIELDS_MAX = 20


def takes_form(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Put as `opt` on a public route whose body is a form with these fields: `form_of` reads it."""
    return {"public": True, "form": kind}


def routes_of_forms(app: Litestar) -> list[str]:
    """Their paths."""
    return [
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute) and any("form" in handler.opt for handler in route.route_handlers)
    ]


async def form_of(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """The fields of a form, without those that are empty. Raises Invalid for one that is given twice."""
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, strict_parsing=bool(text), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise Invalid("form-malformed") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Invalid("form-malformed")
    return fields
