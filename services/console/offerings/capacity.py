"""Periods in which deliveries are possible: rows of a form that are added and removed, and their total."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from services.console.fields import DATE, MISSING, NO_DATE, NO_NUMBER, Field, FormError, Read, Typed, whole_number
from services.console.translations import N_

CAPACITY = Field(name="capacity", label=N_("Periods and deliveries"), required=False)
FROM, UNTIL, UNITS = NAMES = ("capacity.from", "capacity.until", "capacity.units")
ROWS_MAX = 60
UNFINISHED = N_("Fill in all of a period, or remove it")


class Row(Struct, frozen=True):
    """A period as it was typed."""

    starts: str = ""
    ends: str = ""
    units: str = ""

    @property
    def blank(self) -> bool:
        return not (self.starts or self.ends or self.units)


def rows_of(typed: Typed) -> list[Row]:
    """Return the rows that were typed; each row has a value under each name."""
    columns = [[one.strip() for one in typed.get(name, ())] for name in NAMES]
    return [Row(*values) for values in zip(*columns, strict=False)][:ROWS_MAX]


def as_typed(rows: Sequence[Row]) -> dict[str, list[str]]:
    return {FROM: [one.starts for one in rows], UNTIL: [one.ends for one in rows], UNITS: [one.units for one in rows]}


def typed_rows(capacity: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the periods of an offering as values of the form."""
    return as_typed([Row(one["from"], one["until"], str(one["units"])) for one in capacity])


def changed(typed: Typed, act: str) -> dict[str, list[str]]:
    """Return what was typed, with one row more (`add`) or one row less (`remove:1`)."""
    rows = rows_of(typed)
    if act == "add":
        rows.append(Row())
    name, _, number = act.partition(":")
    if name == "remove" and (place := whole_number(number)) is not None:
        del rows[place : place + 1]
    return {**{name: [*values] for name, values in typed.items()}, **as_typed(rows)}


def read_rows(typed: Typed) -> Read:
    """Read the periods that were typed; blank rows are ignored."""
    rows = [one for one in rows_of(typed) if not one.blank]
    wrong = next((found for one in rows if (found := _wrong(one))), None)
    if wrong is not None:
        return Read({}, (FormError(CAPACITY.name, wrong),))
    return Read({"capacity": [{"from": one.starts, "until": one.ends, "units": int(one.units)} for one in rows]}, ())


def _wrong(row: Row) -> str | None:
    if not (row.starts and row.ends and row.units):
        return UNFINISHED if not row.blank else MISSING
    if not (DATE.match(row.starts) and DATE.match(row.ends)):
        return NO_DATE
    if not row.units.isascii() or not row.units.isdigit() or len(row.units) > 6:
        return NO_NUMBER
    return None


class Total(Struct, frozen=True):
    """Numbers of deliveries possible, taken and free. `taken` is None if the reader may not know it."""

    units: int
    taken: int | None

    @property
    def free(self) -> int | None:
        return None if self.taken is None else self.units - self.taken


def total(capacity: Sequence[Mapping[str, Any]]) -> Total:
    taken = [one["taken"] for one in capacity]
    return Total(sum(one["units"] for one in capacity), None if None in taken else sum(taken))
