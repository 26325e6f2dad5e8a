"""A file of open data, as it was last seen."""

from datetime import datetime

from msgspec import Struct

from contracts.reference.open_data import DataFormat


class OpenFile(Struct, frozen=True, kw_only=True):
    """A file as its owner last served it, and the time since which it has this content; null until it was seen."""

    dataset: str
    format: DataFormat
    sha256: str | None = None
    size_bytes: int | None = None
    modified: datetime | None = None
