"""Files to upload: small ones of each format, malformed archives, and a table of flows."""

import io
import zipfile
from collections.abc import Mapping

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
PARTS = {
    "[Content_Types].xml": b"<Types/>",
    "_rels/.rels": b"<Relationships/>",
    "word/document.xml": b"<w:document/>",
}


def an_archive(parts: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.comment = comment
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def a_docx(**more: bytes) -> bytes:
    """Return a document, with further parts below `word/`."""
    return an_archive(PARTS | {f"word/{name}": content for name, content in more.items()})


FILES = {"pdf": PDF, "png": PNG, "jpeg": JPEG, "docx": a_docx()}

FLOWS = b"""\
id,refCode,date,status,contributionType,flowType,method,boundary,description,amountUSD,originalAmount,originalCurrency,\
exchangeRate,srcOrganization,destOrganization,destUsageYearStart,destUsageYearEnd
F-1,,2026-02-12,paid,financial,Standard,Traditional aid,incoming,Fictitious sample,11500,10000,EUR,0.87,\
"Atlantis, Government of",A fund,2026,2027
"""
"""A table of flows to import, with one row."""
