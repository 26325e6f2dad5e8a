"""What was done to the audit behind the back of those who write it: each edit, deletion, insertion, reordering.

Everything is computed again from the first row and compared with the seals, the checkpoints, and the journal that the
changes are told by. It reads in one snapshot, page by page, while others write.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from asyncpg import Record

from chassis.checkpoint import Checkpoint, file_of, known_keys, lines, read_signed, size_of
from chassis.db import Database, Tx
from chassis.sealing import canonical, first_link, linked
from chassis.settings import Settings

PAGE = 2000
SCANNED = 20_000
FINDINGS_MAX = 1000
PLACE_MIN, PLACE_MAX = -(2**63), 2**63 - 1
"""What a place can be in a column; where one was given by the sequence it is 1 or more."""
COMPARED_MAX = 100
"""So many rows that do not fit are tried in one another's place."""

UNWITNESSED_SECONDS_MAX = 3600
Say = Callable[[int, int], None]


class Kind(StrEnum):
    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    UNWITNESSED = "unwitnessed"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was done; `position` is the row's in `audit`, `height` its link's in the chain, where there is one."""

    kind: Kind
    says: str
    position: int | None = None
    height: int | None = None


class Report(msgspec.Struct, kw_only=True):
    """`sealed` rows were compared; `unsealed` ones are too young to be. Past FINDINGS_MAX findings are only counted."""

    service: str
    sealed: int = 0
    unsealed: int = 0
    erased: int = 0
    checkpoints: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)
    more: int = 0

    def add(self, kind: Kind, says: str, *, position: int | None = None, height: int | None = None) -> None:
        if len(self.findings) == FINDINGS_MAX:
            self.more += 1
        else:
            self.findings.append(Finding(kind=kind, says=says, position=position, height=height))


class Misfit(msgspec.Struct, frozen=True, kw_only=True):
    """A row that does not lead from the link before it to its own."""

    row: dict[str, Any]
    height: int
    before: bytes
    link: bytes

    def would_fit(self, row: dict[str, Any]) -> bool:
        """True where that row once stood in this one's place, with its own position or this one's."""
        here = row | {"position": self.row["position"]}
        return any(linked(self.before, canonical(one)) == self.link for one in (row, here))


async def find_tampering(
    db: Database, service: str, settings: Settings, *, say: Say = lambda _done, _all: None
) -> Report:
    """Everything that is not as it was written. Raises SettingsError where the keys of checkpoints cannot be read.

    `say` is told how many links are done, of how many.
    """
    report = Report(service=service)
    # Before the snapshot: what is signed by now is in it.
    size = size_of(file_of(settings, service))
    async with db.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        last = await tx.fetchrow("SELECT height, sealed_at FROM seal ORDER BY height DESC LIMIT 1")
        height = last["height"] if last else 0
        await _chain(tx, report, height, say)
        await _unchained(tx, report)
        await _untold(tx, report)
        witnessed = await _checkpoints(tx, report, settings, size, height)
        await _unwitnessed(tx, report, witnessed, last["sealed_at"] if last else None)
    return report


# -- the chain, from its first link -----------------------------------------------------------------------------------

_LINKS = """
    SELECT seal.height, seal.hash, seal.written_by::text AS sealed_by, seal.position AS sealed_position,
        audit.position, audit.recorded_at, audit.action, audit.aggregate, audit.aggregate_id, audit.version,
        audit.person_id, audit.organization, audit.role, audit.correlation, audit.origin, audit.salt, audit.old,
        audit.new, audit.written_by = seal.written_by AS in_place, origin.position IS NOT NULL AS has_address,
        sha256(origin.salt || convert_to(origin.address, 'UTF8')) AS address_hash,
        journal.event_id, sha256(audit.salt || convert_to(journal.event::text, 'UTF8')) AS event_hash
    FROM (SELECT * FROM seal WHERE height > $1 ORDER BY height LIMIT $2) AS seal
    LEFT JOIN audit ON audit.position = seal.position
    LEFT JOIN audit_origin AS origin ON origin.position = audit.position
    LEFT JOIN journal ON audit.new IS NOT NULL AND journal.aggregate_id = audit.aggregate_id
        AND journal.version = audit.version
    ORDER BY seal.height
