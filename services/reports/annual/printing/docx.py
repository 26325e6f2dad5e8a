"""Render a report as a text document (Office Open XML). The same report in the same language gives the same bytes."""

from datetime import UTC, datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document as new_document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Pt, RGBColor

from chassis.printing.typesetting import legible
from contracts.values import Language
from services.reports.annual.printing.pdf import picture, with_texts
from services.reports.annual.printing.words import Document, Figure, Printed, Table, Text, document

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP file can have, used for every part."""

GREY = RGBColor(0x46, 0x46, 0x46)
RED = RGBColor(0xA0, 0x1C, 0x1C)
PICTURE_WIDTH = Emu(5_760_000)
"""Width of a picture: 16 cm."""

LOCALES = {"ar": "ar-SA", "en": "en-GB", "es": "es-ES", "fr": "fr-FR", "ru": "ru-RU", "zh": "zh-CN"}
STYLES = ("Normal", "Title", "Heading 1", "Heading 2", "Heading 3", "Table Grid")
FONT = "Noto Sans"


def report_docx(printed: Printed, language: Language) -> bytes:
    """Return the report in one language."""
    return _Writer(document(with_texts(printed, legible), language)).bytes()


class _Writer:
    def __init__(self, shown: Document) -> None:
        self._shown, self._file = shown, new_document()
        self._properties()
        self._styles()

    def bytes(self) -> bytes:
        shown = self._shown
        self._paragraph(shown.title, style="Title")
        if shown.mark is not None:
            self._paragraph(shown.mark, colour=RED, bold=True)
        for name, value in shown.facts:
            self._paragraph(f"{name}: {value}")
        self._paragraph(shown.suppressed, colour=GREY)
        if shown.introduction is not None:
            self._heading(shown.introduction_heading, 1)
            self._text(shown.introduction)
        self._heading(shown.overview, 1)
        self._table(shown.totals)
        if shown.sexes is not None:
            self._heading(shown.sexes_heading, 2)
            self._paragraph(shown.sexes_note)
            self._table(shown.sexes)
        if shown.money is not None:
            self._heading(shown.money_heading, 2)
            self._paragraph(shown.money_note)
            self._table(shown.money)
        for one in shown.figures:
            self._figure(one)
        self._heading(shown.paragraphs, 1)
        for annex in shown.annexes:
            self._heading(annex.heading, 2)
            for section in annex.sections:
                self._heading(section.heading, 3)
                if section.text is not None:
                    self._text(section.text)
                if section.table is not None:
                    self._table(section.table)
                else:
                    self._paragraph(section.nothing, colour=GREY)
        foot = self._file.sections[0].footer.paragraphs[0]
        self._run(foot, shown.foot)
        self._direct(foot, shown.rtl)
        made = BytesIO()
        self._file.save(made)
        return packed(made.getvalue())

    def _properties(self) -> None:
        shown, properties = self._shown, self._file.core_properties
        day = datetime.combine(shown.day, time(), UTC).replace(tzinfo=None)
        properties.title, properties.author, properties.language = shown.title, shown.author, shown.language
        properties.created = properties.modified = day
        properties.last_modified_by, properties.comments, properties.revision = shown.author, "", 1

    def _styles(self) -> None:
        """Set one font, and the same language for each kind of script."""
        for name in STYLES:
            style = self._file.styles[name]
            run = style.element.get_or_add_rPr()
            fonts = run.get_or_add_rFonts()
            for place in ("ascii", "hAnsi", "cs", "eastAsia"):
                fonts.set(qn(f"w:{place}"), FONT if place != "cs" else "Noto Sans Arabic")
            for theme in ("asciiTheme", "hAnsiTheme", "cstheme", "eastAsiaTheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            run.append(self._language(self._shown.language))
        self._file.styles["Normal"].font.size = Pt(10)

    def _language(self, language: str) -> Any:
        element = OxmlElement("w:lang")
        for place in ("val", "eastAsia", "bidi"):
            element.set(qn(f"w:{place}"), LOCALES[language])
        return element

    def _heading(self, text: str, level: int) -> None:
        self._paragraph(text, style=f"Heading {level}")

    def _paragraph(
        self,
        text: str,
        *,
        style: str = "Normal",
        colour: RGBColor | None = None,
        bold: bool = False,
        language: str | None = None,
    ) -> None:
        paragraph = self._file.add_paragraph(style=style)
        run = self._run(paragraph, text, language=language)
        run.bold = bold or None
        if colour is not None:
            run.font.color.rgb = colour
        self._direct(paragraph, (language or self._shown.language) == "ar")

    def _run(self, paragraph: Any, text: str, *, language: str | None = None) -> Any:
        run = paragraph.add_run(text)
        if language is not None and language != self._shown.language:
            run._r.get_or_add_rPr().append(self._language(language))
        if (language or self._shown.language) == "ar":
            run.font.rtl = True
        return run

    def _direct(self, paragraph: Any, rtl: bool) -> None:
        if rtl:
            paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))

    def _text(self, text: Text) -> None:
        if text.note is not None:
            self._paragraph(text.note, colour=GREY)
        for one in text.paragraphs:
            self._paragraph(one, language=text.language)

    def _figure(self, one: Figure) -> None:
        self._heading(one.heading, 2)
        shape = self._file.add_picture(BytesIO(picture(one.chart.svg)), width=PICTURE_WIDTH)
        shape._inline.docPr.set("descr", one.chart.description)
        for name, colour in one.chart.legend:
            paragraph = self._file.add_paragraph()
            mark = paragraph.add_run("■ ")
            mark.font.color.rgb = RGBColor.from_string(colour.removeprefix("#").upper())
            self._run(paragraph, name)
            self._direct(paragraph, self._shown.rtl)
        self._paragraph(one.note, colour=GREY)
        self._table(one.table)

    def _table(self, data: Table) -> None:
        table = self._file.add_table(rows=0, cols=len(data.head), style="Table Grid")
        if self._shown.rtl:
            table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
        for row, values in enumerate((data.head, *data.rows)):
            cells = table.add_row()
            if row == 0:
                # The row is repeated on each page, and read as headings by screen readers.
                cells._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            for place, (cell, value) in enumerate(zip(cells.cells, values, strict=True)):
                paragraph = cell.paragraphs[0]
                self._run(paragraph, value).bold = (row == 0) or None
                self._direct(paragraph, self._shown.rtl)
                if place >= data.texts:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self._file.add_paragraph()


def packed(made: bytes) -> bytes:
    """Repack the ZIP file with its parts in a fixed order, and without the time at which it was made."""
    out = BytesIO()
    with ZipFile(BytesIO(made)) as read, ZipFile(out, "w") as written:
        for name in sorted(read.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            part = ZipInfo(name, FIRST_DAY)
            part.compress_type, part.external_attr = ZIP_DEFLATED, 0o600 << 16
            written.writestr(part, read.read(name))
    return out.getvalue()
