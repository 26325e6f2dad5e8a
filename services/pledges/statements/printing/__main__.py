"""The child: a statement and a language on its input, the PDF on its output."""

import resource
import sys

MEMORY_BYTES = 1536 * 1024 * 1024
"""Of address space. One of the most entries that are printed takes up to nine tenths of it, in Arabic."""


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    # Only now, so that what they take counts.
    import msgspec

    from services.pledges.statements.printing.pdf import statement_pdf
    from services.pledges.statements.printing.press import Order

    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(statement_pdf(order.statement, order.language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