"""


class Chain:
    """Goes from link to link; after one that does not fit it goes on from what was sealed."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._link: bytes | None = first_link(report.service)
        self._place = (0, 0)
        self._misfits: list[Misfit] = []
        self._disordered: set[int] = set()
        self.height = 0

    def follow(self, row: Record) -> None:
        """Take the next link."""
        height, position = row["height"], row["sealed_position"]
        if height != self.height + 1:
            self._report.add(
                Kind.DELETED, f"the links from {self.height + 1} to {height - 1} are gone", height=self.height + 1
            )
            self._link = None
        place = (int(row["sealed_by"]), position)
        # After a restore all that had been sealed is written by 0.
        if place <= self._place and place[0]:
            self._disordered.add(height)
        if row["position"] is None:
            self._report.add(Kind.DELETED, "the row is gone", position=position, height=height)
        elif self._link is not None and linked(self._link, canonical(row)) != row["hash"]:
            self._misfits.append(Misfit(row=dict(row), height=height, before=self._link, link=row["hash"]))
            if len(self._misfits) > COMPARED_MAX:
                self._name(self._misfits.pop(0))
        else:
            self._compare(row)
        self.height, self._link, self._place = height, row["hash"], place

    def _compare(self, row: Record) -> None:
        """What the row names by hash, where it is still there."""
        where = {"position": row["position"], "height": row["height"]}
        if not row["in_place"]:
            self._disordered.add(row["height"])
        if row["has_address"] and row["address_hash"] != row["origin"]:
            self._report.add(Kind.EDITED, "the address is not the one that was sealed", **where)
        self._report.erased += row["origin"] is not None and not row["has_address"]
        if row["new"] is not None and row["event_id"] is None:
            self._report.add(Kind.DELETED, "the fact that tells of this change is gone from the journal", **where)
        elif row["new"] is not None and row["event_hash"] != row["new"]:
            self._report.add(Kind.EDITED, "the fact in the journal is not the one that was sealed", **where)

    def end(self) -> None:
        """Name what does not fit, now that all of it is known."""
        for misfit in self._misfits:
            self._name(misfit)
        named = {finding.height for finding in self._report.findings}
        for height in sorted(self._disordered):
            if height not in named and height - 1 not in named:
                self._report.add(
                    Kind.REORDERED, "the link is not in the order in which rows were written", height=height
                )

    def _name(self, misfit: Misfit) -> None:
        moved = {misfit.height, misfit.height + 1} & self._disordered
        swapped = any(other is not misfit and misfit.would_fit(other.row) for other in self._misfits)
        kind, says = (
            (Kind.REORDERED, "the row stands where another one was sealed")
            if moved or swapped
            else (Kind.EDITED, "the row is not the one that was sealed")
        )
        self._report.add(kind, says, position=misfit.row["position"], height=misfit.height)


async def _chain(tx: Tx, report: Report, height: int, say: Say) -> None:
    chain = Chain(report)
    while rows := await tx.fetch(_LINKS, chain.height, PAGE):
        for row in rows:
            chain.follow(row)
        report.sealed += len(rows)
        say(chain.height, height)
    chain.end()


# -- what no link leads to --------------------------------------------------------------------------------------------


async def _unchained(tx: Tx, report: Report) -> None:
    """Rows that no seal covers: young ones after the last that is sealed, inserted ones before it.

    And rows, sealed or not, at a place that was never given, or by a transaction that there has not been.
    """
    # After the snapshot: a row that is in it has its place from the sequence.
    given = await tx.fetchval("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit', 'position')), 0)")
    start = PLACE_MIN
    while True:
        row = await tx.fetchrow(
            """
            WITH scanned AS (
                SELECT position, written_by FROM audit WHERE position >= $1 ORDER BY position LIMIT $2
            ), judged AS (
                SELECT position,
                    position BETWEEN 1 AND $3 AND written_by < pg_snapshot_xmax(pg_current_snapshot()) AS given,
                    EXISTS (SELECT FROM seal WHERE seal.position = scanned.position) AS sealed,
                    (written_by, position) > coalesce(
                        (SELECT (written_by, position) FROM seal ORDER BY height DESC LIMIT 1), ('0'::xid8, 0::bigint)
                    ) AS young
                FROM scanned
            )
            SELECT max(position) AS position, count(*) FILTER (WHERE given AND young AND NOT sealed) AS young,
                array_agg(position ORDER BY position) FILTER (WHERE given AND NOT young AND NOT sealed) AS inserted,
                array_agg(position ORDER BY position) FILTER (WHERE NOT given) AS elsewhere
            FROM judged
            """,
            start,
            SCANNED,
            given,
        )
        assert row is not None, "an aggregate has a row"
        report.unsealed += row["young"]
        for inserted in row["inserted"] or []:
            report.add(Kind.INSERTED, "the row was not there when those after it were sealed", position=inserted)
        for inserted in row["elsewhere"] or []:
            report.add(Kind.INSERTED, "no transaction of the service was given this place", position=inserted)
        if row["position"] is None or row["position"] == PLACE_MAX:
            return
        start = row["position"] + 1


