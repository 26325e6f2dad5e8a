"""The child process: reads a report, a language and a format from stdin, writes the file to stdout."""

import resource
import sys

MEMORY_BYTES = 1536 * 1024 * 1024
"""Limit of the address space, in bytes."""


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    # These are imported after the limit is set, so that it covers their memory.
    import msgspec

    from services.reports.annual.printing.docx import report_docx
    from services.reports.annual.printing.pdf import report_pdf
    from services.reports.annual.printing.renderer import Format, RenderInput

    order = msgspec.json.decode(sys.stdin.buffer.read(), type=RenderInput)
    made = report_pdf if order.format is Format.PDF else report_docx
    sys.stdout.buffer.write(made(order.printed, order.language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
