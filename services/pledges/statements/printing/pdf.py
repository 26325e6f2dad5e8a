"""Render a statement as PDF/UA-1 from one template and the fonts of pinned packages.

The same statement in the same language gives the same bytes: its date is its `as_at`, system fonts are not used, and
nothing is fetched.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import msgspec
import typst

from contracts.values import Language
from services.pledges.statements.model import Statement
from services.pledges.statements.printing.glyphs import characters
from services.pledges.statements.printing.words import TemplateData, labels

FONTS: Mapping[str, tuple[str, ...]] = {
    "manimgx-fonts": ("manimgx_fonts/NotoSans[wght].ttf", "manimgx_fonts/NotoSansArabic[wght].ttf"),
    "pylopdf-fonts-zh-cn": ("pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf",),
}
"""Package and its files, all under the SIL Open Font License 1.1. Only the files are used: no package is imported."""

FAMILIES = ("Noto Sans", "Noto Sans Arabic", "Noto Sans SC")
FIRST_FONT: Mapping[Language, str] = {Language.AR: "Noto Sans Arabic", Language.ZH: "Noto Sans SC"}
"""The first font family of a language, used for digits and signs; the others are fallbacks."""

NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"
# A direction mark would affect text beyond its own.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"\s+")


class RenderError(Exception):
    """The template or its fonts are broken."""


def statement_pdf(statement: Statement, language: Language) -> bytes:
    """The statement in one language. Raises RenderError."""
    shown = with_texts(statement, legible)
    try:
        return _render(shown, language)
    except typst.TypstError:
        # For example marks that no font combines with these letters. The figures matter more than the texts.
        return _render(with_texts(shown, lambda _: labels(language)["not_shown"]), language)


def with_texts(statement: Statement, changed: Callable[[str], str]) -> Statement:
    """The statement with every text that users wrote changed."""
    pledges = tuple(
        msgspec.structs.replace(
            one,
            note=changed(one.note) if one.note else "",
            agreement_reference=None if one.agreement_reference is None else changed(one.agreement_reference),
        )
        for one in statement.pledges
    )
    funds = tuple(
        msgspec.structs.replace(one, labels={code: changed(text) for code, text in one.labels.items()})
        for one in statement.funds
    )
    in_kind = tuple(
        msgspec.structs.replace(one, description=changed(one.description) if one.description else "")
        for one in statement.in_kind
    )
    return msgspec.structs.replace(statement, pledges=pledges, funds=funds, in_kind=in_kind)


def legible(text: str) -> str:
    """The text without direction and control characters; characters without a glyph become U+FFFD."""
    plain = _SPACES.sub(" ", _DIRECTIONS.sub("", text)).strip()
    return "".join(c if ord(c) in supported_characters() else NOT_SHOWN for c in plain if c.isprintable())


@cache
def supported_characters() -> frozenset[int]:
    """Every character in one of the fonts."""
    return frozenset().union(*(characters(path) for path in font_files()))


def font_files() -> Sequence[Path]:
    """Paths of the fonts. Raises RenderError if a package is not as locked."""
    found = []
    for package, names in FONTS.items():
        distribution = metadata.distribution(package)
        found += [Path(str(distribution.locate_file(name))) for name in names]
    if missing := [path.name for path in found if not path.is_file()]:
        raise RenderError(f"fonts are missing: {', '.join(missing)}")
    return found


@cache
def _fonts() -> typst.Fonts:
    folders = sorted({str(path.parent) for path in font_files()})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def template_data(statement: Statement, language: Language) -> dict[str, Any]:
    """The template's input."""
    first = FIRST_FONT.get(language, FAMILIES[0])
    return TemplateData(statement, language).data() | {"fonts": [first, *(one for one in FAMILIES if one != first)]}


def _render(statement: Statement, language: Language) -> bytes:
    made, warnings = compiler().compile_with_warnings(
        input=template(),
        format="pdf",
        pdf_standards=["ua-1"],
        sys_inputs={"sheet": msgspec.json.encode(template_data(statement, language)).decode()},
        timestamp=int(statement.as_at.timestamp()),
    )
    if warnings:
        raise RenderError("; ".join(warning.message for warning in warnings))
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def template() -> bytes:
    return resources.files(__package__).joinpath("statement.typ").read_bytes()


def compiler() -> typst.Compiler:
    """A compiler that reads no packages, and no files but the labels."""
    folder = Path(__file__).parent
    nowhere = folder / "nothing"
    return typst.Compiler(font_paths=_fonts(), root=folder / "labels", package_path=nowhere, package_cache_path=nowhere)
