"""Third-party programs that run on Node, installed as our lock files pin them."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest


def installed(source: Path) -> Path:
    """Return a copy of a folder with its packages, made once for each content, below the virtual environment.

    Without Node the test is skipped with a message; for root, who can install Node, it fails.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        if os.geteuid() == 0:
            pytest.fail("node and npm are not installed: `apt-get install nodejs npm`")
        pytest.skip(f"node and npm are not installed and only root can: {source.parent.name} is not tested with them")
    files = sorted(path for path in source.iterdir() if path.is_file())
    version = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    folder = Path(sys.prefix) / "node" / version
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        # Install into another folder first: one of several processes renames it, and none of them sees a part.
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
            for path in files:
                shutil.copy(path, made)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=240, check=False)
            assert 0 == done.returncode, done.stderr
            with contextlib.suppress(OSError):
                Path(made).rename(folder)
    return folder
