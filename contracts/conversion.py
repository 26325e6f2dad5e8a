"""One struct made of another."""

from typing import Any, TypeVar

T = TypeVar("T")


def from_attributes(kind: type[T], source: Any, /, **fields: Any) -> T:
    """A struct of this kind with these fields; the others are the attributes of the source by the same names."""
    names: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]
    return kind(**{name: getattr(source, name) for name in names if name not in fields}, **fields)
