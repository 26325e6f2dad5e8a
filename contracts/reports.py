"""Facts of the reports service about yearly reports: of all requests to the Conference, or of a State.

The figures and texts of a report are stored separately; facts have their hashes.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code, Language, State

FIRST_YEAR, LAST_YEAR = 2022, 2100

Year = Annotated[int, Meta(ge=FIRST_YEAR, le=LAST_YEAR)]
Number = Annotated[int, Meta(ge=1)]


class _ReportFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a report. `state` is None for the report to the Conference."""

    report_id: UUID
    year: Year
    number: Number
    state: State | None = None


class ReportDrafted(_ReportFact, frozen=True, kw_only=True, tag="reports.report.drafted.v1"):
    """A report of a year was drafted from the figures as of a day; `number` counts reports of this State and year."""

    as_of: date
    figures_hash: str
    drafted_at: datetime


class ReportRevised(_ReportFact, frozen=True, kw_only=True, tag="reports.report.revised.v1"):
    """A text of a draft was written, replaced or removed (without `texts_hash`), or its figures were recomputed.

    A text is in one `language` of a `block`: the introduction or a paragraph of the resolution. `source_language` is
    the language in which that block was first written, `source_hash` the hash of the text that was translated.
    """

    revised_at: datetime
    block: Code | None = None
    language: Language | None = None
    source_language: Language | None = None
    source_hash: str | None = None
    texts_hash: str | None = None
    as_of: date | None = None
    figures_hash: str | None = None


class ReportIssued(_ReportFact, frozen=True, kw_only=True, tag="reports.report.issued.v1"):
    """The report was issued; its figures and texts do not change any more."""

    as_of: date
    figures_hash: str
    issued_at: datetime


class ReportSuperseded(_ReportFact, frozen=True, kw_only=True, tag="reports.report.superseded.v1"):
    """A later version was issued; this one can still be read."""

    superseded_by: UUID
    superseded_at: datetime


FACTS: tuple[type[Fact], ...] = (ReportDrafted, ReportRevised, ReportIssued, ReportSuperseded)
