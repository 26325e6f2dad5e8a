"""Migrations as a tool for them reads them: what it warns of is meant, and why."""

import re
import subprocess
from pathlib import Path

import pytest

from chassis.migrate import CHASSIS_MIGRATIONS
from services.__main__ import SERVICES
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
