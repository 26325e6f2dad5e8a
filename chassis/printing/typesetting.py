"""Typeset a template and its data as PDF/UA-1, with the fonts of pinned packages.

The same template and data give the same bytes: the date is an argument, system fonts are not used, and nothing is
fetched.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import typst

from chassis.printing.glyphs import characters
from contracts.values import Language

FONTS: Mapping[str, tuple[str, ...]] = {
    "manimgx-fonts": ("manimgx_fonts/NotoSans[wght].ttf", "manimgx_fonts/NotoSansArabic[wght].ttf"),
    "pylopdf-fonts-zh-cn": ("pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf",),
}
"""Maps each package to its files, all under the SIL Open Font License 1.1. No package is imported."""

FAMILIES = ("Noto Sans", "Noto Sans Arabic", "Noto Sans SC")
FIRST_FONT: Mapping[Language, str] = {Language.AR: "Noto Sans Arabic", Language.ZH: "Noto Sans SC"}
"""The first font family of a language, used for digits and signs. The others are fallbacks."""

RTL = frozenset({Language.AR})
NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"
# A direction mark would affect text outside of its own.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"\s+")


class RenderError(Exception):
    """The template or its fonts are broken."""


def families(language: Language) -> list[str]:
    """The fonts of a language, beginning with that of its own script."""
    first = FIRST_FONT.get(language, FAMILIES[0])
    return [first, *(one for one in FAMILIES if one != first)]


def legible(text: str) -> str:
    """The text without direction and control characters; characters without a glyph become U+FFFD."""
    plain = _SPACES.sub(" ", _DIRECTIONS.sub("", text)).strip()
    return "".join(c if ord(c) in supported_characters() else NOT_SHOWN for c in plain if c.isprintable())


@cache
def supported_characters() -> frozenset[int]:
    """Every character in one of the fonts."""
    return frozenset().union(*(characters(path) for path in font_files()))


def font_files() -> Sequence[Path]:
    """The paths of the fonts. Raises RenderError if a package is not as locked."""
    found = []
    for package, names in FONTS.items():
        distribution = metadata.distribution(package)
        found += [Path(str(distribution.locate_file(name))) for name in names]
    if missing := [path.name for path in found if not path.is_file()]:
        raise RenderError(f"fonts are missing: {', '.join(missing)}")
    return found


@cache
def fonts() -> typst.Fonts:
    folders = sorted({str(path.parent) for path in font_files()})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def compiler(folder: Path) -> typst.Compiler:
    """A compiler that reads no packages, and no files but those of `folder`."""
    nowhere = folder / "nothing"
    return typst.Compiler(font_paths=fonts(), root=folder, package_path=nowhere, package_cache_path=nowhere)


def pdf(template: bytes, data: Mapping[str, Any], *, folder: Path, timestamp: int) -> bytes:
    """Typeset the template with `data` as its input `sheet`.

    Raises RenderError, and TypstError for characters that the fonts cannot show.
    """
    made, warnings = compiler(folder).compile_with_warnings(
        input=template,
        format="pdf",
        pdf_standards=["ua-1"],
        sys_inputs={"sheet": msgspec.json.encode(data).decode()},
        timestamp=timestamp,
    )
    if warnings:
        raise RenderError("; ".join(warning.message for warning in warnings))
    assert isinstance(made, bytes), "a PDF is a single file"
    return made
