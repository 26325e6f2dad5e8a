"""A picture of numbers, with its table."""

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct


class Picture(Struct, frozen=True, kw_only=True):
    """A picture with its finding, its table, and its name in addresses."""

    name: str
    finding: str
    svg: Markup
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
