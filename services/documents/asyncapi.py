"""Facts as one JSON Schema document each, and their channels and event streams as AsyncAPI 3.0."""

from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any

from litestar import Litestar

from chassis.http.event_streams import EVENT_STREAM
from chassis.journal.bus import stream_name
from chassis.service import Service
from chassis.version import VERSION
from contracts.facts import Event, Fact, subject_of
from contracts.registry import FACTS
from services.documents.examples import example_answer
from services.documents.openapi import Operation, documented
from services.documents.shapes import DIALECT, docstring_of, first_sentence, public_name, shapes_of

SERVERS: Mapping[str, Any] = {
    "broker": {
        "host": "broker.entraide.example:4222",
        "protocol": "nats",
        "description": "NATS with JetStream; within the platform alone.",
    },
    "api": {"host": "entraide.example", "protocol": "https", "description": "The API, for callers with a token."},
}
SCHEMA_PLACE = "#/components/schemas/{name}"
MEDIA_TYPE = "application/cloudevents+json"
DESCRIPTION = """\
Facts over NATS JetStream: ids, codes, dates and numbers, never words or names, in a CloudEvents 1.0 envelope. There is
one stream for each owner, and in it one subject for each type of fact. Facts of one aggregate are numbered from 1
without a gap (`aggregateversion`) and applied in that order, once. New fields of a type are optional; anything else is
a new version beside the old one. Only services read these subjects.

All other clients follow events over HTTP, as server-sent events: ids and types of the records they may see. Each event
has an `id`, to continue after it with `Last-Event-ID`, and its message as JSON in `data`.
"""


def fact_schema(event_type: str, kind: type[Fact]) -> dict[str, Any]:
    """Return the schema of one event type: the envelope with its fact, without external references."""
    (envelope, fact), named = shapes_of([Event, kind], place="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": f"urn:entraide:{event_type}",
        "title": event_type,
        "description": docstring_of(kind),
        **_event(event_type, envelope, fact),
        "$defs": named,
    }


def asyncapi(
    services: Sequence[Service],
    app: Litestar,
    *,
    version: str = VERSION,
    examples: Mapping[str, Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """Return the document of the facts that `services` publish or consume, and of the event streams of `app`.

    `examples` are events by type.
    """
    names = {service.name for service in services} | {owner for service in services for owner in service.listens_to}
    facts_published = {event_type: kind for event_type, kind in FACTS.items() if event_type.split(".")[0] in names}
    streams = [Operation(*route, []) for route in documented(app) if str(route[2].media_type) == EVENT_STREAM]
    kinds = [Event, *facts_published.values(), *(stream.answer for stream in streams)]
    (envelope, *shapes), named = shapes_of(kinds, place=SCHEMA_PLACE)
    messages = {
        event_type: _message(
            event_type, kind, _event(event_type, envelope, shape), (examples or {}).get(event_type, ())
        )
        for (event_type, kind), shape in zip(facts_published.items(), shapes, strict=False)
    }
    for stream, shape in zip(streams, shapes[len(facts_published) :], strict=True):
        messages[public_name(stream.answer.__name__)] = _streamed(stream.answer, shape)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Entraide: facts", "version": version, "description": DESCRIPTION},
        "defaultContentType": MEDIA_TYPE,
        "servers": SERVERS,
        "channels": {event_type: _channel(event_type, kind) for event_type, kind in facts_published.items()}
        | {stream.path: _stream_channel(stream) for stream in streams},
        "operations": _operations(services, facts_published)
        | {f"{stream.tag}.stream": _stream_operation(stream) for stream in streams},
        "components": {"messages": messages, "schemas": named | {"Headers": HEADERS}},
    }


HEADERS: Mapping[str, Any] = {
    "type": "object",
    "description": "Headers of a message.",
    "properties": {
        "Nats-Msg-Id": {
            "type": "string",
            "format": "uuid",
            "description": "The event's id: the broker drops a repeat.",
        },
        "Content-Type": {"type": "string", "const": MEDIA_TYPE, "description": "Media type of the message."},
    },
    "required": ["Nats-Msg-Id"],
}


def _event(event_type: str, envelope: Mapping[str, Any], fact: Mapping[str, Any]) -> dict[str, Any]:
    """Return the envelope, restricted to one type and the schema of its data."""
    return {"allOf": [envelope, {"type": "object", "properties": {"type": {"const": event_type}, "data": fact}}]}


def _message(event_type: str, kind: type[Fact], payload: Mapping[str, Any], events: Sequence[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": event_type,
        "title": kind.__name__,
        "summary": first_sentence(docstring_of(kind)),
        "contentType": MEDIA_TYPE,
        "headers": {"$ref": SCHEMA_PLACE.format(name="Headers")},
        "payload": payload,
        "correlationId": {"location": "$message.payload#/correlationid"},
    }
    if events:
        message["examples"] = [{"headers": {"Nats-Msg-Id": event["id"]}, "payload": event} for event in events]
    return message


def _channel(event_type: str, kind: type[Fact]) -> dict[str, Any]:
    return {
        "address": subject_of(event_type),
        "servers": [{"$ref": "#/servers/broker"}],
        "title": kind.__name__,
        "description": docstring_of(kind),
        "messages": {event_type: {"$ref": f"#/components/messages/{event_type}"}},
        "x-stream": stream_name(event_type.split(".")[0]),
    }


def _streamed(kind: type, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message of an event stream, with the schema of its `data`."""
    return {
        "name": public_name(kind.__name__),
        "title": public_name(kind.__name__),
        "summary": first_sentence(docstring_of(kind)),
        "contentType": "application/json",
        "payload": payload,
        "examples": [{"payload": example_answer("", kind)}],
    }


def _stream_channel(stream: Operation) -> dict[str, Any]:
    name = public_name(stream.answer.__name__)
    return {
        "address": stream.path,
        "servers": [{"$ref": "#/servers/api"}],
        "title": stream.summary,
        "description": getdoc(stream.handler.fn),
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"http": {}},
        "x-media-type": EVENT_STREAM,
    }


def _stream_operation(stream: Operation) -> dict[str, Any]:
    channel = stream.path.replace("/", "~1")
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{public_name(stream.answer.__name__)}"}],
        "summary": stream.summary,
        "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
    }


def _operations(services: Sequence[Service], facts_published: Mapping[str, type[Fact]]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for event_type, kind in facts_published.items():
        owner, aggregate, *_ = event_type.split(".")
        for service in services:
            if service.name == owner:
                operations[f"{owner}.send.{event_type}"] = _operation("send", event_type, f"{owner} announces it.")
            if aggregate in service.consumed_aggregates(owner):
                effect = "applies it" if kind in service.handlers else "consumes it for its version number only"
                operations[f"{service.name}.receive.{event_type}"] = {
                    **_operation("receive", event_type, f"{service.name} {effect}."),
                    "x-durable": service.name,
                }
    return operations


def _operation(action: str, event_type: str, summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{event_type}"},
        "messages": [{"$ref": f"#/channels/{event_type}/messages/{event_type}"}],
        "summary": summary,
    }
