"""Render reports in child processes, with the limits of `chassis.printing.renderer`."""

from enum import StrEnum

import msgspec
from msgspec import Struct

from chassis.printing import renderer
from contracts.refusals import Unavailable
from contracts.values import Language
from services.reports.annual.printing.words import Printed


class Format(StrEnum):
    """Formats of a report's file."""

    PDF = "pdf"
    DOCX = "docx"


MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class RenderInput(Struct, frozen=True, kw_only=True):
    """The input of a child process."""

    printed: Printed
    language: Language
    format: Format


class ReportRenderer(renderer.DocumentRenderer):
    """Renders reports as files in a child process."""

    def __init__(self) -> None:
        super().__init__("services.reports.annual.printing", lambda: Unavailable("report-not-now"))

    async def report(self, printed: Printed, language: Language, format: Format, *, organization: str) -> bytes:
        """Render a report. Raises Unavailable if it takes too long, Excessive if too many calls wait already."""
        order = msgspec.json.encode(RenderInput(printed=printed, language=language, format=format))
        return await self.render(order, organization=organization)
