"""All validation errors of a body at once, in the terms of the API.

Decoding stops at the first error. Only after a failure the body is validated again here, field by field. Values sent by
the caller are not repeated in the answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from contracts.codes import CODE_LISTS, nearest, unknown_code_error
from contracts.refusals import FieldError, Invalid, Refusal
from contracts.values import CODE_LIST, NAME

ERRORS_MAX = 50
NAME_SHOWN_MAX = 64
WHOLE = "body"
"""Field name of an error that concerns the whole body."""

OUT_OF_RANGE = "Number out of range"


def refused_body(body: bytes, kind: Any, error: msgspec.ValidationError) -> Invalid:
    """The refusal of an undecodable body, with all its errors. Raises msgspec.DecodeError for malformed JSON."""
    errors = errors_of(body, kind) or [_error_of(str(error), "")]
    first = errors[0]
    more = {"more": True} if len(errors) > ERRORS_MAX else {}
    return Invalid(first.problem, field=first.field, errors=errors[:ERRORS_MAX], **more)


def with_all_errors(refusal: Refusal, body: bytes, kind: Any) -> Refusal:
    """Add the other unknown codes of the body to the refusal of one."""
    own = refusal.details.get("errors")
    if refusal.slug != "unknown-code" or not isinstance(own, list):
        return refusal
    errors = errors_of(body, kind)
    places = [error.field for error in errors]
    missing = [one for one in own if not any(place.startswith(one.field) for place in places)]
    return type(refusal)(refusal.slug, **{**refusal.details, "errors": [*errors, *missing][:ERRORS_MAX]})


def errors_of(body: bytes, kind: Any) -> list[FieldError]:
    """All errors, in the order of the body, at most `ERRORS_MAX` + 1.

    Raises msgspec.DecodeError for malformed JSON.
    """
    try:
        plain = msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number out of range
        return []
    return list(islice(_errors(plain, kind, ""), ERRORS_MAX + 1))


def _errors(value: Any, kind: Any, place: str) -> Iterator[FieldError]:
    bare, metas = _bare(kind)
    if get_origin(bare) in {Union, UnionType}:
        arms = _arms(bare)
        if value is None and NoneType in get_args(bare):
            return
        if len(arms) == 1:
            yield from _errors(value, Annotated[(arms[0], *metas)] if metas else arms[0], place)
            return
    inner = _errors_inside(value, bare, metas, place)
    first = next(inner, None)
    if first is None:
        # Each part is valid, so check the length and the whole.
        yield from _error_of_whole(value, kind, place)
    else:
        yield first
        yield from inner


def _errors_inside(value: Any, bare: Any, metas: Sequence[Meta], place: str) -> Iterator[FieldError]:
    if isinstance(bare, type) and issubclass(bare, Struct) and isinstance(value, dict):
        yield from _errors_of_fields(value, bare, place)
    elif isinstance(value, list) and (item := _item(bare)) is not None:
        # Items of a list that is too long are not checked.
        if not any(meta.max_length is not None and len(value) > meta.max_length for meta in metas):
            for position, one in enumerate(value):
                yield from _errors(one, item, f"{place}[{position}]")
    elif isinstance(value, dict) and get_origin(bare) in {dict, Mapping}:
        for name, one in value.items():
            yield from _errors(one, get_args(bare)[1], _below(place, name))
    elif isinstance(value, str) and (name := _code_list(metas)):
        yield from _error_of_code(value, Annotated[(bare, *metas)], name, place)


def _error_of_code(value: str, kind: Any, name: str, place: str) -> Iterator[FieldError]:
    """The error of an unknown code. None for a value without the form of a code, which `_error_of_whole` reports."""
    known = CODE_LISTS[name]()
    if value not in known and not any(_error_of_whole(value, kind, place)):
        yield unknown_code_error(place or WHOLE, value, known, name)


def _errors_of_fields(value: Mapping[str, Any], struct: type[Struct], place: str) -> Iterator[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name, one in value.items():
        if name in fields:
            yield from _errors(one, fields[name].type, _below(place, name))
        elif struct.__struct_config__.forbid_unknown_fields:
            like = nearest(name[:NAME_SHOWN_MAX], fields)
            yield FieldError(field=_below(place, name), problem="unknown-field", nearest=like)
    for name, field in fields.items():
        if field.required and name not in value:
            yield FieldError(field=_below(place, name), problem="missing-field")


def _error_of_whole(value: Any, kind: Any, place: str) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        yield _error_of(str(error), place, values_of(kind), value)


def _error_of(said: str, place: str, allowed: tuple[Any, ...] = (), value: Any = None) -> FieldError:
    """Convert an error of msgspec; its path, such as `$.lines[0]`, is relative to `place`."""
    message, _, below = said.partition(" - at `$")
    at = f"{place}{below.removesuffix('`')}".removeprefix(".")
    field, name = at or WHOLE, message.partition("`")[2].rstrip("`")
    if "unknown field" in message:
        return FieldError(field=_below(at, name), problem="unknown-field")
    if "missing required field" in message:
        return FieldError(field=_below(at, name), problem="missing-field")
    if allowed:
        like = nearest(value[:NAME_SHOWN_MAX], [str(one) for one in allowed]) if isinstance(value, str) else None
        return FieldError(field=field, problem="invalid-field", allowed=allowed, nearest=like)
    if repr(NAME) in message:
        return FieldError(field=field, problem="direction-signs-in-name")
    if message == OUT_OF_RANGE or ("int" in message and ("<=" in message or ">=" in message)):
        expected = None if message == OUT_OF_RANGE else message
        return FieldError(field=field, problem="number-out-of-range", expected=expected)
    return FieldError(field=field, problem="invalid-field", expected=message)


def _bare(kind: Any) -> tuple[Any, tuple[Meta, ...]]:
    if get_origin(kind) is Annotated:
        bare, *more = get_args(kind)
        return bare, tuple(one for one in more if isinstance(one, Meta))
    return kind, ()


def _arms(union: Any) -> list[Any]:
    """The types of a union, without null and unset."""
    return [arm for arm in get_args(union) if arm not in (NoneType, msgspec.UnsetType)]


def _item(bare: Any) -> Any:
    """The item type of an array; None for other types."""
    arguments = get_args(bare)
    if get_origin(bare) is tuple:
        return arguments[0] if len(arguments) == 2 and arguments[1] is Ellipsis else None
    return arguments[0] if get_origin(bare) in {list, set, frozenset, Sequence} else None


def _code_list(metas: Sequence[Meta]) -> str | None:
    return next((str(meta.extra[CODE_LIST]) for meta in metas if meta.extra and CODE_LIST in meta.extra), None)


def values_of(kind: Any) -> tuple[Any, ...]:
    """The values of an enumeration, optional or not; none for other types."""
    bare, _ = _bare(kind)
    if get_origin(bare) in {Union, UnionType}:
        arms = _arms(bare)
        return values_of(arms[0]) if len(arms) == 1 else ()
    if get_origin(bare) is Literal:
        return get_args(bare)
    return tuple(one.value for one in bare) if isinstance(bare, type) and issubclass(bare, Enum) else ()


def _below(place: str, name: str) -> str:
    return f"{place}.{name[:NAME_SHOWN_MAX]}" if place else name[:NAME_SHOWN_MAX]
