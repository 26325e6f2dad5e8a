"""Malware scanners: clamd over a socket, a command, or none."""

import asyncio
import contextlib
import shlex
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from typing import BinaryIO
from urllib.parse import urlsplit

SCAN_SECONDS_MAX = 120.0
CHUNK_BYTES = 64 * 1024
REPLY_BYTES_MAX = 4096
CLAMD_PORT = 3310
NOTHING = "none"


class Verdict(StrEnum):
    CLEAN = "clean"
    UNSCANNED = "unscanned"
    INFECTED = "infected"


class ScannerError(Exception):
    """The scanner is unreachable or gave no verdict; the file waits."""


Scanner = Callable[[BinaryIO], Awaitable[Verdict]]


def scanner_of(setting: str) -> Scanner:
    """The scanner of a setting.

    The setting is `none`, `clamd://host:port`, `clamd:///path/of/the/socket`, or `command:` and a command line. Raises
    ValueError for any other.
    """
    if setting == NOTHING:
        return _nothing
    if setting.startswith("command:"):
        words = shlex.split(setting.removeprefix("command:"))
        if not words:
            raise ValueError("no command")
        return partial(_by_command, words)
    parts = urlsplit(setting)
    if parts.scheme != "clamd" or bool(parts.hostname) == bool(parts.path.strip("/")):
        raise ValueError("neither an address nor a command")
    return partial(_by_clamd, parts.hostname or "", parts.port or CLAMD_PORT, parts.path)


async def _nothing(_file: BinaryIO) -> Verdict:
    return Verdict.UNSCANNED


async def _by_command(words: list[str], file: BinaryIO) -> Verdict:
    """Scan a file by a command, as its standard input; exit code 0 means clean, 1 infected, as for clamdscan."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=file, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        raise ScannerError(type(error).__name__) from error
    try:
        async with asyncio.timeout(SCAN_SECONDS_MAX):
            code = await process.wait()
    except TimeoutError as error:
        raise ScannerError("timeout") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code not in (0, 1):
        raise ScannerError(f"exit {code}")
    return Verdict.INFECTED if code else Verdict.CLEAN


async def _by_clamd(host: str, port: int, path: str, file: BinaryIO) -> Verdict:
    """Scan a file by clamd's INSTREAM: length-prefixed chunks, and an empty one at the end; the answer is one line."""
    try:
        async with asyncio.timeout(SCAN_SECONDS_MAX):
            reply = await _streamed(host, port, path, file)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ScannerError(type(error).__name__) from error
    if reply.endswith(b" FOUND"):
        return Verdict.INFECTED
    if reply == b"stream: OK":
        return Verdict.CLEAN
    raise ScannerError("clamd could not scan it")


async def _streamed(host: str, port: int, path: str, file: BinaryIO) -> bytes:
    if host:
        reader, writer = await asyncio.open_connection(host, port, limit=REPLY_BYTES_MAX)
    else:
        reader, writer = await asyncio.open_unix_connection(path, limit=REPLY_BYTES_MAX)
    try:
        writer.write(b"zINSTREAM\0")
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            writer.write(len(chunk).to_bytes(4) + chunk)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        return (await reader.readuntil(b"\0")).removesuffix(b"\0")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
