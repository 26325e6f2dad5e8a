"""Find tampering with the audit log: the first wrong row of each table.

All rows are compared with seals, checkpoints and journal, in one snapshot, page by page, while other processes write.
"""

from collections.abc import Callable

import msgspec

from chassis.audit.checkpoint import Checkpoint, file_of, known_keys, lines, read_signed, size_of
from chassis.audit.sealing import canonical, first_hash, next_hash, unsealed
from chassis.db.database import Database, Tx
from chassis.settings import Settings

PAGE = 2000
UNSIGNED_SECONDS_MAX = 3600


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The first wrong row of a table; `position` is the height of a seal, or the line of a checkpoint."""

    table: str
    position: int
    what: str


class Report(msgspec.Struct, kw_only=True):
    """The result of a verification: `sealed` rows were verified; `unsealed` rows are too new."""

    service: str
    sealed: int = 0
    unsealed: int = 0
    checkpoints: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)

    def add(self, table: str, position: int, what: str) -> None:
        """Keep the finding unless the table has one at a lower position."""
        first = {finding.table: finding for finding in self.findings}
        if table not in first or position < first[table].position:
            first[table] = Finding(table=table, position=position, what=what)
            self.findings = list(first.values())


async def find_tampering(
    db: Database, service: str, settings: Settings, *, say: Callable[[int, int], None] = lambda _done, _all: None
) -> Report:
    """Verify the audit log of a service; `say` reports progress: links verified, and all links.

    Raises SettingsError if the keys of checkpoints cannot be read.
    """
    report = Report(service=service)
    # Read before the snapshot, which therefore contains everything signed until now.
    size = size_of(file_of(settings, service))
    async with db.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        [(lowest, height)] = await tx.fetch("SELECT coalesce(min(height), 1), coalesce(max(height), 0) FROM seal")
        if lowest < 1:
            report.add("seal", lowest, "the link precedes link 1, the first of the chain")
        report.unsealed = await unsealed(tx)
        await _chain(tx, report, height, say)
        await _rows(tx, report)
        await _checkpoints(tx, report, settings, size, height)
    return report


async def _chain(tx: Tx, report: Report, height: int, say: Callable[[int, int], None]) -> None:
    """Verify the links from the first one; after a mismatch, continue from the stored hash."""
    done, link, place = 0, first_hash(report.service), (0, 0)
    query = """
        SELECT seal.height, seal.hash, seal.written_by::text AS sealed_by, seal.position AS sealed_position,
            audit.position, audit.recorded_at, audit.action, audit.aggregate, audit.aggregate_id, audit.version,
            audit.person_id, audit.organization, audit.role, audit.correlation, audit.origin, audit.salt, audit.old,
            audit.new
        FROM (SELECT * FROM seal WHERE height > $1 ORDER BY height LIMIT $2) AS seal
        LEFT JOIN audit ON audit.position = seal.position ORDER BY seal.height
    """
    while rows := await tx.fetch(query, done, PAGE):
        for row in rows:
            number, here = row["height"], (int(row["sealed_by"]), row["sealed_position"])
            if number != done + 1:
                report.add("seal", done + 1, f"the link is missing; link {number} comes next")
            elif row["position"] is None or next_hash(link, canonical(row)) != row["hash"]:
                found = "is missing" if row["position"] is None else "has another content"
                report.add("audit", here[1], f"the row that link {number} seals {found}")
            # After a restore all sealed rows have written_by 0.
            elif here <= place and here[0]:
                report.add("seal", number, f"the link seals row {here[1]}, which was written before row {place[1]}")
            else:
                place = here
            done, link = number, row["hash"]
        report.sealed += len(rows)
        say(done, height)


_ROWS = {
    # The sequence is read after the snapshot was taken, so it covers every row of the snapshot.
    "audit": """
        DECLARE looked_at CURSOR FOR SELECT position, CASE
            WHEN position NOT BETWEEN 1 AND
                coalesce((SELECT pg_sequence_last_value(pg_get_serial_sequence('audit', 'position'))), 0)
                OR written_by >= pg_snapshot_xmax(pg_current_snapshot())
                THEN 'no transaction of the service was given this position'
            WHEN (written_by, position) <= (SELECT written_by, position FROM seal ORDER BY height DESC LIMIT 1)
                AND NOT EXISTS (SELECT FROM seal WHERE seal.position = audit.position)
                THEN 'no link seals the row, though rows that were written later are sealed'
            WHEN EXISTS (SELECT FROM seal WHERE seal.position = audit.position AND seal.written_by <> audit.written_by)
                THEN 'the row is of another transaction than its link says'
            WHEN new IS NOT NULL AND NOT EXISTS (SELECT FROM journal
                WHERE journal.aggregate_id = audit.aggregate_id AND journal.version = audit.version)
                THEN format('the row names version %s of %s, which the journal lacks', version, aggregate_id)
        END AS what FROM audit
    """,
    "audit_origin": """
        DECLARE looked_at CURSOR FOR SELECT position, CASE
            WHEN EXISTS (SELECT FROM audit WHERE audit.position = audit_origin.position
                AND origin IS DISTINCT FROM sha256(audit_origin.salt || convert_to(address, 'UTF8')))
                THEN 'the row of the audit has the hash of another address'
        END AS what FROM audit_origin
    """,
    "journal": """
        DECLARE looked_at CURSOR FOR SELECT position, CASE
            WHEN (SELECT bool_and(new = sha256(salt || convert_to(event::text, 'UTF8'))) FROM audit
                WHERE aggregate_id = journal.aggregate_id AND version = journal.version AND new IS NOT NULL) IS NOT TRUE
                THEN format('no row of the audit has the hash of this version %s of %s', version, aggregate_id)
        END AS what FROM journal
    """,
}


async def _rows(tx: Tx, report: Report) -> None:
    """Compare each row with the rows it refers to and that refer to it, sealed or not."""
    for table, query in _ROWS.items():
        await tx.execute(query)
        while rows := await tx.fetch(f"FETCH {PAGE} FROM looked_at"):
            for row in rows:
                if row["what"]:
                    report.add(table, row["position"], row["what"])
        await tx.execute("CLOSE looked_at")


async def _checkpoints(tx: Tx, report: Report, settings: Settings, size: int, height: int) -> None:
    """Compare the chain of `height` links with its checkpoints; old links must be covered by one."""
    keys, path = known_keys(settings, report.service), file_of(settings, report.service)
    agreed = signed = 0
    for number, line in lines(path, size):
        checkpoint = read_signed(line, keys, Checkpoint)
        if checkpoint is None or checkpoint.service != report.service:
            report.add("checkpoint", number, f"no known key has signed the line as a checkpoint of {report.service}")
            continue
        report.checkpoints += 1
        signed = max(signed, checkpoint.height)
        sealed = await tx.fetchval("SELECT hash FROM seal WHERE height = $1", checkpoint.height)
        if sealed is not None and sealed.hex() == checkpoint.hash:
            agreed = checkpoint.height
        else:
            found = "is missing" if sealed is None else "has another hash"
            what = f"link {checkpoint.height} {found}, by the checkpoint of {checkpoint.at.isoformat()}"
            report.add("seal", min(checkpoint.height, height + 1), f"{what}; checkpoints agree up to link {agreed}")
    query = """
        SELECT EXISTS (SELECT FROM seal WHERE height > $1 AND sealed_at <
            (SELECT sealed_at FROM seal ORDER BY height DESC LIMIT 1) - $2 * interval '1 second')
    """
    if await tx.fetchval(query, signed, UNSIGNED_SECONDS_MAX):
        report.add("seal", signed + 1, "no checkpoint covers the link, though the chain went on for more than an hour")
