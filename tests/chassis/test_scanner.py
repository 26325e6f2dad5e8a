"""Only a clear verdict of the scanner counts; anything else is an error."""

import asyncio
import io
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.files import scanner
from chassis.files.scanner import ScannerError, Verdict, scanner_of
from chassis.settings import Settings, SettingsError

CONTENT = bytes(range(256)) * 1000


class Clamd:
    """A stand-in for clamd's INSTREAM that always gives the same answer; `got` are the bytes it received."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.got = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"zINSTREAM\0" == await reader.readexactly(10)
        while size := int.from_bytes(await reader.readexactly(4)):
            self.got += await reader.readexactly(size)
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def clamd(answer: bytes, path: Path) -> AsyncIterator[Clamd]:
    stand_in = Clamd(answer)
    server = await asyncio.start_unix_server(stand_in.serve, path)
    async with server:
        yield stand_in


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(b"stream: OK\0", Verdict.CLEAN), (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", Verdict.INFECTED)],
)
async def test_clamd_gets_the_whole_file_and_its_verdict_is_returned(
    tmp_path: Path, answer: bytes, verdict: Verdict
) -> None:
    path = tmp_path / "clamd.sock"
    async with clamd(answer, path) as stand_in:
        assert verdict == await scanner_of(f"clamd://{path}")(io.BytesIO(CONTENT))

    assert CONTENT == stand_in.got


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK", b"", b"x" * 10_000, b"OK\0"]
)
async def test_unclear_answer_of_a_scanner_is_an_error(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "clamd.sock"
    async with clamd(answer, path):
        with pytest.raises(ScannerError):
            await scanner_of(f"clamd://{path}")(io.BytesIO(CONTENT))


async def test_unavailable_scanner_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "SCAN_SECONDS_MAX", 0.3)

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        writer.close()

    settings = (f"clamd://{tmp_path / 'none.sock'}", "clamd://127.0.0.1:1", f"clamd://{tmp_path / 'silent.sock'}")
    async with await asyncio.start_unix_server(never_answer, tmp_path / "silent.sock"):
        for setting in (
            *settings,
            "command:/nowhere/scan",
            f"command:{sys.executable} -c 'import time; time.sleep(60)'",
        ):
            with tempfile.TemporaryFile() as file, pytest.raises(ScannerError):
                await scanner_of(setting)(file)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("sys.exit(b'virus' in sys.stdin.buffer.read())", Verdict.INFECTED),
        ("sys.exit(b'worm' in sys.stdin.buffer.read())", Verdict.CLEAN),
        ("sys.exit(2)", None),
        ("os.abort()", None),
    ],
)
async def test_verdict_of_a_scan_command_is_its_exit_code(code: str, verdict: Verdict | None) -> None:
    scan = scanner_of(f'command:{sys.executable} -c "import os, sys; {code}"')
    with tempfile.TemporaryFile() as file:
        file.write(b"a virus")
        file.seek(0)
        if verdict is None:
            with pytest.raises(ScannerError):
                await scan(file)
        else:
            assert verdict == await scan(file)


async def test_scanner_none_returns_unscanned() -> None:
    assert Verdict.UNSCANNED == await scanner_of("none")(io.BytesIO(CONTENT))


@pytest.mark.parametrize(
    "setting", ["", "off", "clamd://", "clamd://host/path", "http://host", "command:", "command: "]
)
def test_malformed_scanner_setting_is_rejected(setting: str) -> None:
    with pytest.raises(ValueError, match=r"command|address"):
        scanner_of(setting)


def test_real_issuer_requires_an_explicit_scanner_setting() -> None:
    def read(**env: str) -> str | None:
        return Settings.from_env(env, (), state=Path("/nowhere")).scanner

    assert "none" == read()
    assert read(ENTRAIDE_ISSUER="https://issuer.example") is None
    assert "none" == read(ENTRAIDE_ISSUER="https://issuer.example", ENTRAIDE_SCANNER="none")
    assert read(ENTRAIDE_SCANNER="off") is None
    assert "clamd://clamav:3310" == read(ENTRAIDE_SCANNER="clamd://clamav:3310")
    with pytest.raises(SettingsError, match="ENTRAIDE_SCANNER"):
        read(ENTRAIDE_SCANNER="clamav")
