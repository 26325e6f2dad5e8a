"""Start errors that an operator sees at once."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def entraide(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "services", *arguments],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=90,
    )  # fmt: skip


def test_version_is_printed() -> None:
    done = entraide("--version")

    assert (0, "entraide, version 0.1.0\n") == (done.returncode, done.stdout)


def test_unknown_log_level_is_one_line_and_exit_2() -> None:
    done = entraide("doctor", ENTRAIDE_LOG_LEVEL="loud")

    assert 2 == done.returncode
    assert 1 == len(done.stderr.splitlines()), done.stderr
    assert "ENTRAIDE_LOG_LEVEL has to be one of" in done.stderr


def test_port_in_use_is_reported_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        together = entraide("up", "--state", str(tmp_path), ENTRAIDE_PORT=port)
        alone = entraide("run", "requests", ENTRAIDE_PORT=port, DATABASE_URL="postgresql://127.0.0.1:1/none")

    for done in (together, alone):
        assert 2 == done.returncode
        line = f"entraide: cannot listen on 127.0.0.1:{port} (Address already in use): set ENTRAIDE_PORT\n"
        assert line == done.stderr
    assert [] == list(tmp_path.iterdir()), "no server was started"
