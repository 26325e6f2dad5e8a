"""Convert one struct to another."""

from typing import Any, TypeVar

T = TypeVar("T")


def from_attributes(kind: type[T], source: Any, /, **fields: Any) -> T:
    """Return a struct of this kind with these fields; copy the others from the source's attributes of the same name."""
    names: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    return kind(**{name: getattr(source, name) for name in names if name not in fields}, **fields)
