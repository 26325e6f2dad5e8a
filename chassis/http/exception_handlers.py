"""Exception handlers, which convert each exception to a problem of `chassis.http.problems`."""

from collections.abc import Mapping
from typing import Any, cast

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.routes import HTTPRoute

from chassis.db.database import OutcomeUnknown, is_busy, is_transient
from chassis.http.bodies import with_all_errors
from chassis.http.edge import BODY, reader_language
from chassis.http.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, Problem, log_refusal, problem, problem_of
from chassis.http.queries import STATE_KEY
from chassis.http.uploads import MEDIA_TYPE as FILE_TYPE
from chassis.rate_limiter import READING
from contracts.refusals import Refusal

log = structlog.get_logger()


def _respond(body: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    return Response(body, status_code=body.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def on_refusal(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    sent = cast(Mapping[str, object], request.scope).get(BODY)
    field = request.route_handler.parsed_data_field
    if isinstance(sent, bytes) and sent and field:
        refusal = with_all_errors(refusal, sent, field.annotation)
    body = problem_of(refusal, reader_language(request.scope))
    log_refusal(cast(Mapping[str, Any], request.scope), body)
    headers: dict[str, str] = {}
    if body.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="entraide"'
    if body.slug == "scope-not-given":  # RFC 6750 section 3.1
        scope = body.details["needed"]
        headers["WWW-Authenticate"] = f'Bearer realm="entraide", error="insufficient_scope", scope="{scope}"'
    if body.status in {429, 503}:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return _respond(body, headers)


HTTP_SLUGS = {
    400: "invalid-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "media-type-unsupported",
}


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    # The framework's text is not used: it repeats what was sent.
    details: dict[str, object] = {}
    if isinstance(error, ValidationException):
        details = request.app.state[STATE_KEY][request.route_handler].refused(_parameters_refused(error))
    if error.status_code == 415:
        details["accepted"] = [FILE_TYPE.decode()]
    slug = HTTP_SLUGS.get(error.status_code, "internal-error" if error.status_code >= 500 else "invalid-request")
    allow = {"Allow": ", ".join(_allowed(request))} if error.status_code == 405 else None
    body = problem(slug, error.status_code, reader_language(request.scope), details)
    log_refusal(cast(Mapping[str, Any], request.scope), body)
    return _respond(body, allow)


def _parameters_refused(error: ValidationException) -> list[str]:
    """The invalid parameters, by the names of the handler's arguments."""
    if isinstance(error.extra, list):
        return [str(item.get("key")) for item in error.extra if isinstance(item, dict)]
    # For a missing required parameter the framework gives its name only in the cause.
    return [str(error.__cause__.args[0])] if isinstance(error.__cause__, KeyError) else []


def _allowed(request: Request[Any, Any, Any]) -> list[str]:
    """The allowed methods of the path (RFC 9110 section 15.5.6)."""
    path = request.url.path.rstrip("/").split("/")
    for route in request.app.routes:
        template = route.path_format.split("/")
        same = len(template) == len(path) and all(
            t.startswith("{") or t == p for t, p in zip(template, path, strict=True)
        )
        if same and isinstance(route, HTTPRoute):
            return sorted(route.methods - {"OPTIONS"} | ({"HEAD"} if "GET" in route.methods else set()))
    return []


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    language = reader_language(request.scope)
    if isinstance(error, OutcomeUnknown) and request.method not in READING:
        return _unanswered("outcome-unknown", request, error)
    if is_busy(error):
        return _unanswered("overloaded", request, error)
    if isinstance(error, OutcomeUnknown) or is_transient(error):
        return _unanswered("database-unavailable", request, error)
    if isinstance(error, asyncpg.UniqueViolationError) and error.table_name == "journal":
        # There were two concurrent changes of a record, and the journal accepted the other one.
        return _respond(problem("revision-stale", 412, language))
    if isinstance(error, asyncpg.DataError):
        return _respond(problem("invalid-request", 400, language))
    log.error("request failed", error=type(error).__name__, exc_info=error)
    return _respond(problem("internal-error", 500, language))


def _unanswered(slug: str, request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Answer 503, because the database has not answered."""
    body = problem(slug, 503, reader_language(request.scope))
    log_refusal(cast(Mapping[str, Any], request.scope), body, error=type(error).__name__)
    return _respond(body, {"Retry-After": str(RETRY_AFTER_SECONDS)})


EXCEPTION_HANDLERS = {
    Refusal: on_refusal,
    HTTPException: on_http_exception,
    InternalServerException: on_exception,
    Exception: on_exception,
}
