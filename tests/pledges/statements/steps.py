"""Steps that read PDF files."""

import re
import zlib

SIGNS = set("\n \u00a0\u202f\u2066\u2069")


def characters_in(made: bytes) -> set[str]:
    """Return the text that a reader can search and copy.

    It follows from the PDF's mapping of glyphs (ISO 32000-1, 9.10.3 and 14.9.4).
    """
    found: set[str] = set()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL):
        if not stream.startswith(b"x"):
            continue
        text = zlib.decompressobj().decompress(stream)
        # An Arabic letter may consist of several glyphs, and then has its text beside them.
        for meant in re.findall(rb"/ActualText<FEFF([0-9a-fA-F]+)>", text):
            found |= set(bytes.fromhex(meant.decode()).decode("utf-16-be"))
        if b"beginbfchar" in text:
            for _, meant in re.findall(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", text):
                found |= set(bytes.fromhex(meant.decode()).decode("utf-16-be"))
    return found
