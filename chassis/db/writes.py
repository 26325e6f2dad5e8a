"""Combine the writes of a transaction into one round trip.

They become parts of one `WITH`. All parts see the rows as before the statement; foreign keys between them hold, because
PostgreSQL checks those at its end. Of two changes to one row PostgreSQL would silently apply only the first, so writes
to the same table are not combined.
"""

import re
from collections.abc import Mapping
from functools import lru_cache, partial

import asyncpg
from msgspec import Struct

JOINED_MAX = 512
_PARAMETER = re.compile(r"\$(\d+)")
_TABLE = re.compile(r"\b(?:INSERT\s+INTO|DELETE\s+FROM|UPDATE(?!\s+SET\b))\s+(\w+)")


class NotWritten(asyncpg.PostgresError):
    """The `needed` part changed no row, so nothing was written. Raised by `require_row` of the schema."""

    sqlstate = "NOROW"


class Write(Struct, frozen=True, kw_only=True, eq=False):
    """Queries by name; each may read the rows that an earlier one RETURNs. Names differ between writes.

    `needed` names the query that has to change a row.
    """

    parts: Mapping[str, str]
    needed: str | None = None

    @property
    def parameters(self) -> int:
        """The number of `$n` parameters of all parts."""
        return max((int(n) for query in self.parts.values() for n in _PARAMETER.findall(query)), default=0)

    @property
    def tables(self) -> frozenset[str]:
        """The tables that the queries write to."""
        return frozenset(table for query in self.parts.values() for table in _TABLE.findall(query))

    def with_conflict_clause(self, **ends: str) -> "Write":
        """A copy with a clause appended to the named parts, such as `ON CONFLICT DO NOTHING`."""
        return Write(
            parts={name: f"{part} {ends.get(name, '')}" for name, part in self.parts.items()}, needed=self.needed
        )


@lru_cache(JOINED_MAX)
def may_join(writes: tuple[Write, ...], write: Write) -> bool:
    """False if `write` and one of `writes` write to the same table."""
    return all(write.tables.isdisjoint(other.tables) for other in writes)


@lru_cache(JOINED_MAX)
def combine(writes: tuple[Write, ...]) -> str:
    """One statement for all writes, with their parameters in sequence. It fails if a `needed` part returned no row."""
    parts: dict[str, str] = {}
    given = 0
    for write in writes:
        for name, query in write.parts.items():
            assert name not in parts, f"two parts have the name {name}"
            parts[name] = _PARAMETER.sub(partial(_shifted, given), query)
        given += write.parameters
    required = [f"require_row((SELECT count(*) FROM {write.needed}))" for write in writes if write.needed]
    return f"WITH {', '.join(f'{name} AS ({query})' for name, query in parts.items())} SELECT {', '.join(required)}"


def _shifted(given: int, match: re.Match[str]) -> str:
    return f"${int(match[1]) + given}"
