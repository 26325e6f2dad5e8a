"""The HTTP API as OpenAPI 3.1, from the routes of the running application.

The framework's own document is not used: it loses constraints and items of tuples, and lacks what the chassis adds
(idempotency keys, revisions, problems). Schemas come from msgspec, which also decodes the bodies.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from inspect import getdoc
from typing import Any, cast, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.routes import HTTPRoute
from litestar.types import Empty

from chassis.auth.tokens import ACTING_HEADER
from chassis.http.downloads import Download
from chassis.http.edge import FORM_TYPE, JSON_TYPE, TABLE_TYPE
from chassis.http.event_streams import EVENT_STREAM
from chassis.http.idempotency import KEY_HEADER
from chassis.http.pages import CURSOR_MAX, PART_MAX
from chassis.http.problems import MEDIA_TYPE, Problem
from chassis.http.uploads import (
    DISPOSITION_HEADER,
    FILE_PART,
    MULTIPART_TYPE,
    NAME_HEADER,
    NAME_MAX,
    NAME_PART,
    NAME_SENT,
    NAME_SENT_MAX,
)
from chassis.http.uploads import MEDIA_TYPE as FILE_TYPE
from chassis.rate_limiter import UNCOUNTED
from chassis.telemetry import CORRELATION_HEADER
from services.documents import webhooks
from services.documents.code_lists import coded, with_code_lists
from services.documents.descriptions import descriptions
from services.documents.examples import example_answer, example_body, example_problem
from services.documents.shapes import DIALECT, docstring_of, first_sentence, shapes_of, without_none

SCHEMA_PLACE = "#/components/schemas/{name}"
JSON = JSON_TYPE.decode()
FORM = FORM_TYPE.decode()
TABLE = TABLE_TYPE.decode()
FILE = FILE_TYPE.decode()
MULTIPART = MULTIPART_TYPE.decode()
BYTES: Mapping[str, Any] = {"type": "string", "format": "binary"}
FORM_WITH_FILE: Mapping[str, Any] = {
    "type": "object",
    "properties": {FILE_PART: BYTES, NAME_PART: {"type": "string", "maxLength": NAME_MAX}},
    "required": [FILE_PART],
}
EVENT_DATA = "x-event-data"
"""Key, in the schema of an event stream, of the schema of each event's `data`."""
DESCRIPTION = """\
Technical assistance under the UN Convention against Transnational Organized Crime: requests of States, offerings and
matches, pledges and funds, and notifications. Every command takes an `Idempotency-Key`: sent again with the same body
it has the same outcome and no second effect. A change of an existing record names its revision in `If-Match`. Every
refusal is a problem (RFC 9457) with a stable `slug` and a title in the language of `Accept-Language`. A query parameter
that an operation does not list is refused, and so is one that is repeated and is no list. `HEAD` is answered wherever
`GET` is. Answers show in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds) how many calls are
left, in `Content-Language` the language of their words, and in `Idempotency-Replayed: true` that a command had been
carried out before.
"""

SUCCESSES = range(200, 300)
_MADE = frozenset({HTTPStatus.CREATED, HTTPStatus.ACCEPTED})

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "Key": {
        "name": KEY_HEADER,
        "in": "header",
        "required": True,
        "description": "Chosen by the caller, one for each command: sent again with the same body, the outcome is the "
        "same; with another body it is refused (422). Kept for 30 days.",
        "schema": {"type": "string", "pattern": "^[!-~]{8,128}$", "minLength": 8, "maxLength": 128},
        "example": "0b9c7a8e-5f0d-4c1e-9a57-2f3f1c6f7d10",
    },
    "Revision": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The revision that is changed: the `ETag` it was read with. Another one is refused (412).",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}(-[0-9a-f]{16})?"$'},
        "example": '"1"',
    },
    "FileName": {
        "name": NAME_HEADER,
        "in": "header",
        "required": False,
        "description": "What the file is called, with the ending of what it is: percent-encoded UTF-8 (RFC 3986), at "
        f"most {NAME_MAX} characters, without `/`, `\\\\` and control characters. Needed, unless the name is in "
        f"`{DISPOSITION_HEADER}` (RFC 6266), or the file in a form.",
        "schema": {"type": "string", "pattern": NAME_SENT, "maxLength": NAME_SENT_MAX},
        "example": "Note%20verbale.pdf",
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "required": False,
        "description": "The `cursor` of the page before. Without it: the first page.",
        "schema": {"type": "string", "maxLength": CURSOR_MAX},
        "example": "KEN",
    },
    "Limit": {
        "name": "limit",
        "in": "query",
        "required": False,
        "description": "How many items a page has at most.",
        "schema": {"type": "integer", "minimum": 1, "maximum": PART_MAX, "default": PART_MAX},
        "example": 100,
    },
    "ActingAs": {
        "name": ACTING_HEADER,
        "in": "header",
        "required": False,
        "description": "The appointment acted in, `<organization>:<role>`; needed by who holds several.",
        "schema": {"type": "string", "pattern": "^[A-Z][A-Z0-9-]+:[a-z_]+$", "maxLength": 64},
        "example": "KEN:focal_point",
    },
    "Words": {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": "The language of a refusal's title: ar, en, es, fr, ru or zh; English otherwise.",
        "schema": {"type": "string", "maxLength": 200},
        "example": "fr",
    },
}

HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {
        "description": "The revision shown, and of a record read what is shown of it. To be sent back in `If-Match`, "
        "or to read the record again in `If-None-Match` (304 while it is the same).",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Where the new record is.", "schema": {"type": "string"}},
    "Link": {
        "description": "Where the list goes on (RFC 8288, `rel=next`); absent at its end.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "After how many seconds to try again.", "schema": {"type": "integer"}},
    CORRELATION_HEADER: {
        "description": "Names this call in logs, in the facts it led to and in mails; a UUID may be sent along.",
        "schema": {"type": "string", "format": "uuid"},
    },
}

REFUSALS: Mapping[str, str] = {
    "400": "Something sent cannot be meant.",
    "401": "No token, or one that will not do.",
    "403": "The caller's role does not permit the action.",
    "404": "There is no such record, or none for this caller.",
    "409": "The record's state does not allow it, or the same command is under way.",
    "412": "The record has changed since it was read.",
    "422": "The key was used for something else, or a rule across records does not hold.",
    "428": "`If-Match` is missing.",
    "429": "Too many calls in this time.",
    "default": "Any other refusal.",
}


def openapi(app: Litestar) -> dict[str, Any]:
    """Return the document of all public routes of `app`, except those that exclude themselves."""
    routes = list(documented(app))
    names = _operation_ids(routes)
    kinds: list[Any] = [Problem, webhooks.BODY]
    operations = [Operation(path, method, handler, kinds) for path, method, handler in routes]
    schemas, named = shapes_of(kinds, place=SCHEMA_PLACE)
    paths: dict[str, dict[str, Any]] = {}
    for operation, name in zip(operations, names, strict=True):
        paths.setdefault(operation.path, {})[operation.method.lower()] = operation.described(name, schemas)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {"title": "Entraide", "version": app.state.version, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in sorted({operation.tag for operation in operations})],
        "paths": paths,
        "webhooks": webhooks.webhooks(schemas[1]),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "parameters": dict(PARAMETERS),
            "headers": dict(HEADERS),
            "responses": {_component(status): _problem(status, text, schemas[0]) for status, text in REFUSALS.items()},
            "schemas": with_code_lists(named, SCHEMA_PLACE),
        },
    }


