"""Migrations as a tool for them reads them: what it warns of is meant, and why."""

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from chassis.migrate import CHASSIS_MIGRATIONS, MigrationError, migrate
from services.__main__ import NAMES, SERVICES
from tests.system.deployment import ROOT, environment

MEANT = {
    (
        "services/matching/migrations/0005_weights.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/matching/migrations/0009_meaning.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/matching/migrations/0011_what_others_cover.sql",
        "ban-drop-constraint",
    ): "nobody deletes an offering, of whatever age their code is",
    (
        "services/matching/migrations/0015_rankings.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same statement",
    (
        "services/pledges/migrations/0003_the_whole_life_of_a_pledge.sql",
        "adding-serial-primary-key-field",
    ): "a table of some rows",
    (
        "services/pledges/migrations/0003_the_whole_life_of_a_pledge.sql",
        "renaming-column",
    ): "with the processes of pledges stopped, as the changes say",
    (
        "services/pledges/migrations/0003_the_whole_life_of_a_pledge.sql",
        "ban-drop-constraint",
    ): "each gets a wider one in the same statement",
    (
        "services/pledges/migrations/0003_the_whole_life_of_a_pledge.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0003_the_whole_life_of_a_pledge.sql",
        "ban-drop-column",
    ): "its expression is another from now on, which PostgreSQL 16 says in no other way",
    (
        "services/pledges/migrations/0003_the_whole_life_of_a_pledge.sql",
        "adding-field-with-default",
    ): "its expression is another from now on, which PostgreSQL 16 says in no other way",
    (
        "services/pledges/migrations/0004_rates_of_sources.sql",
        "adding-serial-primary-key-field",
    ): "a table of some hundred rows a month",
    (
        "services/pledges/migrations/0004_rates_of_sources.sql",
        "ban-drop-constraint",
    ): "older code gets a rate that differs where another source has one, and nothing twice",
    (
        "services/pledges/migrations/0004_rates_of_sources.sql",
        "changing-column-type",
    ): "a numeric without a scale holds what one with a scale held, and is not rewritten",
    (
        "services/pledges/migrations/0004_rates_of_sources.sql",
        "constraint-missing-not-valid",
    ): "a table of some hundred rows a month",
    (
        "services/pledges/migrations/0006_closings.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0006_closings.sql",
        "require-concurrent-index-deletion",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0006_closings.sql",
        "ban-drop-function",
    ): "a trigger's, which goes with it",
    (
        "services/pledges/migrations/0006_closings.sql",
        "ban-drop-constraint",
    ): "a trigger looks at the same for all rows of a statement",
    (
        "services/pledges/migrations/0015_activities.sql",
        "adding-foreign-key-constraint",
    ): "the column is new, and empty",
    (
        "services/pledges/migrations/0015_activities.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same statement",
    (
        "services/pledges/migrations/0015_activities.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0015_activities.sql",
        "require-concurrent-index-creation",
    ): "the column is new, and empty",
    (
        "services/pledges/migrations/0020_counters_in_parts.sql",
        "renaming-table",
    ): "a view of the old name says what it said; with the processes of pledges stopped, as the changes say",
    (
        "services/pledges/migrations/0020_counters_in_parts.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same statement",
    (
        "services/pledges/migrations/0020_counters_in_parts.sql",
        "constraint-missing-not-valid",
    ): "a table of one row for each fund",
    (
        "services/pledges/migrations/0020_counters_in_parts.sql",
        "adding-serial-primary-key-field",
    ): "a table of one row for each fund",
    (
        "services/pledges/migrations/0020_counters_in_parts.sql",
        "ban-drop-default",
    ): "it was given three statements before",
    (
        "services/pledges/migrations/0021_figures_of_years.sql",
        "adding-required-field",
    ): "the version before must write none: see there",
    (
        "services/pledges/migrations/0021_figures_of_years.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same statement",
    (
        "services/pledges/migrations/0021_figures_of_years.sql",
        "adding-serial-primary-key-field",
    ): "the table is empty",
    (
        "services/pledges/migrations/0021_figures_of_years.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0024_closings_by_donor.sql",
        "adding-required-field",
    ): "the version before must write none: see there",
    (
        "services/pledges/migrations/0024_closings_by_donor.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same statement",
    (
        "services/pledges/migrations/0024_closings_by_donor.sql",
        "adding-serial-primary-key-field",
    ): "the table is empty",
    (
        "services/pledges/migrations/0024_closings_by_donor.sql",
        "constraint-missing-not-valid",
    ): "the table is empty",
    (
        "services/pledges/migrations/0024_closings_by_donor.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0024_closings_by_donor.sql",
        "require-concurrent-index-deletion",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0017_closings_by_work_package.sql",
        "adding-required-field",
    ): "the version before must write none: see there",
    (
        "services/pledges/migrations/0017_closings_by_work_package.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same statement",
    (
        "services/pledges/migrations/0017_closings_by_work_package.sql",
        "adding-serial-primary-key-field",
    ): "the table is empty",
    (
        "services/pledges/migrations/0017_closings_by_work_package.sql",
        "constraint-missing-not-valid",
    ): "the table is empty",
    (
        "services/pledges/migrations/0025_what_can_be_allocated.sql",
        "adding-required-field",
    ): "the version before must write none: see there",
    (
        "services/pledges/migrations/0025_what_can_be_allocated.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0026_earmarks_released.sql",
        "ban-drop-constraint",
    ): "a wider one takes its place in the same transaction",
    (
        "services/pledges/migrations/0026_earmarks_released.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/requests/migrations/0005_seen.sql",
        "ban-drop-function",
    ): "before the first release: no older code asks it",
    (
        "services/requests/migrations/0008_who_writes.sql",
        "ban-drop-constraint",
    ): "each is held by the key with the State as well",
    (
        "services/pledges/migrations/0007_pledges_to_requirements.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0007_pledges_to_requirements.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0007_pledges_to_requirements.sql",
        "adding-foreign-key-constraint",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0008_allocations_given_back.sql",
        "ban-drop-constraint",
    ): "older code gives back less, and reads what was given back as it always did",
    (
        "services/pledges/migrations/0009_postings_in_their_entry.sql",
        "renaming-table",
    ): "with the processes of pledges stopped, as the changes say",
    (
        "services/pledges/migrations/0009_postings_in_their_entry.sql",
        "ban-drop-table",
    ): "what it held its entries hold",
    (
        "services/pledges/migrations/0009_postings_in_their_entry.sql",
        "adding-not-nullable-field",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0009_postings_in_their_entry.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0009_postings_in_their_entry.sql",
        "ban-drop-constraint",
    ): "one stronger one has all of them in it",
    (
        "services/pledges/migrations/0009_postings_in_their_entry.sql",
        "ban-drop-function",
    ): "each has a stronger one in its place",
    (
        "services/pledges/migrations/0012_needs_stated_anew.sql",
        "adding-not-nullable-field",
    ): "a table of some rows",
    (
        "services/pledges/migrations/0012_needs_stated_anew.sql",
        "adding-serial-primary-key-field",
    ): "a table of some rows",
    (
        "services/pledges/migrations/0012_needs_stated_anew.sql",
        "constraint-missing-not-valid",
    ): "a table of some rows",
    (
        "services/pledges/migrations/0012_needs_stated_anew.sql",
        "ban-drop-constraint",
    ): "the key gets one more column in the same statement",
    (
        "services/pledges/migrations/0013_flows_of_activity_files.sql",
        "constraint-missing-not-valid",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0013_flows_of_activity_files.sql",
        "ban-drop-constraint",
    ): "each gets a wider one in the same statement",
    (
        "services/pledges/migrations/0013_flows_of_activity_files.sql",
        "adding-foreign-key-constraint",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0013_flows_of_activity_files.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
    (
        "services/pledges/migrations/0019_entries_by_value_date.sql",
        "require-concurrent-index-creation",
    ): "before the first release: there is little to read",
}
"""What squawk finds and is meant: file, rule and why."""

MIGRATION_TABLE = """
    CREATE TABLE migration (
        part text NOT NULL, number integer NOT NULL, name text NOT NULL, checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (part, number))
"""

FINDING = re.compile(r"^(\S+?):\d+:\d+: \w+: ([a-z-]+)", re.MULTILINE)


def squawk(*files: Path) -> subprocess.CompletedProcess[str]:
    command = ["squawk", "--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc", *map(str, files)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True)


def test_squawk_finds_nothing_in_the_migrations_but_what_is_meant() -> None:
    files = [*CHASSIS_MIGRATIONS.glob("*.sql"), *(f for s in SERVICES for f in (s.folder / "migrations").glob("*.sql"))]
    assert len(files) >= 1 + len(SERVICES)

    said = squawk(*files).stdout
    found = {(Path(file).relative_to(ROOT).as_posix(), rule) for file, rule in FINDING.findall(said)}

    assert found == MEANT.keys(), said


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
def test_squawk_bites(statement: str, rule: str, tmp_path: Path) -> None:
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


async def test_no_function_ties_a_table_down(database_url: str) -> None:
    found = await definitions(database_url)

    assert "requests.may_see(requests.request,text,text)" in found
    assert [] == [name for name, row in found.items() if row["parsed"] and row["of_a_table"]]


async def test_a_database_that_was_migrated_before_gets_the_same_functions(database_url: str) -> None:
    """As `entraide migrate` left it until it kept bodies as strings: each file carried out, and no more."""
    new = await definitions(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        for service in SERVICES:
            files = await connection.fetch(f"SELECT * FROM {service.name}.migration")
            await connection.execute(f"DROP SCHEMA {service.name} CASCADE; CREATE SCHEMA {service.name}")
            await connection.execute(f"SET search_path = {service.name}; SET entraide.role = 'owner'")
            for folder_ in (CHASSIS_MIGRATIONS, service.folder / "migrations"):
                for file in sorted(folder_.glob("*.sql")):
                    await connection.execute(file.read_text(encoding="utf-8"))
            await connection.execute(MIGRATION_TABLE)
            await connection.copy_records_to_table("migration", records=map(tuple, files))
    finally:
        await connection.close()
    before = await definitions(database_url)
    assert "requests.may_see(requests.request,text,text)" in {n for n, row in before.items() if row["parsed"]}

    for service in SERVICES:
        assert [] == await migrate(database_url, service.name, service.folder)

    assert new == await definitions(database_url)


# -- files that were corrected ----------------------------------------------------------------------------------------

CORRECTED = """    -- PostgreSQL 16 does not give a column another expression.
    DROP COLUMN book,
    ADD COLUMN book text NOT NULL GENERATED ALWAYS AS (CASE"""
BEFORE = "    ALTER COLUMN book SET EXPRESSION AS (CASE"
SCHEMA = """
    SELECT attrelid::regclass::text, attname, attnum::text, format_type(atttypid, atttypmod), attnotnull::text,
        pg_get_expr(adbin, adrelid)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
    WHERE relnamespace = 'pledges'::regnamespace AND attnum > 0
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype::text, NULL, NULL
    FROM pg_constraint WHERE connamespace = 'pledges'::regnamespace
    UNION ALL
    SELECT tablename, indexname, indexdef, NULL, NULL, NULL FROM pg_indexes WHERE schemaname = 'pledges'
    UNION ALL
    SELECT tablename, policyname, qual, with_check, roles::text, cmd FROM pg_policies WHERE schemaname = 'pledges'
    UNION ALL
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(pg_trigger.oid), NULL, NULL, NULL
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'pledges'::regnamespace AND NOT tgisinternal
"""


async def schema_of_pledges(url: str) -> tuple[set[tuple[str, ...]], dict[str, asyncpg.Record]]:
    connection = await asyncpg.connect(url)
    try:
        return {tuple(row) for row in await connection.fetch(SCHEMA)}, await definitions(url)
    finally:
        await connection.close()


async def drop_schema(url: str, service: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP SCHEMA {service} CASCADE")
    await connection.close()


async def test_a_database_that_applied_a_file_before_it_was_corrected_has_the_same_schema(
    database_url: str, tmp_path: Path
) -> None:
    new = await schema_of_pledges(database_url)
    await drop_schema(database_url, "pledges")
    pledges = next(service for service in SERVICES if service.name == "pledges")
    shutil.copytree(pledges.folder / "migrations", tmp_path / "migrations")
    (file,) = (tmp_path / "migrations").glob("0003_*.sql")
    corrected = file.read_text(encoding="utf-8")
    assert CORRECTED in corrected
    (supersedes,) = re.findall(r"^-- supersedes: (\w+)\n", corrected, re.M)
    before = re.sub(r"^-- supersedes: .+\n", "", corrected, flags=re.M).replace(CORRECTED, BEFORE)
    file.write_text(before.replace("ELSE 'paid' END) STORED;", "ELSE 'paid' END);"), encoding="utf-8")
    assert supersedes == sha256(file.read_bytes()).hexdigest()

    assert await migrate(database_url, "pledges", tmp_path)

    assert [] == await migrate(database_url, "pledges", pledges.folder)
    assert new == await schema_of_pledges(database_url)


async def test_a_changed_file_is_refused_unless_it_supersedes_what_was_applied(
    database_url: str, tmp_path: Path
) -> None:
    await drop_schema(database_url, "requests")
    (tmp_path / "migrations").mkdir()
    file = tmp_path / "migrations" / "0001_thing.sql"
    file.write_text("CREATE TABLE thing (a integer);\n")
    applied = sha256(file.read_bytes()).hexdigest()
    await migrate(database_url, "requests", tmp_path)

    file.write_text("CREATE TABLE thing (b integer);\n")
    with pytest.raises(MigrationError, match="0001 thing was changed after it had been applied"):
        await migrate(database_url, "requests", tmp_path)

    file.write_text(f"-- supersedes: {applied}\nCREATE TABLE thing (b integer);\n")
    assert [] == await migrate(database_url, "requests", tmp_path)
