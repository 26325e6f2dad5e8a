"""`entraide doctor` checks the files folder, the scanner and the version of PostgreSQL."""

import os
import sys
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from chassis import clock
from chassis.auth.tokens import Issuer
from chassis.clock import use_clock
from chassis.doctor import TESTED, Finding, examine, version_says
from chassis.embedded import free_port
from chassis.settings import Settings
from tests.chassis.steps import Jwks
from tests.conftest import Servers

FINDS = "import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"


async def found(tmp_path: Path, scanner: str | None, files: Path | None = None) -> dict[str, tuple[bool, str]]:
    settings = Settings(state=tmp_path, scanner=scanner, files=files)
    return {one.part: (one.ok, one.says) for one in await examine(settings, [])}


def command(code: str) -> str:
    return f'command:{sys.executable} -c "{code}"'


async def test_scanner_that_finds_the_test_file_only_passes(tmp_path: Path) -> None:
    found_ = await found(tmp_path, command(FINDS))

    assert (True, "finds the EICAR test file") == found_["scanner"]
    assert (True, f"stored in {tmp_path / 'files'}") == found_["files"]
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("pass", "clean for the EICAR test file"),
        ("import sys; sys.exit(1)", "for a harmless file"),
        ("import sys; sys.exit(7)", "does not answer: exit 7"),
    ],
)
async def test_scanner_that_finds_nothing_or_everything_fails(tmp_path: Path, code: str, says: str) -> None:
    ok, said = (await found(tmp_path, command(code)))["scanner"]

    assert not ok
    assert says in said


async def test_unavailable_scanner_is_reported(tmp_path: Path) -> None:
    ok, said = (await found(tmp_path, "clamd://127.0.0.1:1"))["scanner"]

    assert not ok
    assert "files wait" in said


async def test_check_without_uploads_creates_no_folder(tmp_path: Path) -> None:
    assert {"files"} == {part for part in await found(tmp_path, None) if part in {"files", "scanner"}}
    assert not (tmp_path / "files").exists()
    assert (True, "ENTRAIDE_SCANNER is none: files are not scanned") == (await found(tmp_path, "none"))["scanner"]


async def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    ok, said = (await found(tmp_path, "none", files=in_the_way))["files"]

    assert not ok
    assert f"{in_the_way}: {os.strerror(20)}" in said


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("15.9", "version 15.9; 16 or newer is needed"),
        ("17.12 (Debian 17.12-0+deb13u1)", "version 17.12 (Debian 17.12-0+deb13u1), which is tested"),
        ("17.3", f"version 17.3 was not tested: {', '.join(TESTED.values())} were"),
        ("19beta1", f"version 19beta1 was not tested: {', '.join(TESTED.values())} were"),
    ],
)
def test_untested_version_of_postgresql_is_reported(version: str, says: str) -> None:
    assert says == version_says(version, int(version[:2]))


async def test_bundled_version_of_postgresql_is_a_tested_one(servers: Servers, tmp_path: Path) -> None:
    found = await examine(Settings(state=tmp_path, database_url=servers.postgres.dsn()), [])

    assert ["tested" in one.says for one in found if "version" in one.says] == [True]


@pytest.mark.parametrize(("hours", "says"), [(2, "ahead of"), (-2, "behind")])
async def test_wrong_clock_is_compared_with_the_database_and_the_issuer(
    servers: Servers, jwks: Jwks, tmp_path: Path, hours: int, says: str
) -> None:
    url, right = servers.postgres.dsn(), clock.now()
    jwks.date = format_datetime(right, usegmt=True)
    settings = Settings(state=tmp_path, database_url=url, keys=jwks.address, issuer="https://issuer.example")

    assert not [one for one in await examine(settings, []) if one.part == "clock"]
    with use_clock(lambda: right + timedelta(hours=hours)):
        found = [one for one in await examine(settings, []) if one.part == "clock"]

    assert [one.ok for one in found] == [False, False]
    for one, whose in zip(found, ("PostgreSQL", "the issuer"), strict=True):
        seconds, _, words = one.says.partition(" s ")
        assert abs(int(seconds) - 7200) < 30, "the test takes time, too"
        assert words == f"{says} {whose}: tokens are refused"


async def test_service_token_is_checked_as_the_services_check_it(tmp_path: Path) -> None:
    issuer, keys, token = (
        Issuer.load(tmp_path / "issuer.jwk", "https://issuer.example"),
        tmp_path / "keys",
        tmp_path / "t",
    )
    issuer.publish_keys(keys)
    settings = Settings(state=tmp_path, keys=str(keys), issuer=issuer.issuer, service_token_file=token)

    async def says(content: str) -> tuple[bool, str]:
        token.write_text(content)
        return next((one.ok, one.says) for one in await examine(settings, []) if "service token" in one.part)

    assert await says(issuer.token("service:requests")) == (True, "is accepted")
    assert await says(issuer.token("s", more={"aud": "account"})) == (
        False,
        "not an access token for entraide: aud is wrong",
    )
    assert await says("opaque") == (False, "not an access token for entraide: format is wrong")


async def test_database_is_found_at_the_host_that_answers(servers: Servers, tmp_path: Path) -> None:
    live, down = servers.postgres.dsn(), [f"127.0.0.1:{free_port()}" for _ in range(2)]

    async def says(hosts: str) -> Finding:
        address = f"{live.partition('@')[0]}@{hosts}/postgres"
        settings = Settings.from_env({"DATABASE_URL": address}, (), state=tmp_path)
        return (await examine(settings, []))[0]

    first = await says(f"{down[0]},127.0.0.1:{servers.postgres.port}")
    assert (first.ok, first.part) == (True, "PostgreSQL (migrator)"), first.says
    assert f"not reached at {', '.join(down)}: ConnectionRefusedError" == (await says(",".join(down))).says
