"""Render a report as PDF/UA-1. The same report in the same language gives the same bytes."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import typst
from msgspec.structs import replace

from chassis.printing import typesetting
from chassis.printing.typesetting import families, legible
from contracts.values import Language
from services.reports.annual.printing.words import Document, Printed, document, labels

FOLDER = Path(__file__).parent / "labels"
PIXELS_PER_INCH = 200.0


def report_pdf(printed: Printed, language: Language) -> bytes:
    """Return the report in one language. Raises RenderError."""
    shown = with_texts(printed, legible)
    try:
        return _render(document(shown, language))
    except typst.TypstError:
        # For example, no font combines these letters and marks. A note then replaces the texts.
        return _render(document(with_texts(shown, lambda _: labels(language)["not_shown"]), language))


def with_texts(printed: Printed, changed: Callable[[str], str]) -> Printed:
    """Return the report with `changed` applied to every paragraph written by people."""
    texts: Mapping[str, Mapping[Language, str]] = {
        block: {language: "\n\n".join(changed(one) for one in parts_of(text)) for language, text in versions.items()}
        for block, versions in printed.texts.items()
    }
    return replace(printed, texts=texts)


def parts_of(text: str) -> list[str]:
    """Split a text into its paragraphs; an empty line begins a new one."""
    return [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def template_data(shown: Document) -> dict[str, Any]:
    """Return the template's input."""
    data: dict[str, Any] = msgspec.to_builtins(shown)
    return data | {
        "fonts": families(Language(shown.language)),
        "fonts-of": {language.value: families(language) for language in Language},
    }


def timestamp(shown: Document) -> int:
    return int(datetime.combine(shown.day, time(), UTC).timestamp())


def _render(shown: Document) -> bytes:
    template = resources.files(__package__).joinpath("report.typ").read_bytes()
    return typesetting.pdf(template, template_data(shown), folder=FOLDER, timestamp=timestamp(shown))


def picture(svg: str) -> bytes:
    """Convert an SVG to a PNG, for readers that show no SVG."""
    template = b"""
        #set page(width: auto, height: auto, margin: 0pt)
        #set text(font: json(bytes(sys.inputs.fonts)), fallback: false)
        #image(bytes(sys.inputs.svg), format: "svg")
    """
    fonts = msgspec.json.encode(families(Language.EN)).decode()
    made = typesetting.compiler(FOLDER).compile(
        input=template, format="png", ppi=PIXELS_PER_INCH, sys_inputs={"svg": svg, "fonts": fonts}
    )
    assert isinstance(made, bytes), "a picture has one page"
    return made
