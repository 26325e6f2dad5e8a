"""Steps for tests of deploy/: its files, the programs that read them, and certificates."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chassis.setting_names import RecordedReads
from chassis.settings import Settings
from services.composition import NAMES

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def settings_read() -> set[str]:
    """Return the name of every variable that Settings reads."""
    asked = RecordedReads({})
    Settings.from_env(asked, NAMES, state=Path("state"))
    return asked.names


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """Return `text` with a container's values replaced by the test's; each change has to match something."""
    for old, new in changes.items():
        assert old in text, f"{old} is not in the file any more"
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Create a folder for a block that unprivileged users can enter; pytest's own is closed to them."""
    made = Path(tempfile.mkdtemp(prefix="entraide-deploy-", dir="/var/tmp"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def running(
    command: list[str], ready: Callable[[], bool], *, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for a block, which begins once the program is ready."""
    with log.open("ab") as out, subprocess.Popen(command, env=dict(env), stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + 20
            while not ready():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def environment(**more: str) -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}", **more}


def debian_program(package: str, path: str) -> tuple[str, dict[str, str]]:
    """Return a program of this machine, else from Debian's package, unpacked and not installed; and its environment.

    Skips the test with a message if neither is available.
    """
    if found := shutil.which(Path(path).name):
        return found, environment()
    kept = _kept(package, path)
    libraries = sorted({str(library.parent) for library in (kept / "usr/lib").rglob("*.so*")})
    return str(kept / path), environment(LD_LIBRARY_PATH=os.pathsep.join(libraries))


def unpacked(package: str, path: str, into: Path) -> Path:
    """Return a file of a copy of Debian's package, unpacked and not installed; other users may enter the copy.

    Skips the test with a message if there is no such package.
    """
    if not into.exists():
        shutil.copytree(_kept(package, path), into, symlinks=True)
    return into / path


def _kept(package: str, path: str) -> Path:
    """Return the folder with a package, unpacked once, below the virtual environment."""
    kept = Path(sys.prefix) / "debian" / package
    if not (kept / path).exists():
        kept.parent.mkdir(exist_ok=True)
        # Unpack into another folder first: one of several processes renames it, and none of them sees a part.
        with tempfile.TemporaryDirectory(dir=kept.parent, ignore_cleanup_errors=True) as made:
            reason = _unpack(package, Path(made))
            if reason is not None and os.geteuid() == 0:
                # There is no list of packages, or it is outdated and names a release that is not the newest.
                subprocess.run(["apt-get", "update", "-qq"], capture_output=True)
                reason = _unpack(package, Path(made))
            if reason is not None:
                pytest.skip(f"no {package} here, and its Debian package is not to be had: {reason}")
            Path(made).chmod(0o755)
            with contextlib.suppress(OSError):
                Path(made).rename(kept)
        assert (kept / path).exists(), f"{kept} is of another version of {package}: remove it"
    return kept


def _unpack(package: str, into: Path) -> str | None:
    """Unpack a package; return what went wrong, or None."""
    if not shutil.which("apt-get"):
        return "no apt-get"
    listing = ["apt-get", "install", "--simulate", "--no-install-recommends", package]
    said = subprocess.run(listing, capture_output=True, text=True)
    if said.returncode:
        return said.stderr.strip().splitlines()[-1] if said.stderr.strip() else "apt-get does not know it"
    missing = [line.split()[1] for line in said.stdout.splitlines() if line.startswith("Inst ")]
    fetched = subprocess.run(["apt-get", "download", "-qq", *missing], cwd=into, capture_output=True, text=True)
    archives = list(into.glob("*.deb"))
    if fetched.returncode or len(archives) < len(missing):
        return fetched.stderr.strip() or "the download failed"
    for archive in archives:
        subprocess.run(["dpkg", "--extract", str(archive), str(into)], check=True)
        archive.unlink()
    return None


def certificate(into: Path) -> tuple[Path, Path]:
    """Create a certificate for loopback that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "entraide test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    crt, pem = into / "certificate.pem", into / "key.pem"
    crt.write_bytes(made.public_bytes(Encoding.PEM))
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return crt, pem
