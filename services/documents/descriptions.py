"""Descriptions of schemas, fields, parameters and operations, in one table: `descriptions.json`.

`<schema>.<field>` takes precedence over `<field>`, and `<operation>.<parameter>` over `<parameter>`. Schemas and
operations are listed only if they have no docstring.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("descriptions.json")


class Descriptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of descriptions, by kind of subject."""

    schemas: Mapping[str, str]
    fields: Mapping[str, str]
    parameters: Mapping[str, str]
    operations: Mapping[str, str]

    def schema(self, name: str) -> str | None:
        return _first(self.schemas, name)

    def field(self, schema: str, name: str) -> str | None:
        return _first(self.fields, f"{schema}.{name}", name)

    def parameter(self, operation: str, name: str) -> str | None:
        return _first(self.parameters, f"{operation}.{name}", name)

    def operation(self, name: str) -> str | None:
        return _first(self.operations, name)


def _first(table: Mapping[str, str], *keys: str) -> str | None:
    return next((table[key] for key in keys if key in table), None)


@cache
def descriptions() -> Descriptions:
    return msgspec.json.decode(FILE.read_bytes(), type=Descriptions)