async def _untold(tx: Tx, report: Report) -> None:
    """Facts of the journal that no row of the audit tells of."""
    place: tuple[str, int] | None = ("0", PLACE_MIN)
    while place is not None:
        rows = await tx.fetch(
            """
            WITH scanned AS (
                SELECT written_by, position, type, aggregate_id, version FROM journal
                WHERE (written_by, position) > ($1::text::xid8, $2) ORDER BY written_by, position LIMIT $3
            )
            (SELECT 'last' AS type, written_by::text AS written_by, position, aggregate_id, version
                FROM scanned ORDER BY scanned.written_by DESC, scanned.position DESC LIMIT 1)
            UNION ALL
            SELECT type, written_by::text, position, aggregate_id, version FROM scanned WHERE NOT EXISTS (
                SELECT FROM audit WHERE audit.aggregate_id = scanned.aggregate_id AND audit.version = scanned.version
                    AND audit.new IS NOT NULL)
            """,
            *place,
            SCANNED,
        )
        for row in rows[1:]:
            what = f"version {row['version']} of {row['aggregate_id']}"
            report.add(Kind.INSERTED, f"the journal has {what}, which no row of the audit tells of")
        place = (rows[0]["written_by"], rows[0]["position"]) if rows else None


# -- the second place -------------------------------------------------------------------------------------------------


async def _checkpoints(tx: Tx, report: Report, settings: Settings, size: int, height: int) -> int:
    """Compare with what was signed; the height up to which it was."""
    keys, path = known_keys(settings, report.service), file_of(settings, report.service)
    agreed = witnessed = unsigned = 0
    contradicted = False
    for number, line in lines(path, size):
        checkpoint = read_signed(line, keys, Checkpoint)
        if checkpoint is None or checkpoint.service != report.service:
            unsigned += 1
            if unsigned == 1:
                report.add(Kind.EDITED, f"line {number} of {path.name} is no checkpoint that a known key has signed")
            continue
        report.checkpoints += 1
        if checkpoint.height > height:
            if witnessed <= height:
                report.add(
                    Kind.TRUNCATED,
                    f"the chain ends at {height}, and the checkpoint of {checkpoint.at.isoformat()} goes on",
                    height=height + 1,
                )
        elif not contradicted:
            hashed = await tx.fetchval("SELECT hash FROM seal WHERE height = $1", checkpoint.height)
            if hashed is not None and hashed.hex() == checkpoint.hash:
                agreed = checkpoint.height
            elif hashed is not None:
                contradicted = True
                report.add(
                    Kind.REWRITTEN,
                    f"between the links {agreed} and {checkpoint.height}: the checkpoint of "
                    f"{checkpoint.at.isoformat()} has another hash",
                    height=checkpoint.height,
                )
        witnessed = max(witnessed, checkpoint.height)
    return witnessed


async def _unwitnessed(tx: Tx, report: Report, witnessed: int, ended_at: datetime | None) -> None:
    """Checkpoints that are gone, or were no longer written."""
    height = await tx.fetchval(
        "SELECT max(height) FROM seal WHERE height > $1 AND sealed_at < $2::timestamptz - $3 * interval '1 second'",
        witnessed,
        ended_at,
        UNWITNESSED_SECONDS_MAX,
    )
    if height is not None:
        says = f"no checkpoint covers the links after {witnessed}, though the chain went on for more than an hour"
        report.add(Kind.UNWITNESSED, says, height=witnessed + 1)
