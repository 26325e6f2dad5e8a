"""Queries on the issue of figures, and on the files of open data as they were last seen."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from chassis.db.database import Tx
from contracts.reference.open_data import DataFormat
from services.reports.open_data.files import OpenFile
from services.reports.open_data.issues import Issue, IssuedNumber

_ROWS = msgspec.json.Decoder(tuple[IssuedNumber, ...])
_DIGESTS = msgspec.json.Decoder(dict[str, dict[str, str]])


async def newest_month(tx: Tx) -> date | None:
    found: date | None = await tx.fetchval("SELECT max(month) FROM figure_issue")
    return found


async def newest(tx: Tx) -> Issue | None:
    row = await tx.fetchrow("SELECT month, issued_at, rows, digests FROM figure_issue ORDER BY month DESC LIMIT 1")
    if row is None:
        return None
    rows, digests = _ROWS.decode(row["rows"]), _DIGESTS.decode(row["digests"])
    return Issue(month=row["month"], issued_at=row["issued_at"], rows=rows, digests=digests)


async def save_issue(tx: Tx, issue: Issue) -> None:
    """Save an issue in place of earlier months; the first issue of a month is kept."""
    await tx.execute(
        """
        INSERT INTO figure_issue (month, issued_at, rows, digests) VALUES ($1, $2, $3, $4)
        ON CONFLICT (month) DO NOTHING
        """,
        issue.month,
        issue.issued_at,
        msgspec.json.encode(issue.rows).decode(),
        msgspec.json.encode(issue.digests).decode(),
    )
    await tx.execute("DELETE FROM figure_issue WHERE month < $1", issue.month)


async def files(tx: Tx) -> Mapping[tuple[str, str], OpenFile]:
    """Return the files by dataset and format."""
    rows = await tx.fetch("SELECT dataset, format, sha256, size_bytes, modified FROM open_file")
    return {(row["dataset"], row["format"]): msgspec.convert(dict(row), OpenFile) for row in rows}


async def claim(
    tx: Tx, files: Iterable[tuple[str, DataFormat]], *, now: datetime, before: datetime
) -> Sequence[OpenFile]:
    """Claim the files that no process has looked at since `before`, given by dataset and format; return them."""
    datasets, formats = zip(*files, strict=True)
    rows = await tx.fetch(
        """
        INSERT INTO open_file AS f (dataset, format, looked_at)
        SELECT dataset, format, $3 FROM unnest($1::text[], $2::text[]) AS file(dataset, format)
        ON CONFLICT (dataset, format) DO UPDATE SET looked_at = excluded.looked_at WHERE f.looked_at < $4
        RETURNING dataset, format, sha256, size_bytes, modified
        """,
        datasets,
        formats,
        now,
        before,
    )
    return [msgspec.convert(dict(row), OpenFile) for row in rows]


async def save_file(tx: Tx, file: OpenFile) -> None:
    await tx.execute(
        """
        UPDATE open_file SET sha256 = $3, size_bytes = $4, modified = $5
        WHERE dataset = $1 AND format = $2
        """,
        file.dataset,
        file.format,
        file.sha256,
        file.size_bytes,
        file.modified,
    )
