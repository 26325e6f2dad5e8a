"""Drawing in SVG: boxes and lines of text with attributes only, mirrored for right-to-left scripts."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

from chassis.escaping import markup

LINE = 15
"""The height of a line of text of 13 px."""

LINES_MAX = 2
MARGIN = 16
PX_PER_REM = 16
FILE_LETTERS = Markup("font-family=\"'Noto Sans', 'Noto Sans Arabic', 'Noto Sans SC', sans-serif\" font-size=\"13\"")
FILE_COLOURS = {"bar-1": "#14506b", "bar-2": "#c4691c", "bar-3": "#6a7f1f", "": "#1b1b1b"}
"""Colours of boxes and texts in a file, as in the console's style."""

ANCHORS = re.compile('text-anchor="(start|end)"')
OTHER_END = {"start": "end", "end": "start"}


def width_of(text: str) -> int:
    """Width of a text in Latin letters; Chinese characters are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def lines_of(text: str, chars: int, most: int = LINES_MAX) -> list[str]:
    """The text in at most `most` lines of `chars` letters; the last one ends with … if there is more."""
    lines: list[str] = []
    line = ""
    for word in _words(text, chars):
        longer = f"{line} {word}" if line and not _is_wide(word) else line + word
        if line and width_of(longer) > chars:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], lines[most - 1][: chars - 1].rstrip() + "…"]


def _words(text: str, chars: int) -> list[str]:
    """The words of a text; words longer than a line are split. Chinese, which has no spaces, is split by character."""
    words: list[str] = []
    for word in text.split():
        if _is_wide(word):
            words += list(word)
        else:
            words += [word[at : at + chars] for at in range(0, len(word), chars)]
    return words


def _is_wide(word: str) -> bool:
    return width_of(word) > len(word)


class Drawing:
    """A picture with a size in px. x is measured from the left, or from the right if `mirrored`."""

    def __init__(self, width: int, height: int, *, title: str, mirrored: bool = False) -> None:
        self._width, self._height, self._title, self._mirrored = width, height, title, mirrored
        self._parts: list[Markup] = []

    def box(self, x: int, y: int, width: int, height: int, names: str) -> None:
        left = self._width - x - width if self._mirrored else x
        self._parts.append(
            markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', left, y, width, height, names)
        )

    def text(
        self,
        text: str,
        x: int,
        y: int,
        *,
        chars: int = 60,
        anchor: Literal["start", "middle", "end"] = "start",
        names: str = "",
        most: int = LINES_MAX,
        upwards: bool = False,
    ) -> None:
        """Draw at most `most` lines around y, or upwards from y. `start` is the side where the script begins."""
        lines: Sequence[str] = lines_of(text, chars, most)
        at = self._width - x if self._mirrored else x
        first = y - (len(lines) - 1) * (LINE if upwards else LINE // 2 + 1)
        for number, line in enumerate(lines):
            self._parts.append(
                markup(
                    '<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>',
                    at,
                    first + number * LINE,
                    anchor,
                    names,
                    line,
                )
            )

    def file(self) -> bytes:
        """Return a standalone file (image/svg+xml), with title, colours and fonts as attributes instead of styles."""
        frame = Markup('viewBox="{} {} {} {}"').format(
            -MARGIN, -MARGIN, self._width + 2 * MARGIN, self._height + 2 * MARGIN
        )
        head = Markup('<svg xmlns="http://www.w3.org/2000/svg" {} role="img" {}><title>{}</title>').format(
            frame, FILE_LETTERS, self._title
        )
        # Joined as plain text, because methods of Markup escape their arguments.
        picture = str(head + Markup("").join(self._parts) + Markup("</svg>"))
        if self._mirrored:
            # In a page of a right-to-left script, a start is on the right; in a file it is on the left.
            picture = ANCHORS.sub(lambda found: f'text-anchor="{OTHER_END[found[1]]}"', picture)
        for name, colour in FILE_COLOURS.items():
            picture = picture.replace(f'class="{name}"', f'fill="{colour}"')
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture}\n'.encode()

    def markup(self) -> Markup:
        """Return an image for a page, with its title for screen readers; the table beside it has the values.

        Its size is in rem: its text is as large as the reader's. On narrow screens it is scrolled, not scaled down.
        """
        head = markup(
            '<svg width="{}rem" height="{}rem" viewBox="0 0 {} {}" role="img" aria-label="{}">',
            f"{self._width / PX_PER_REM:g}",
            f"{self._height / PX_PER_REM:g}",
            self._width,
            self._height,
            self._title,
        )
        picture = head + Markup("").join(self._parts) + Markup("</svg>")
        return markup(
            '<div class="scroll drawing" tabindex="0" role="region" aria-label="{}">{}</div>', self._title, picture
        )
