"""The child process that reads a statement and a language from stdin, and writes the PDF to stdout."""

import resource
import sys

MEMORY_BYTES = 1536 * 1024 * 1024
"""Limit of the address space. The largest printed statement uses up to nine tenths of it, in Arabic."""


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    # Imported after the limit is set, so that the memory of the imports counts.
    import msgspec

    from services.pledges.statements.printing.pdf import statement_pdf
    from services.pledges.statements.printing.renderer import RenderInput

    order = msgspec.json.decode(sys.stdin.buffer.read(), type=RenderInput)
    sys.stdout.buffer.write(statement_pdf(order.statement, order.language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
