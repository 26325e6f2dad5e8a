"""JSON Schema of our types, as msgspec encodes and decodes them."""

import re
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import inspect

from services.documents.descriptions import descriptions

DIALECT = "https://json-schema.org/draft/2020-12/schema"

NAMES: Mapping[str, str] = {
    "AccessBasis": "Door",
    "Balances": "TrialBalance",
    "Cohorts": "CohortList",
    "Count": "ParticipantCount",
    "Draw": "Drawn",
    "FeedItem": "Told",
    "FeedItemData": "ToldData",
    "Group": "ParticipantGroup",
    "ReversedEntry": "TakenBack",
    "Revision": "FundRevision",
    "Subject": "PersonSubject",
    "contracts.values.Period": "Period",
    "services.delivery.bodies.Comment": "DeliveryComment",
    "services.delivery.bodies.Nothing": "DeliveryNothing",
    "services.delivery.bodies.Reason": "DeliveryReason",
    "services.sherloc.commands.Comment": "SherlocComment",
    "services.sherloc.commands.Reason": "SherlocReason",
    "services.sherloc.bodies.Nothing": "SherlocNothing",
    "services.matching.commands.Nothing": "Nothing",
    "services.directory.appointments.model.ShownStatus": "AppointmentStatus",
    "services.directory.commands.Reason": "DirectoryReason",
    "services.matching.choices.store.Entry": "RankingEntry",
    "services.matching.commands.Addressed": "PreviewAddressee",
    "services.matching.commands.Comment": "MatchingComment",
    "services.matching.commands.Reason": "MatchingReason",
    "services.matching.offerings.model.ShownStatus": "OfferingStatus",
    "services.matching.rounds.views.Delivery": "PlannedDelivery",
    "services.notifications.notices.model.Status": "DispatchStatus",
    "services.pledges.pledge.model.Status": "PledgeStatus",
    "services.pledges.open_data.imports.api.Reason": "RejectionReason",
    "services.pledges.ledger.fiscal_years.Check": "ClosingCheck",
    "services.pledges.ledger.fiscal_years.Period": "AccountingPeriod",
    "services.reference.Entry": "CodeListEntry",
    "services.requests.commands.Addressed": "RequestAddressee",
    "services.requests.commands.Comment": "RequestComment",
    "services.requests.commands.Delivery": "RequestDelivery",
    "services.requests.commands.Reason": "RequestReason",
    "services.requests.request.values.Status": "RequestStatus",
}
"""Schema names for types whose class name is not unique, by module and name, or is also the name of a field.

Client generators create a class for each schema, and name attributes after classes and after fields.
"""


def shapes_of(kinds: Sequence[Any], *, place: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return schemas of `kinds` and of the types to which they refer.

    `place` is a template such as `#/$defs/{name}`.
    """
    schemas, named = msgspec.json.schema_components(kinds, ref_template=place)
    seen: set[type] = set()
    for kind, schema in zip(kinds, schemas, strict=True):
        _add_date_time_format(inspect.type_info(kind), schema, named, seen)
    # msgspec prefixes a name that several modules share with the module.
    public = {name: public_name(name) for name in named}
    taken = [name for name, times in Counter(public.values()).items() if times > 1]
    if taken:
        raise ValueError(f"name of several schemas: {', '.join(taken)}; give each one of its own in NAMES")
    refs = {place.format(name=name): place.format(name=public[name]) for name in named}
    return (
        [_portable(schema, refs) for schema in schemas],
        {public[name]: _described(public[name], _portable(schema, refs)) for name, schema in named.items()},
    )


def public_name(name: str) -> str:
    """Return the schema name and title for msgspec's `name`. Raises ValueError if NAMES lacks it."""
    if "." in name and name not in NAMES:
        raise ValueError(f"several types have the last name of {name}: give it one of its own in NAMES")
    return NAMES.get(name, name)


def _described(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema under its public name, with the descriptions of it and its fields."""
    part = schema | ({"title": name} if "title" in schema else {})
    if (text := descriptions().schema(name)) and not part.get("description"):
        part["description"] = text
    if "properties" in part:
        part["properties"] = {
            field: shape | ({"description": text} if (text := descriptions().field(name, field)) else {})
            for field, shape in part["properties"].items()
        }
    return part


def docstring_of(kind: Any) -> str:
    """Return a struct's own docstring; empty if it has none."""
    return (
        cleandoc(vars(kind).get("__doc__") or "") if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ""
    )


def first_sentence(text: str) -> str:
    return re.split(r"(?<=[.:;])\s", " ".join(text.split("\n\n")[0].split()))[0].rstrip(".:;")


def without_none(kind: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether it included None."""
    if get_origin(kind) is Annotated:
        inner, *metadata = get_args(kind)
        bare, had = without_none(inner)
        return (Annotated[(bare, *metadata)] if had else kind), had
    if get_origin(kind) in {Union, types.UnionType} and type(None) in get_args(kind):
        return Union[tuple(arm for arm in get_args(kind) if arm is not type(None))], True  # noqa: UP007 - at run time
    return kind, False


def _add_date_time_format(
    shape: inspect.Type, schema: dict[str, Any], named: Mapping[str, Any], seen: set[type]
) -> None:
    """Add the format `date-time` to every datetime: ours have an offset, which msgspec does not require."""
    match shape:
        case inspect.DateTimeType():
            schema["format"] = "date-time"
        case inspect.Metadata():
            _add_date_time_format(shape.type, schema, named, seen)
        case inspect.UnionType():
            for arm in shape.types:
                part = next((one for one in schema.get("anyOf", ()) if one.get("type") == "string"), None)
                if isinstance(arm, inspect.DateTimeType) and part is not None:
                    part["format"] = "date-time"
                elif not isinstance(arm, inspect.DateTimeType):
                    _add_date_time_format(arm, {}, named, seen)
        case inspect.VarTupleType() | inspect.ListType():
            _add_date_time_format(shape.item_type, schema.get("items", {}), named, seen)
        case inspect.StructType():
            module = f"{shape.cls.__module__}.{shape.cls.__qualname__}"
            part = named.get(shape.cls.__name__) or named.get(re.sub(r"[^a-zA-Z0-9.\-_]", "_", module))
            if part is not None and shape.cls not in seen:
                seen.add(shape.cls)
                for field in shape.fields:
                    _add_date_time_format(field.type, part["properties"][field.encode_name], named, seen)


def _portable(schema: Any, refs: Mapping[str, str]) -> Any:
    """Replace Python's `\\Z`, which JSON Schema lacks, by `$`, which there matches only at the very end."""
    if isinstance(schema, dict):
        return {key: _portable_member(key, value, refs) for key, value in schema.items()}
    if isinstance(schema, (list, tuple)):
        return [_portable(item, refs) for item in schema]
    return schema


def _portable_member(key: str, value: Any, refs: Mapping[str, str]) -> Any:
    if key == "$ref" and isinstance(value, str):
        return refs.get(value, value)
    if key == "description" and isinstance(value, str):
        # Python 3.13 and later remove a docstring's indentation; the documents have to be the same in every version.
        return cleandoc(value)
    if key == "pattern" and isinstance(value, str) and value.endswith(r"\Z"):
        return value.removesuffix(r"\Z") + "$"
    return _portable(value, refs)
