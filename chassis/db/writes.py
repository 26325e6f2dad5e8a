"""Statements that change rows, sent together: what a transaction writes is one round trip instead of one for each.

They are joined as the parts of one `WITH`. So they all see the rows as they were before any of them; foreign keys
between them hold, because PostgreSQL checks those at the end of the statement. Of two changes to one row it would
carry out only the first, and say nothing: writes to the same table do not go together.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

JOINED_MAX = 512
_PARAMETER = re.compile(r"\$(\d+)")
_TABLE = re.compile(r"\b(?:INSERT\s+INTO|DELETE\s+FROM|UPDATE(?!\s+SET\b))\s+(\w+)")


class NotWritten(Exception):
    """The part that was needed changed no row, and so nothing has been written at all."""


class Write(Struct, frozen=True, kw_only=True, eq=False):
    """Queries by name, each of which may read what one before it RETURNs; names differ between writes.

    `needed` names the one that has to change a row.
    """

    parts: Mapping[str, str]
    needed: str | None = None

    @property
    def parameters(self) -> int:
        """How many `$n` its parts have between them."""
        return max((int(n) for query in self.parts.values() for n in _PARAMETER.findall(query)), default=0)

    @property
    def tables(self) -> frozenset[str]:
        """Those it changes rows of."""
        return frozenset(table for query in self.parts.values() for table in _TABLE.findall(query))

    def with_conflict_clause(self, **ends: str) -> "Write":
        """The same with an end to each part that is named: what it does where the row is there already."""
        return Write(
            parts={name: f"{part} {ends.get(name, '')}" for name, part in self.parts.items()}, needed=self.needed
        )


@lru_cache(JOINED_MAX)
def may_join(writes: tuple[Write, ...], write: Write) -> bool:
    """False where it changes a table that one of them does."""
    return all(write.tables.isdisjoint(other.tables) for other in writes)


@lru_cache(JOINED_MAX)
def combine(writes: tuple[Write, ...]) -> str:
    """One statement that does what all of them do, with the parameters of one after those of the other.

    It divides by zero where a part that is needed has returned no row: nothing but an error undoes a statement that is
    a transaction by itself.
    """
    parts: dict[str, str] = {}
    given = 0
    for write in writes:
        for name, query in write.parts.items():
            assert name not in parts, f"two parts are called {name}"
            parts[name] = _PARAMETER.sub(lambda match, given=given: f"${int(match[1]) + given}", query)  # type: ignore[misc]
        given += write.parameters
    demands = [f"1 / (SELECT count(*) FROM {write.needed})" for write in writes if write.needed]
    return f"WITH {', '.join(f'{name} AS ({query})' for name, query in parts.items())} SELECT {', '.join(demands)}"
