"""The files of the sample world."""

import re
from datetime import date
from importlib.resources import files

WRITTEN_IN = 2026
"""The year that the periods were written in."""

FEBRUARY, IN_EVERY_YEAR = 2, 28
EDGE = re.compile(rb'("(?:from|until)": ")([0-9]{4})-([0-9]{2})-([0-9]{2})')


def world(name: str) -> bytes:
    """One file of the sample world, as it was written."""
    return files("services.demo").joinpath("world", name).read_bytes()


def coming(name: str, *, today: date) -> bytes:
    """The same with its periods as far ahead as they were in the year of writing: else all would be over one day."""
    years = max(0, today.year - WRITTEN_IN)

    def moved(edge: re.Match[bytes]) -> bytes:
        year, month, day = (int(part) for part in edge.groups()[1:])
        day = min(day, IN_EVERY_YEAR) if years and month == FEBRUARY else day
        return edge[1] + date(year + years, month, day).isoformat().encode()

    return EDGE.sub(moved, world(name))
