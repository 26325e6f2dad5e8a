"""Error answers: RFC 9457 problem details in the caller's language."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import structlog
from babel.core import negotiate_locale

from chassis.rate_limiter import IDENTITY
from chassis.telemetry import correlation_id
from contracts.reference.expectations import expected_words
from contracts.reference.refusal_words import words_of
from contracts.refusals import (
    Conflict,
    Excessive,
    FieldError,
    Forbidden,
    Invalid,
    Mismatch,
    Missing,
    Refusal,
    Stale,
    Unavailable,
    Unconditional,
    Unidentified,
)
from contracts.values import Caller, Language

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
SERVER_ERROR = 500

STATUSES: Mapping[type[Refusal], int] = {
    Invalid: 400,
    Unidentified: 401,
    Forbidden: 403,
    Missing: 404,
    Conflict: 409,
    Stale: 412,
    Mismatch: 422,
    Unconditional: 428,
    Excessive: 429,
    Unavailable: 503,
}

OF_A_VALUE = frozenset({"invalid-field", "number-out-of-range"})
"""Slugs whose `expected` says in words what the value should be; elsewhere it is a code or a revision."""

log = structlog.get_logger()


def _details_schema() -> dict[str, Any]:
    """The OpenAPI schema of `details`: open, because each slug has its own, except for `errors` of a body."""
    _, named = msgspec.json.schema_components((FieldError,))
    return {
        "description": "What explains this case. Of a body that does not fit, `field` is the first place where it does "
        "not, and `errors` are all such places: at most 50, and `more` is true where there are others. Of a query, "
        "`parameters` are those that are refused, and `known` those that there are. Of another content type, "
        "`accepted` are those that are taken.",
        "properties": {
            "field": {"type": "string"},
            "errors": {"type": "array", "items": named["FieldError"]},
            "more": {"type": "boolean"},
            "parameters": {"type": "array", "items": {"type": "string"}},
            "known": {"type": "array", "items": {"type": "string"}},
            "accepted": {"type": "array", "items": {"type": "string"}},
        },
    }


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details. `slug` is stable, `title` is in the caller's language, `details` explain this case."""

    type: str
    title: str
    status: int
    slug: str
    correlation_id: str
    details: Annotated[dict[str, Any], msgspec.Meta(extra_json_schema=_details_schema())] = {}


def problem(slug: str, status: int, language: Language, details: Mapping[str, object] | None = None) -> Problem:
    return Problem(
        type=f"/problems/{slug}",
        title=words_of(slug, language),
        status=status,
        slug=slug,
        correlation_id=correlation_id(),
        details=_in_words(slug, details or {}, language),
    )


def _in_words(slug: str, details: Mapping[str, object], language: Language) -> dict[str, object]:
    """Details with what is expected of a value, its own or that of each error, in the language of the title."""
    said = dict(details)
    if slug in OF_A_VALUE and isinstance(expected := said.get("expected"), str):
        said["expected"] = expected_words(expected, language)
    if isinstance(errors := said.get("errors"), list):
        said["errors"] = [
            msgspec.structs.replace(one, expected=expected_words(one.expected, language))
            if isinstance(one, FieldError) and one.problem in OF_A_VALUE and one.expected
            else one
            for one in errors
        ]
    return said


def problem_of(refusal: Refusal, language: Language) -> Problem:
    return problem(refusal.slug, STATUSES[type(refusal)], language, refusal.details)


def language_of(accept_language: str | None) -> Language:
    """The caller's preferred language among the six (RFC 9110 section 12.5.4); English by default."""
    wishes: list[tuple[float, str]] = []
    for wish in (accept_language or "").split(",")[:20]:
        tag, _, quality = wish.strip().partition(";")
        found = re.match(r"\s*[qQ]=([01](?:\.\d{0,3})?)\s*\Z", quality)
        wishes.append((-(float(found[1]) if found else 1.0), tag.strip().replace("-", "_")))
    preferred = [tag.split("_")[0].lower() for weight, tag in sorted(wishes, key=lambda w: w[0]) if weight < 0]
    return Language(negotiate_locale(preferred, list(Language)) or Language.EN)


def log_refusal(scope: Mapping[str, Any], said: Problem, *, error: str | None = None) -> None:
    """Log a refusal with its caller and reason, but nothing of the request; a server error is logged as a warning.

    `error` is the type of the exception that caused it.
    """
    who = scope.get(IDENTITY)
    known = (
        {"person_id": str(who.person_id), "organization": who.organization, "role": str(who.role)}
        if isinstance(who, Caller)
        else {}
    )
    cause = {"error": error} if error else {}
    # The route's template is logged, because a path may guess at ids.
    route = scope.get("path_template") or "none"
    write = log.warning if said.status >= SERVER_ERROR else log.info
    write("refused", slug=said.slug, status=said.status, method=scope["method"], route=route, **known, **cause)
