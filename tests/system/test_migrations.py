"""Migrations: one file each until a release, linted, applied once, never changed."""

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest

from chassis.db.migrate import CHASSIS_MIGRATIONS, MigrationError, migrate, own_role_of, read_migrations, role_of
from chassis.service import Service
from services.composition import NAMES, all_services
from services.requests.wiring import SERVICE as REQUESTS
from tests.system.deployment import ROOT, environment

RELEASED = False
"""True once a version has been released; from then on a schema is changed by its next file."""

FINDING = re.compile(r"^(\S+?):\d+:\d+: \w+: ([a-z-]+)", re.MULTILINE)


def squawk(*files: Path) -> subprocess.CompletedProcess[str]:
    command = ["squawk", "--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc", *map(str, files)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True)


def folders() -> list[Path]:
    return [CHASSIS_MIGRATIONS, *(service.folder / "migrations" for service in all_services())]


def test_chassis_and_each_service_have_one_migration_until_a_release() -> None:
    for folder in folders():
        names = sorted(path.name for path in folder.iterdir())
        assert names[0] == "0001_schema.sql"
        assert RELEASED or names == ["0001_schema.sql"], folder


def test_squawk_finds_nothing_in_the_migrations() -> None:
    said = squawk(*(file for folder in folders() for file in sorted(folder.glob("*.sql"))))

    assert (0, []) == (said.returncode, FINDING.findall(said.stdout)), said.stdout


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE request ADD COLUMN note text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE request RENAME COLUMN state TO country;", "renaming-column"),
        ("ALTER TABLE request DROP COLUMN state;", "ban-drop-column"),
        ("ALTER TABLE request ADD CONSTRAINT c CHECK (revision < 9);", "constraint-missing-not-valid"),
        ("CREATE INDEX slow ON request (state);", "require-concurrent-index-creation"),
    ],
)
def test_squawk_reports_unsafe_migrations(statement: str, rule: str, tmp_path: Path) -> None:
    (tmp_path / "0002_bad.sql").write_text(statement + "\n")

    said = squawk(tmp_path / "0002_bad.sql")

    assert said.returncode != 0
    assert rule in said.stdout


# -- bodies of functions ----------------------------------------------------------------------------------------------

DEFINITIONS = """
    SELECT oid::regprocedure::text AS name, pg_get_functiondef(oid) AS definition, prosqlbody IS NOT NULL AS parsed,
        EXISTS (
            SELECT FROM pg_depend LEFT JOIN pg_type ON refclassid = 'pg_type'::regclass AND pg_type.oid = refobjid
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid
              AND (refclassid = 'pg_class'::regclass OR typrelid <> 0)) AS of_a_table
    FROM pg_proc WHERE pronamespace = ANY ($1::text[]::regnamespace[])
"""


async def definitions(url: str) -> dict[str, asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return {row["name"]: row for row in await connection.fetch(DEFINITIONS, list(NAMES))}
    finally:
        await connection.close()


async def test_no_function_blocks_changes_of_a_table(database_url: str) -> None:
    found = await definitions(database_url)

    assert "requests.is_there(uuid)" in found
    assert [] == [name for name, row in found.items() if row["parsed"] and row["of_a_table"]]


# -- applying files once, in their order ------------------------------------------------------------------------------


@pytest.fixture
async def bare_url(database_url: str) -> str:
    """The address of a database without the schema of requests."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP SCHEMA requests CASCADE")
    await connection.close()
    return database_url


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The folder of a version of requests that has a second file."""
    shutil.copytree(REQUESTS.folder / "migrations", tmp_path / "migrations")
    (tmp_path / "migrations" / "0002_note.sql").write_text(
        "-- append-only: note\nCREATE TABLE note (words text NOT NULL);\nINSERT INTO note (words) VALUES ('first');\n"
    )
    return tmp_path


async def test_later_migration_is_applied_to_an_existing_schema(database_url: str, later: Path) -> None:
    assert ["requests: requests 0002 note"] == await migrate(database_url, "requests", later)
    assert [] == await migrate(database_url, "requests", later)


async def test_concurrent_migrators_apply_each_file_once(bare_url: str, later: Path) -> None:
    applied = await asyncio.gather(*(migrate(bare_url, "requests", later) for _ in range(4)))

    everything = ["requests: chassis 0001 schema", "requests: requests 0001 schema", "requests: requests 0002 note"]
    assert [[], [], [], everything] == sorted(applied)


async def test_failed_migration_leaves_nothing_and_is_applied_once_corrected(database_url: str, later: Path) -> None:
    file = later / "migrations" / "0002_note.sql"
    right = file.read_text()
    file.write_text(right + "SELECT 1 / 0;\n")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database_url, "requests", later)

    file.write_text(right)
    assert ["requests: requests 0002 note"] == await migrate(database_url, "requests", later)


@pytest.mark.parametrize("role", [role_of("requests"), own_role_of("requests")])
async def test_append_only_table_of_a_later_migration_cannot_be_changed(
    database_url: str, later: Path, role: str
) -> None:
    await migrate(database_url, "requests", later)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"SET ROLE {role}")
        await connection.execute("INSERT INTO requests.note (words) VALUES ('second')")
        assert 2 == await connection.fetchval("SELECT count(*) FROM requests.note")
        for change in ("UPDATE requests.note SET words = ''", "DELETE FROM requests.note", "TRUNCATE requests.note"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
    finally:
        await connection.close()


async def test_migration_changed_after_it_was_applied_is_rejected(database_url: str, later: Path) -> None:
    await migrate(database_url, "requests", later)
    file = later / "migrations" / "0002_note.sql"
    file.write_text(file.read_text() + "-- more\n")

    with pytest.raises(MigrationError, match="requests 0002 note is not the file that was applied"):
        await migrate(database_url, "requests", later)


async def test_older_program_rejects_a_newer_database(database_url: str, later: Path) -> None:
    await migrate(database_url, "requests", later)

    with pytest.raises(MigrationError, match="the database is newer than this program: requests has requests 0002"):
        await migrate(database_url, "requests", REQUESTS.folder)


@pytest.mark.parametrize("service", all_services(), ids=NAMES)
async def test_database_of_an_unreleased_version_is_rejected_unchanged(database_url: str, service: Service) -> None:
    """The database's first file is another one, and it has more files than this program."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            f"""
            UPDATE {service.name}.migration SET name = 'journal', checksum = 'another' WHERE part = 'chassis';
            INSERT INTO {service.name}.migration (part, number, name, checksum) VALUES ('chassis', 2, 'more', 'more')
            """
        )
        with pytest.raises(MigrationError) as refused:
            await migrate(database_url, service.name, service.folder)
        assert str(refused.value) == (
            f"{service.name}: chassis 0001 schema is not the file that was applied (journal):"
            " a database that an unreleased version made cannot be upgraded; make a new one"
        )
        assert 3 == await connection.fetchval(f"SELECT count(*) FROM {service.name}.migration")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("0003_gap.sql", "the migrations of requests are not numbered from 0001 without a gap"),
        ("0001_twice.sql", "the migrations of requests are not numbered from 0001 without a gap"),
        ("later.sql", "later.sql: name it NNNN_name.sql"),
    ],
)
def test_migration_without_the_next_number_is_rejected(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "0001_schema.sql").touch()
    (tmp_path / name).touch()

    with pytest.raises(MigrationError, match=message):
        read_migrations("requests", tmp_path)
