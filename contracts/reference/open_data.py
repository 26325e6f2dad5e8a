"""The datasets of open data: the owner and the columns of each, with descriptions in the six languages."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from contracts.values import Language


class DataFormat(StrEnum):
    """The format of a file: CSV (RFC 4180) in UTF-8, or JSON Lines, a record in each line."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        return "text/csv" if self is DataFormat.CSV else "application/jsonl"


Datatype = Literal["string", "uuid", "codes", "integer", "boolean", "date", "dateTime"]
"""Type of a column's values. `codes` are several codes, separated by `; ` in CSV."""


Frequency = Literal["continuous", "monthly"]


class DataColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a dataset, and a field of its records."""

    name: str
    datatype: Datatype
    labels: dict[Language, str]


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset and the service that owns it. Files of a `continuous` dataset have what is published at the moment."""

    name: str
    owner: str
    frequency: Frequency
    titles: dict[Language, str]
    descriptions: dict[Language, str]
    columns: tuple[DataColumn, ...]

    def path(self, of: DataFormat) -> str:
        return f"/v1/public/{self.name}.{of}"


class OpenData(msgspec.Struct, frozen=True, kw_only=True):
    """All datasets, and the title, description and publisher of the catalogue."""

    titles: dict[Language, str]
    descriptions: dict[Language, str]
    publisher: dict[Language, str]
    datasets: tuple[Dataset, ...]


@cache
def open_data() -> OpenData:
    text = resources.files("contracts.reference").joinpath("open_data.json").read_bytes()
    return msgspec.json.decode(text, type=OpenData)


@cache
def datasets() -> Mapping[str, Dataset]:
    """The datasets by name."""
    return {one.name: one for one in open_data().datasets}
