"""`entraide` imports only what a command needs: importing everything takes a second of CPU."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.__main__ import COMMANDS, LazyCommand

ROOT = Path(__file__).parents[2]
SHARED = {"__init__", "database", "options", "progress", "settings"}
"""Files of services/cli that are not commands."""


def imported(code: str) -> set[str]:
    """Return the modules that a process has imported after it has run some code."""
    code = f"import sys\n{code}\nprint('', *sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def of_services(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("services.")}


def test_every_file_of_a_command_is_listed() -> None:
    files = {path.stem for path in (ROOT / "services" / "cli").glob("*.py")} - SHARED

    assert files == {name.replace("-", "_") for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says_of_itself(name: str) -> None:
    command = LazyCommand(name).loaded()

    assert name == command.name
    assert COMMANDS[name] == " ".join(str(command.help).split("\n\n")[0].split())


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_the_list_of_commands_imports_none(words: list[str]) -> None:
    modules = imported(f"from services.__main__ import main\nmain({words}, standalone_mode=False)")

    assert {"services.__main__"} == of_services(modules)
    assert "click" in modules
    assert not {"asyncpg", "litestar", "msgspec", "numpy", "structlog"} & modules


def test_a_service_runs_without_what_the_others_import() -> None:
    code = "from services.cli import run\nrun.documents.routes(run.all_services)\nrun.SERVICES['requests']()"

    modules = imported(code)

    assert "services.requests.wiring" in modules
    packages = {".".join(name.split(".")[:2]) for name in of_services(modules)}
    assert not {"services.matching", "services.pledges", "services.notifications", "services.demo"} & packages
    assert {"api", "layout", "markup", "pages", "problems_page", "schema_markup"} == {
        name.removeprefix("services.documents.") for name in modules if name.startswith("services.documents.")
    }
    assert not {"aiosmtpd", "highspy", "lxml", "numpy", "xlsxwriter"} & modules


def test_a_command_in_the_database_imports_no_http_server() -> None:
    modules = imported("import services.cli.audit, services.cli.ledger, services.cli.parked")

    assert not {"litestar", "numpy", "uvicorn"} & modules


def test_usage_names_the_program_however_it_is_started() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "services", "demo", "--exot"], cwd=ROOT, capture_output=True, text=True
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert "Usage: entraide demo [OPTIONS]" == done.stderr.splitlines()[0]
    assert "Did you mean '--exit'?" in done.stderr
