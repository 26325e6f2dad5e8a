"""The files of the sample world."""

import re
from datetime import date
from importlib.resources import files

WRITTEN_IN = 2026
"""The year for which the periods in the files were written."""

FEBRUARY, IN_EVERY_YEAR = 2, 28
MARK = re.compile(r"(\[[^\]]+\] ?|Fictitious sample: )")
"""The beginning of a text of the sample world, in each language."""

EDGE = re.compile(rb'("(?:from|until)": ")([0-9]{4})-([0-9]{2})-([0-9]{2})')


def world(name: str) -> bytes:
    """The content of one file of the sample world."""
    return files("services.demo").joinpath("world", name).read_bytes()


def shift_to_today(name: str, *, today: date) -> bytes:
    """The file with its periods moved forward to today's year, so that they do not pass."""
    years = max(0, today.year - WRITTEN_IN)

    def moved(edge: re.Match[bytes]) -> bytes:
        year, month, day = (int(part) for part in edge.groups()[1:])
        day = min(day, IN_EVERY_YEAR) if years and month == FEBRUARY else day
        return edge[1] + date(year + years, month, day).isoformat().encode()

    return EDGE.sub(moved, world(name))


def unmarked(text: str) -> str:
    """A text without the mark of a sample. The demo prints once that all of it is fictitious."""
    found = MARK.match(text)
    return text[found.end() :] if found else text
