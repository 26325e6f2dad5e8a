"""Convert one struct to another."""

from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T", bound=Struct)


def from_attributes(kind: type[T], source: Any, /, **fields: Any) -> T:
    """Return a struct of this kind with these fields; copy the others from the source's attributes of the same name."""
    return kind(**{name: getattr(source, name) for name in kind.__struct_fields__ if name not in fields}, **fields)
