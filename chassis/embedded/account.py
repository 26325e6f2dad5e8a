"""The user of a server process. PostgreSQL refuses root, and its user must be able to enter its folder."""

import contextlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.embedded.errors import EmbeddedError

LESSER_USERS = ("postgres", "nobody")
NOBODY = 65_534


@dataclass(frozen=True)
class Account:
    """Runs programs as the current user, as user `uid`, or `apart`: in a user namespace that maps root to nobody."""

    uid: int | None = None
    gid: int | None = None
    apart: bool = False

    def popen(self, argv: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
        if self.apart:
            argv = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", *argv]
        if self.uid is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(argv, cwd="/", env=environment(), **options)

    def run(self, argv: Sequence[str], *, timeout: float = 120) -> tuple[int, str]:
        """Run a program; return its exit code and output."""
        process = self.popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with process:
            try:
                printed, _ = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return process.returncode, printed.decode(errors="replace")

    def can_enter(self, folder: Path) -> bool:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            return self.run(["test", "-x", str(folder)], timeout=10)[0] == 0
        return False

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def environment() -> dict[str, str]:
    """A minimal environment, because the caller's PG… and LD_… variables would change the server's behaviour."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "TZ") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}


def unprivileged_account(folder: Path, data: Path) -> Account:
    """The user that may run PostgreSQL in `folder`: the owner of `data`, if it exists.

    Raises EmbeddedError if that user cannot enter the folder.
    """
    if os.geteuid() != 0:
        return Account()
    if data.exists():
        owner = data.stat()
        choices = [Account(owner.st_uid, owner.st_gid) if owner.st_uid else Account(apart=True)]
    else:
        # The namespace is second: it works below a closed folder such as /root, but containers often forbid it.
        choices = [*_first_unprivileged_user(), Account(apart=True)]
    for account in choices:
        if account.can_enter(folder):
            return account
    raise EmbeddedError(
        f"root may not run PostgreSQL, and no unprivileged user can enter {folder}: "
        "name another folder with --state, one that all users can enter, such as /var/lib/entraide"
    )


def _first_unprivileged_user() -> list[Account]:
    for name in LESSER_USERS:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return [Account(user.pw_uid, user.pw_gid)]
    return []


def make_folder(folder: Path, *, shared: bool = False) -> None:
    """Create `folder` and its missing parents. As root, all users can enter a `shared` folder, but not list it."""
    mode = 0o711 if shared and os.geteuid() == 0 else 0o700
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o711 if os.geteuid() == 0 and path != folder else mode)
    if not missing and folder.stat().st_uid == os.geteuid():
        folder.chmod(mode)


def default_state() -> Path:
    """The default folder of the embedded servers' data."""
    if os.geteuid() == 0:
        return Path("/var/lib/entraide")
    xdg = os.environ.get("XDG_STATE_HOME", "")
    return (Path(xdg) if xdg.startswith("/") else Path.home() / ".local" / "state") / "entraide"