def documented(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Yield path, method and handler of each documented route."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS" and handler.resolve_include_in_schema() and not handler.opt.get("internal"):
                    yield route.path_format, method, handler


class Operation:
    """One method of one path. Its types are added to `kinds`, to create all schemas at once."""

    def __init__(self, path: str, method: str, handler: HTTPRouteHandler, kinds: list[Any]) -> None:
        self.path = path
        self.method = method
        self.handler = handler
        self._fields = handler.parsed_fn_signature.parameters
        self.summary = handler.summary or handler.handler_name.replace("_", " ")
        self.tag = next(iter(handler.resolve_tags()), path.split("/")[1])
        enforced = _enforced(handler)
        self._parameters = [
            (_sent_name(name, field), field, _append(kinds, enforced[name])) for name, field in _parameters_of(handler)
        ]
        body = self._fields.get("data")
        self._body: Any = None
        self._body_optional = True
        if body:
            self._body, optional = without_none(body.annotation)
            self._body_optional = optional or _can_be_empty(self._body)
        self._body_at = _append(kinds, self._body) if body else -1
        # Without a value of its own the handler's media type is empty; it may be a member of an enum.
        self._media_type = str(getattr(handler.media_type, "value", handler.media_type) or JSON)
        self._is_file = handler.parsed_return_field.annotation is Download
        self.answer = _answer(handler.parsed_return_field.annotation)
        self._answer_at = _append(kinds, self.answer)
        self._form = _append(kinds, handler.opt["form"]) if "form" in handler.opt else None
        self._more = {
            status: (spec, _append(kinds, spec.data_container)) for status, spec in (handler.responses or {}).items()
        }

    def described(self, name: str, schemas: list[dict[str, Any]]) -> dict[str, Any]:
        handler = self.handler
        public = bool(handler.opt.get("public"))
        operation: dict[str, Any] = {
            "operationId": name,
            "tags": [self.tag],
            "summary": self.summary,
            "parameters": self._described_parameters(name, schemas, public=public),
            "responses": self._described_responses(name, schemas, public=public),
        }
        if text := getdoc(handler.fn) or descriptions().operation(name):
            operation["description"] = text
        if self._body is not None:
            content: dict[str, Any] = {"schema": schemas[self._body_at]}
            if (example := example_body(self._body)) is not None:
                content["example"] = example
            operation["requestBody"] = {"required": not self._body_optional, "content": {JSON: content}}
        if rule := handler.opt.get("file"):
            operation["requestBody"] = {
                "required": True,
                "description": f"The file itself, of at most {rule.bytes_max} bytes; taken as "
                f"{', '.join(f'`{one}`' for one in rule.media_types)}.",
                "content": {FILE: {"schema": BYTES}, MULTIPART: {"schema": FORM_WITH_FILE}},
            }
        if self._form is not None:
            form = {"schema": schemas[self._form], "example": example_body(handler.opt["form"])}
            operation["requestBody"] = {"required": True, "content": {FORM: form}}
        if sample := handler.opt.get("table"):
            table = {"schema": BYTES, "example": sample}
            operation["requestBody"] = {"required": True, "content": {TABLE: table}}
        if public:
            operation["security"] = []
        return operation

    def _described_parameters(
        self, operation: str, schemas: list[dict[str, Any]], *, public: bool
    ) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = []
        for name, field, at in self._parameters:
            schema, default = dict(schemas[at]), msgspec.to_builtins(None if field.default is Empty else field.default)
            if default is not None:
                schema["default"] = default
            one = {"name": name, "in": field.kwarg_definition.param_type.value, "required": field.default is Empty}
            if text := field.kwarg_definition.description or descriptions().parameter(operation, name):
                one["description"] = text
            described.append({**one, "schema": coded(name, schema, SCHEMA_PLACE)})
        shared = [
            *(["Key"] if "command" in self._fields else []),
            *(["Revision"] if "expected" in self._fields else []),
            *(["Cursor", "Limit"] if "part" in self._fields else []),
            *(["FileName"] if "upload" in self._fields else []),
            *([] if public else ["ActingAs"]),
            *([] if any(one["name"] == PARAMETERS["Words"]["name"] for one in described) else ["Words"]),
        ]
        return described + [{"$ref": f"#/components/parameters/{name}"} for name in shared]

    def _described_responses(self, name: str, schemas: list[dict[str, Any]], *, public: bool) -> dict[str, Any]:
        responses = {str(self.handler.status_code): self._described_success(name, schemas)}
        for status, (spec, at) in self._more.items():
            content = {"schema": schemas[at]}
            if status in SUCCESSES:
                content["example"] = example_answer(name, cast(type, spec.data_container))
            responses[str(status)] = {"description": spec.description, "content": {JSON: content}}
        refusals = {
            "400": True,
            "401": not public,
            "403": not public,
            "404": "{" in self.path,
            "409": "command" in self._fields,
            "412": "expected" in self._fields or any(name == "If-Match" for name, _, _ in self._parameters),
            "422": "command" in self._fields,
            "428": "expected" in self._fields,
            "429": self.path not in UNCOUNTED,
            "default": True,
        }
        for refusal, possible in refusals.items():
            if possible and refusal in responses:
                # A request that is refused before the handler runs is refused like any other request.
                responses[refusal]["content"][MEDIA_TYPE] = {"schema": schemas[0], "example": example_problem(refusal)}
            elif possible:
                responses[refusal] = {"$ref": f"#/components/responses/{_component(refusal)}"}
        return responses

    def _described_success(self, operation: str, schemas: list[dict[str, Any]]) -> dict[str, Any]:
        example = example_answer(operation, self.answer)
        response: dict[str, Any] = {
            "description": first_sentence(docstring_of(self.answer)) or HTTPStatus(self.handler.status_code).phrase,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in self._headers()},
        }
        if self._is_file or self.answer is bytes:
            also = self.handler.opt.get("also", {})
            response["content"] = {media_type: {"schema": BYTES} for media_type in (self._media_type, *also)}
        elif self._media_type == EVENT_STREAM:
            # JSON Schema cannot describe an endless stream (OpenAPI 3.2 has `itemSchema`).
            sample = f"id: 6rVq\ndata: {json.dumps(example)}\n\n"
            schema = {"type": "string"}
            response["content"] = {
                EVENT_STREAM: {"schema": schema, EVENT_DATA: schemas[self._answer_at], "example": sample}
            }
        elif self.answer is not type(None):
            also = {media_type: {"schema": schema} for media_type, schema in self.handler.opt.get("also", {}).items()}
            response["content"] = {self._media_type: {"schema": schemas[self._answer_at], "example": example}, **also}
        return response

    def _headers(self) -> list[str]:
        """Return the headers set by the chassis' `created`, `shown` and `next_link`, by the response's type."""
        members = getattr(self.answer, "__struct_fields__", ())
        return [
            *(["Location"] if self.handler.status_code in _MADE and self._makes_a_record else []),
            *(["ETag"] if "revision" in members or self._is_file or self.handler.opt.get("etag") else []),
            *(["Link"] if "cursor" in members else []),
            CORRELATION_HEADER,
        ]

    @property
    def _makes_a_record(self) -> bool:
        if self.handler.opt.get("creates"):
            return True
        named = next(iter(getattr(self.answer, "__struct_fields__", ())), "")
        another = named.endswith("_id") and f"{{{named}}}" not in self.path
        return "{" not in self.path or another or "file" in self.handler.opt


