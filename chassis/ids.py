"""Ids that sort by the time at which they were created (UUID version 7, RFC 9562)."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Return 48 bits of Unix milliseconds and 74 random bits. Ids fill index pages in order and cannot be guessed."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def new_ids(count: int) -> list[UUID]:
    """Return at most 256 ids that differ only in their last byte, in random order. A prefix finds them together."""
    common = new_id().int & ~0xFF
    shuffled = sorted(range(256), key=os.urandom(256).__getitem__)
    return [UUID(int=common | last) for last in shuffled[:count]]
