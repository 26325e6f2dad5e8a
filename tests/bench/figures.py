"""Figures of a run of one variant, and of a comparison of several."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Run(Struct, frozen=True, kw_only=True):
    """One variant in one round: `done` within `seconds`. CPU is per request sent, including those of the warm-up."""

    done: int
    seconds: float
    p50_ms: float
    p99_ms: float
    app_us: float = 0.0
    postgres_us: float = 0.0
    resident_mb: float = 0.0

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.app_us + self.postgres_us


class Aim(Struct, frozen=True, kw_only=True):
    """A ratio of this run, and its lower or upper limit; repeated, its median would come to lie `between`."""

    what: str
    ratio: float
    between: tuple[float, float] | None = None
    at_least: float | None = None
    at_most: float | None = None


Row = tuple[str, tuple[str, ...]]


class Comparison(Struct, frozen=True, kw_only=True):
    """The result of one part of the bench: medians over the rounds, and their ratios."""

    title: str
    figures: Sequence[Row]
    aims: Sequence[Aim]


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which `part` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def median_between(values: Sequence[float]) -> tuple[float, float]:
    """Return the two values between which the median of many more would lie, nineteen times of twenty, by rank."""
    ordered = sorted(values)
    below = max(0, round(len(ordered) / 2 - 0.98 * math.sqrt(len(ordered))) - 1)
    return ordered[below], ordered[-1 - below]


# -- processes, from /proc --------------------------------------------------------------------------------------------


def cpu_seconds(pid: int | str) -> float:
    """Return the user and system time of a process; "self" is this one."""
    fields = _stat(Path(f"/proc/{pid}"))
    return (int(fields["utime"]) + int(fields["stime"])) / TICKS_PER_SECOND


def family_cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process, of its children, and of children that have ended."""
    own = _stat(Path(f"/proc/{pid}"))
    ticks = sum(int(own[name]) for name in ("utime", "stime", "cutime", "cstime"))
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = _stat(folder)
            except OSError:  # it has ended meanwhile
                continue
            if fields["ppid"] == str(pid):
                ticks += int(fields["utime"]) + int(fields["stime"])
    return ticks / TICKS_PER_SECOND


def resident_mb(pid: int | str, *, at_most: bool = False) -> float:
    """Return the megabytes of a process in memory; with `at_most`, the most there have been."""
    if at_most:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return int(status["VmHWM"].split()[0]) / 1024
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * PAGE_BYTES / 2**20


def _stat(folder: Path) -> Mapping[str, str]:
    # The name, in brackets, may contain anything; after the last bracket come fields 3 to 17 of proc(5).
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return {"ppid": fields[1], "utime": fields[11], "stime": fields[12], "cutime": fields[13], "cstime": fields[14]}
