"""Programs of others that run on Node, installed as a lock file of ours pins them."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest


def installed(source: Path) -> Path:
    """A copy of that folder with its packages, made once for each of its contents, below the virtual environment.

    Without Node the test is skipped, aloud; root, who can install it, has it fail.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        if os.geteuid() == 0:
            pytest.fail("node and npm are not installed: `apt-get install nodejs npm`")
        pytest.skip(f"node and npm are not installed and only root can: {source.parent.name} is not tested with them")
    files = sorted(path for path in source.iterdir() if path.is_file())
    version = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    folder = Path(sys.prefix) / "node" / version
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path in files:
            shutil.copy(path, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
        assert 0 == done.returncode, done.stderr
        (folder / "installed").touch()
    return folder
