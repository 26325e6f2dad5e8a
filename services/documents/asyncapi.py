"""The facts as JSON Schema, one document each, and the whole of their traffic as AsyncAPI 3.0."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.bus import stream_name
from chassis.service import Service
from contracts.facts import Event, Fact, facts, subject_of
from services.documents.shapes import DIALECT, first_sentence, says, shapes_of

SCHEMA_PLACE = "#/components/schemas/{name}"
MEDIA_TYPE = "application/cloudevents+json"
DESCRIPTION = """\
What happened, as facts over NATS JetStream: ids, codes, dates and numbers, never words or names, in a CloudEvents 1.0
envelope. There is one stream for each owner, and in it one subject for each type of fact. Facts of one aggregate are
numbered from 1 without a gap (`aggregateversion`) and take effect in that order, once. A type only grows: a field that
is added later is optional; anything else is a new version beside the old one. Only services read these subjects.
"""


def fact_schema(event_type: str, kind: type[Fact]) -> dict[str, Any]:
    """The schema of one type of event: the envelope with its fact, referring to nothing outside itself."""
    (envelope, fact), named = shapes_of([Event, kind], place="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": f"urn:entraide:{event_type}",
        "title": event_type,
        "description": says(kind),
        **_event(event_type, envelope, fact),
        "$defs": named,
    }


def asyncapi(
    services: Sequence[Service], *, version: str = "0.1.0", examples: Mapping[str, Sequence[Any]] | None = None
) -> dict[str, Any]:
    """The document of the facts that `services` publish or hear; `examples` are events by type."""
    names = {service.name for service in services} | {owner for service in services for owner in service.listens_to}
    told = {event_type: kind for event_type, kind in facts().items() if event_type.split(".")[0] in names}
    (envelope, *shapes), named = shapes_of([Event, *told.values()], place=SCHEMA_PLACE)
    messages = {
        event_type: _message(
            event_type, kind, _event(event_type, envelope, shape), (examples or {}).get(event_type, ())
        )
        for (event_type, kind), shape in zip(told.items(), shapes, strict=True)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Entraide: facts", "version": version, "description": DESCRIPTION},
        "defaultContentType": MEDIA_TYPE,
        "channels": {event_type: _channel(event_type, kind) for event_type, kind in told.items()},
        "operations": _operations(services, told),
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
    """The envelope, narrowed to one type and the shape of its data."""
    return {"allOf": [envelope, {"type": "object", "properties": {"type": {"const": event_type}, "data": fact}}]}


def _message(event_type: str, kind: type[Fact], payload: Mapping[str, Any], events: Sequence[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": event_type,
        "title": kind.__name__,
        "summary": first_sentence(says(kind)),
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
        "title": kind.__name__,
        "description": says(kind),
        "messages": {event_type: {"$ref": f"#/components/messages/{event_type}"}},
        "x-stream": stream_name(event_type.split(".")[0]),
    }


def _operations(services: Sequence[Service], told: Mapping[str, type[Fact]]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for event_type, kind in told.items():
        owner = event_type.split(".")[0]
        for service in services:
            if service.name == owner:
                operations[f"{owner}.send.{event_type}"] = _operation("send", event_type, f"{owner} announces it.")
            if owner in service.listens_to:
                effect = (
                    "lets it take effect" if kind in service.handlers else "hears it, for its number, without effect"
                )
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
