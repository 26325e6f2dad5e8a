"""The results of a part of the evaluation, and their printed form."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

Say = Callable[[str], None]


class Aim(Struct, frozen=True, kw_only=True):
    """A figure with the value it should reach."""

    what: str
    figure: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        return (self.at_least is None or self.figure >= self.at_least) and (
            self.at_most is None or self.figure <= self.at_most
        )


class Report(Struct, frozen=True, kw_only=True):
    """A table with its aims and notes; or the reason for which the part was skipped."""

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    aims: tuple[Aim, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""


Part = Callable[[Path, Say], Report]
"""Function that evaluates one part, given the folder of data and a function that reports progress."""


def printed(report: Report) -> str:
    lines = [report.title, ""]
    if report.skipped:
        return "\n".join([*lines, f"  SKIPPED: {report.skipped}"])
    table = [report.columns, *report.rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(report.columns))]
    lines += [
        "  " + "  ".join(f"{cell:>{width}}" if place else f"{cell:{width}}" for place, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in table
    ]  # fmt: skip
    if report.aims:
        lines += ["", f"  {'aim':58} {'here':>9}  {'should be':>10}"]
        lines += [
            f"  {aim.what:58} {aim.figure:9.4g}  {_wanted(aim):>10}{'' if aim.met else ' !'}" for aim in report.aims
        ]
    return "\n".join([*lines, *(["", *(f"  {note}" for note in report.notes)] if report.notes else [])])


def _wanted(aim: Aim) -> str:
    if aim.at_least is not None:
        return f"≥ {aim.at_least:g}"
    return f"≤ {aim.at_most:g}" if aim.at_most is not None else ""
