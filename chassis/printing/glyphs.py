"""Characters that a font supports, read from its `cmap` table (OpenType, formats 4 and 12).

A tagged PDF (PDF/UA-1) must not contain a character without a glyph in its fonts, and users may enter any character.
"""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TABLE_RECORD_BYTES = 16
LAST_RESORT = 0xFFFF


@cache
def characters(path: Path) -> frozenset[int]:
    """The code points for which the font file has a glyph. Raises ValueError for an unsupported font."""
    data = path.read_bytes()
    try:
        (count,) = struct.unpack_from(">H", data, 4)
        for place in range(count):
            tag, _, offset, _ = struct.unpack_from(">4sLLL", data, 12 + place * TABLE_RECORD_BYTES)
            if tag == b"cmap":
                return frozenset(_mapped(data, offset))
    except struct.error as error:
        raise ValueError(f"{path.name} is cut off") from error
    raise ValueError(f"{path.name} has no cmap")


def _mapped(data: bytes, cmap: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    offsets = {struct.unpack_from(">L", data, cmap + 4 + place * 8 + 4)[0] for place in range(count)}
    for offset in sorted(offsets):
        (form,) = struct.unpack_from(">H", data, cmap + offset)
        if form == 12:
            yield from _groups(data, cmap + offset)
        elif form == 4:
            yield from _segments(data, cmap + offset)


def _groups(data: bytes, at: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">L", data, at + 12)
    for place in range(count):
        first, last, glyph = struct.unpack_from(">LLL", data, at + 16 + place * 12)
        yield from range(first + (glyph == 0), last + 1)


def _segments(data: bytes, at: int) -> Iterator[int]:
    (twice,) = struct.unpack_from(">H", data, at + 6)
    lasts, firsts, deltas, ranges = (at + 14 + twice * part + (2 if part else 0) for part in range(4))
    for place in range(0, twice, 2):
        (last,), (first,) = (struct.unpack_from(">H", data, start + place) for start in (lasts, firsts))
        (delta,), (step,) = (struct.unpack_from(">H", data, start + place) for start in (deltas, ranges))
        for point in range(first, min(last, LAST_RESORT - 1) + 1):
            glyph = point
            if step:
                (glyph,) = struct.unpack_from(">H", data, ranges + place + step + 2 * (point - first))
            if glyph and (glyph + (0 if step and not glyph else delta)) % 0x10000:
                yield point
