"""Query parameters: only those that a route declares are accepted, each in its form."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args
from urllib.parse import parse_qsl

from litestar import Litestar
from litestar.di import Provide
from litestar.enums import ParamType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Meta, Struct

from chassis.http.bodies import values_of
from contracts.refusals import FieldError, Invalid

NAME_SHOWN_MAX = 64
NAMES_SHOWN_MAX = 20
STATE_KEY = "parameters"


class Parameters(Struct, frozen=True, kw_only=True):
    """The parameters that a handler and its dependencies declare, by the names in which they are sent."""

    query: frozenset[str]
    repeatable: frozenset[str]
    """Names in `query` that may be repeated, because they are lists."""

    sent_as: Mapping[str, str]
    """Maps the name of a Python parameter to its name in query, path or header."""

    allowed: Mapping[str, tuple[str | int, ...]]
    """Values of the enumerations, by the names in which they are sent."""

    def refused(self, names: Iterable[str]) -> dict[str, object]:
        """The details of a refusal of these parameters, given by their names in Python or as sent."""
        sent = sorted({self.sent_as.get(name, name) for name in names})
        errors = [
            FieldError(field=name, problem="invalid-request", allowed=self.allowed[name])
            for name in sent
            if name in self.allowed
        ]
        return {"parameters": sent, **({"errors": errors} if errors else {})}


def parameters_of(app: Litestar) -> Mapping[BaseRouteHandler, Parameters]:
    """The parameters of every handler of `app`, as the framework reads them."""
    found: dict[BaseRouteHandler, Parameters] = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, model in route.route_handler_map.values():
                query = [one for one in model.expected_query_params if one.param_type is ParamType.QUERY]
                sent = [*query, *model.expected_path_params, *model.expected_header_params]
                sent_as = {one.field_name: one.field_alias for one in sent}
                found[handler] = Parameters(
                    query=frozenset(one.field_alias for one in query),
                    repeatable=frozenset(model.sequence_query_parameter_names),
                    sent_as=sent_as,
                    allowed={
                        sent_as[name]: values
                        for name, kind in _declared(handler)
                        if name in sent_as and (values := values_of(kind))
                    },
                )
    return found


def _declared(handler: BaseRouteHandler) -> Iterator[tuple[str, Any]]:
    """The parameters of a handler and its shared dependencies, with their types."""
    shared = (one for one in (handler.dependencies or {}).values() if isinstance(one, Provide))
    for signature in (*(one.parsed_fn_signature for one in shared), handler.parsed_fn_signature):
        for name, field in signature.parameters.items():
            yield name, field.annotation


class DeclaredParameters(ASGIMiddleware):
    """Refuses a query with an undeclared parameter, or with a repeated one that is not a list.

    Reads `parameters_of` from the application's state. Runs after authentication, whose errors come first.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if query := scope["query_string"]:
            known = scope["litestar_app"].state[STATE_KEY][scope["route_handler"]]
            check_query(known, query.decode("latin-1"))
        await next_app(scope, receive, send)


def check_query(known: Parameters, query: str) -> None:
    """Raise Invalid for undeclared or repeated parameters, with their names."""
    names = Counter(name for name, _ in parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(names.keys() - known.query):
        shown = [name[:NAME_SHOWN_MAX] for name in unknown[:NAMES_SHOWN_MAX]]
        raise Invalid("unknown-parameter", parameters=shown, known=sorted(known.query))
    if repeated := sorted(name for name, count in names.items() if count > 1 and name not in known.repeatable):
        raise Invalid("parameter-repeated", parameters=repeated)


def query_parameter(word: Any, *, name: str | None = None) -> QueryParameter:
    """A query parameter with the limits of `word`, an alias of `contracts.values`; other values are `invalid-request`.

    With the alias as a plain annotation the parameter would be a `str` without limits, because the framework reads its
    Meta only in bodies.
    """
    _, meta = get_args(word)
    assert isinstance(meta, Meta), "an alias has one Meta"
    return QueryParameter(name=name, pattern=meta.pattern, min_length=meta.min_length, max_length=meta.max_length)