def _can_be_empty(body: Any) -> bool:
    """Check whether the body may be omitted: an object without required fields."""
    is_struct = isinstance(body, type) and issubclass(body, msgspec.Struct)
    return is_struct and not any(field.required for field in msgspec.structs.fields(body))


def _parameters_of(handler: HTTPRouteHandler) -> list[tuple[str, Any]]:
    """List the parameters that a caller sends: everything except our dependencies and the body.

    Parameters of the route's own `dependencies=` are included.
    """
    ours = set(handler.resolve_dependencies()) | {"data"}
    return [
        (name, field)
        for signature in (*(one.parsed_fn_signature for one in _shared(handler)), handler.parsed_fn_signature)
        for name, field in signature.parameters.items()
        if name not in ours and isinstance(field.kwarg_definition, ParameterKwarg)
    ]


def _shared(handler: HTTPRouteHandler) -> list[Provide]:
    return [one for one in (handler.dependencies or {}).values() if isinstance(one, Provide)]


def _sent_name(name: str, field: Any) -> str:
    return str(field.kwarg_definition.name or name)


def _enforced(handler: HTTPRouteHandler) -> dict[str, Any]:
    """Return the parameter types that the framework enforces, without None.

    A missing parameter is absent, never null. The annotations are not used, because the framework ignores their limits
    (`msgspec.Meta`).
    """
    return {
        field.name: without_none(field.type)[0]
        for model in (*(one.signature_model for one in _shared(handler)), handler.signature_model)
        for field in msgspec.structs.fields(model)
    }


def _answer(kind: Any) -> Any:
    """Return the type of a response's body: the argument of a Response, or the handler's return type."""
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Response):
        return get_args(kind)[0]
    # A file has no schema.
    return type(None) if kind is Download else kind


def _append(kinds: list[Any], kind: Any) -> int:
    kinds.append(kind)
    return len(kinds) - 1


def _problem(status: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    headers = [CORRELATION_HEADER, *(["Retry-After"] if status == "429" else [])]
    return {
        "description": text,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {MEDIA_TYPE: {"schema": schema, "example": example_problem(status)}},
    }


def _component(status: str) -> str:
    return "Problem" if status == "default" else f"Problem{status}"


def _operation_ids(routes: Sequence[tuple[str, str, HTTPRouteHandler]]) -> list[str]:
    """Return each route's name, else its function's; method and path if that is not unique."""
    own = [handler.name for _, _, handler in routes]
    names = [name or handler.handler_name for name, (_, _, handler) in zip(own, routes, strict=True)]
    count = Counter(_identifier(name) for name in names)
    return [
        _identifier(name) if given or count[_identifier(name)] == 1 else _identifier(f"{method.lower()}{path}")
        for given, name, (path, method, _) in zip(own, names, routes, strict=True)
    ]


def _identifier(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
