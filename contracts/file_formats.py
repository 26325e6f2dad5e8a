"""The accepted formats of uploaded files."""

from collections.abc import Mapping
from enum import StrEnum

FILE_BYTES_MAX = 10 * 1024 * 1024


class Format(StrEnum):
    """The accepted formats."""

    PDF = "pdf"
    DOCX = "docx"
    PNG = "png"
    JPEG = "jpeg"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PNG: "image/png",
    Format.JPEG: "image/jpeg",
}
