"""One example of each fact, body and answer: fictitious, deterministic, with real codes.

Examples of facts are written once and kept (`contracts/examples/`), to check that published facts remain readable.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import inspect

from chassis.http.problems import problem
from contracts.facts import Event, Fact, fact_type
from contracts.values import Language, Role
from services.documents.sample_actors import ACTORS, FIRST
from services.documents.sample_answers import ANSWERS
from services.documents.sample_contributions import CONTRIBUTIONS
from services.documents.sample_delivery import DELIVERY
from services.documents.sample_desk import DESK
from services.documents.sample_joint import JOINT
from services.documents.sample_mails import MAIL
from services.documents.sample_portal import PORTAL
from services.documents.sample_problems import PROBLEMS
from services.documents.sample_reasons import REASONS
from services.documents.sample_sherloc import LEAST_SHERLOC, SHERLOC
from services.documents.sample_texts import BY_OPERATION
from services.documents.sample_translations import TRANSLATED
from services.documents.sample_values import LEAST, VALUES

WHEN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
DAY = "2026-11-25"
IN_FACTS = (CONTRIBUTIONS, DELIVERY, DESK, JOINT, MAIL, PORTAL, SHERLOC, TRANSLATED, VALUES)
LEAST_VALUES = {**LEAST, **LEAST_SHERLOC}


class NoExample(Exception):
    """Raised if a field of a fact has no value in `sample_values.VALUES` yet."""


def example_event(kind: type[Fact], *, least: bool = False) -> Event:
    """Return a fact in its envelope; `least` omits optional fields. Raises NoExample for a field without a value."""
    name, event_type = kind.__name__, fact_type(kind)
    fact = msgspec.convert(_ExampleMaker(strict=True, least=least).struct(_shape(kind)), kind)
    actor = next((appointment for appointment, acts in ACTORS.items() if name in acts), None)
    organization, _, role = (actor or ":").partition(":")
    return Event(
        specversion="1.0",
        id=_id(f"{event_type} {'least' if least else 'full'}"),
        source=f"/{event_type.partition('.')[0]}",
        type=event_type,
        subject=f"{fact.aggregate}/{fact.aggregate_id}",
        time=WHEN,
        aggregateversion=1 if name in FIRST else 2,
        correlationid="example",
        datacontenttype="application/json",
        data=msgspec.Raw(msgspec.json.encode(fact)),
        causationid=None if least or actor else _id("cause"),
        actorid=_id(actor) if actor and not least else None,
        actorrole=Role(role) if actor and not least else None,
        actororganization=organization if actor and not least else None,
    )


def has_optional(kind: type[Fact]) -> bool:
    """Check whether the fact or a part of it has optional fields."""
    return _has_optional(_shape(kind))


@cache
def example_body(kind: Any) -> Any:
    """Return a body of this command type; None if it is not a struct."""
    shape = inspect.type_info(kind)
    return _ExampleMaker(strict=False).struct(shape) if isinstance(shape, inspect.StructType) else None


@cache
def example_answer(operation: str, kind: Any) -> Any:
    """Return a response of an operation; None if it is not JSON. Raises NoExample for a field without a value."""
    if operation in BY_OPERATION or kind in (bytes, str, type(None)):
        return BY_OPERATION.get(operation)
    made = _ExampleMaker(strict=True, tables=(ANSWERS, *IN_FACTS)).made(inspect.type_info(kind))
    return msgspec.to_builtins(msgspec.convert(made, kind))


def example_problem(status: str) -> Any:
    """Return a refusal with this status, or with any other for `default`."""
    slug, code, details = PROBLEMS[status]
    answer = problem(slug, code, Language.EN, details)
    return msgspec.to_builtins(msgspec.structs.replace(answer, correlation_id=str(_id("call"))))


class _ExampleMaker:
    """Maker of values from types. The first table with a value is used; `strict` raises if none has one."""

    def __init__(self, *, strict: bool, least: bool = False, tables: Sequence[Mapping[str, Any]] = IN_FACTS) -> None:
        self._strict = strict
        self._least = least
        self._tables = tables

    def made(self, shape: inspect.Type) -> Any:
        return self._made_up("", "", shape)

    def struct(self, shape: inspect.StructType) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if shape.tag_field is not None:
            made[shape.tag_field] = shape.tag
        for field in shape.fields:
            given, value = self._given(shape.cls.__name__, field)
            if not given and (field.required or self._strict or _holds_structs(field.type)):
                value = self._made_up(shape.cls.__name__, field.encode_name, field.type)
            elif not given or (value is None and not field.required):
                continue
            made[field.encode_name] = value
        return made

    def _given(self, owner: str, field: inspect.Field) -> tuple[bool, Any]:
        """Return whether the tables have a value for the field, and the value."""
        name = field.encode_name
        if self._least and f"{owner}.{name}" in LEAST_VALUES:
            return True, LEAST_VALUES[f"{owner}.{name}"]
        if self._least and not field.required:
            return True, None
        if name == "reason" and owner in REASONS:
            return True, REASONS[owner]
        for key in (f"{owner}.{name}", name):
            for table in self._tables:
                if key in table:
                    return True, table[key]
        return False, None

    def _made_up(self, owner: str, name: str, shape: inspect.Type) -> Any:
        match shape:
            case inspect.Metadata():
                return self._made_up(owner, name, shape.type)
            case inspect.UnionType():
                some = next(arm for arm in shape.types if not isinstance(arm, inspect.NoneType))
                return self._made_up(owner, name, some)
            case inspect.StructType():
                return self.struct(shape)
            case inspect.VarTupleType() | inspect.ListType():
                return [self._made_up(owner, name, shape.item_type)]
            case inspect.UUIDType():
                return str(_id(name))
            case inspect.DateTimeType():
                return WHEN.isoformat().replace("+00:00", "Z")
        if self._strict:
            file = "sample_values" if self._tables == IN_FACTS else "sample_answers"
            raise NoExample(f"{owner}.{name} needs a value in services/documents/{file}.py")
        return self._any(shape)

    def _any(self, shape: inspect.Type) -> Any:
        match shape:
            case inspect.EnumType():
                return next(iter(shape.cls)).value
            case inspect.IntType():
                return shape.ge or 1
            case inspect.BoolType():
                return True
            case inspect.DateType():
                return DAY
            case inspect.StrType():
                return "example"
            case inspect.LiteralType():
                return shape.values[0]
        return None


def _shape(kind: type[Fact]) -> inspect.StructType:
    return cast(inspect.StructType, inspect.type_info(kind))


def _holds_structs(shape: inspect.Type) -> bool:
    match shape:
        case inspect.VarTupleType() | inspect.ListType():
            return isinstance(shape.item_type, inspect.StructType)
        case inspect.Metadata():
            return _holds_structs(shape.type)
    return False


def _has_optional(shape: inspect.Type) -> bool:
    match shape:
        case inspect.StructType():
            return any(not field.required or _has_optional(field.type) for field in shape.fields)
        case inspect.VarTupleType() | inspect.ListType():
            return _has_optional(shape.item_type)
        case inspect.Metadata():
            return _has_optional(shape.type)
    return False


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"entraide:example:{name}")
