"""Rows of an import: the notation for a choice of rows, and the outcome of each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

SAID = re.compile(r"\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*\Z")


def row_ranges(rows: Iterable[int]) -> str:
    """Return row numbers as the API takes them: `2-5,9`."""
    ranges: list[list[int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def plain(typed: str) -> str | None:
    """Return a choice of rows as the API takes it from what was typed, or None if it cannot be read."""
    text = re.sub(r"[;،、，]", ",", re.sub(r"\s+", "", typed)).replace("–", "-").strip(",")
    return text if SAID.match(text) else None


class Outcome(Struct, frozen=True):
    """Outcome of an import: its rows by outcome, and the records that were made."""

    rejected: Sequence[Mapping[str, Any]]
    accepted: str
    """The rows that can be imported, in the API's notation."""
    rows_left_out: str
    record_ids: Sequence[str]


def outcome(imported: Mapping[str, Any]) -> Outcome:
    rows = imported["outcomes"]
    by = {name: [one["row"] for one in rows if one["outcome"] == name] for name in ("accepted", "left_out")}
    return Outcome(
        rejected=[one for one in rows if one["outcome"] == "rejected"],
        accepted=row_ranges(by["accepted"]),
        rows_left_out=row_ranges(by["left_out"]),
        record_ids=[*dict.fromkeys(one["record_id"] for one in rows if one["record_id"])],
    )
