"""Values of example fields of figures and yearly reports; see `sample_answers` and `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FICTITIOUS = "[Fictitious sample]"
_REPORT_FACTS = ("ReportDrafted", "ReportRevised", "ReportIssued", "ReportSuperseded")
FIGURES_HASH = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
_NUMBER = {"in_year": 25, "to_date": 40}
_SUPPRESSED = {"in_year": None, "to_date": 10}
FIGURES = {
    "as_of": "2026-12-31",
    "totals": {"requests": {"in_year": 45, "to_date": 80}, "received": {"in_year": 120000000, "to_date": 340000000}},
    "paragraphs": [
        {"paragraph": "I.k", "numbers": {"requests": _NUMBER, "completed": _SUPPRESSED}},
        {"paragraph": "II.d", "numbers": {"requests": _SUPPRESSED, "completed": _SUPPRESSED}},
    ],
    "years": [
        {"year": 2025, "numbers": {"requests": 35, "offerings": 20, "deliveries": 10}},
        {"year": 2026, "numbers": {"requests": 45, "offerings": 30, "deliveries": 25}},
    ],
    "freshness": [{"owner": "requests", "newest": "2026-12-31T16:20:11Z"}],
}
TEXT = f"{FICTITIOUS} Most requests were for training on mutual legal assistance."

REPORTS: Mapping[str, Any] = MappingProxyType(
    {
        **{
            f"{kind}.{name}": value
            for kind in _REPORT_FACTS
            for name, value in (("state", None), ("year", 2026), ("number", 1))
        },
        **{f"{kind}.as_of": "2026-12-31" for kind in ("ReportDrafted", "ReportIssued", "DraftReport", "RefreshReport")},
        "DraftReport.year": 2026,
        "ReportRevised.block": "I.k",
        "ReportRevised.language": "en",
        "ReportRevised.source_language": "en",
        "ReportRevised.as_of": None,
        "ReportRevised.figures_hash": None,
        "WriteReportText.text": TEXT,
        "figures_hash": FIGURES_HASH,
        "superseded_by": "5f0c1d2e-3b4a-5968-8776-a5b4c3d2e1f0",
        "report_id": "9a8b7c6d-5e4f-5a3b-8c2d-1e0f9a8b7c6d",
    }
)
"""Values of reports, in facts and bodies."""

REPORT_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        "DatasetList.licence": "https://creativecommons.org/licenses/by/4.0/",
        "DatasetView.name": "requests",
        "DatasetView.titles": {"en": "Published summaries of requests for assistance"},
        "DatasetView.descriptions": {"en": "What States approved for publication of their requests."},
        "DatasetView.frequency": "continuous",
        "DatasetView.issue": None,
        "DatasetView.files": [
            {
                "format": "csv",
                "path": "/v1/public/requests.csv",
                "size_bytes": 20480,
                "sha256": FIGURES_HASH,
                "modified": "2026-12-31T16:20:11Z",
            }
        ],
        "DatasetView.modified": "2026-12-31T16:20:11Z",
        "DatasetColumn.name": "state",
        "DatasetColumn.datatype": "string",
        "DatasetColumn.labels": {"en": "The State, as an ISO 3166-1 alpha-3 code"},
        "FigureView.figure": "lines",
        "FigureView.by": "paragraph",
        "FigureView.codes": ["status", "state", "region", "kind", "topic", "paragraph", "month"],
        "FigureView.counts": "records",
        "FigureView.coverage": "public",
        "FigureView.state": None,
        "FigureView.limited_to": None,
        "FigureView.as_of": "2026-12-31",
        "FigureView.exact": False,
        "FigureView.withheld": False,
        "FigureView.complete": True,
        "FigureView.total": 45,
        "FigureView.cells": [
            {"value": "I.i", "number": 25, "suppressed": False, "median_days": None},
            {"value": "I.k", "number": 15, "suppressed": False, "median_days": None},
            {"value": "II.d", "number": None, "suppressed": True, "median_days": None},
            {"value": "II.g", "number": None, "suppressed": True, "median_days": None},
        ],
        "FigureView.freshness": [
            {"owner": "requests", "newest": "2026-12-31T16:20:11Z", "read_at": "2026-12-31T16:21:00Z"}
        ],
        **{
            f"{view}.{name}": value
            for view in ("ReportView", "ReportSummary")
            for name, value in (
                ("state", None),
                ("year", 2026),
                ("number", 1),
                ("as_of", "2026-12-31"),
                ("status", "issued"),
                ("superseded_at", None),
                ("superseded_by", None),
                ("moves", []),
            )
        },
        "ReportView.figures": FIGURES,
        "ReportView.texts": [{"block": "I.k", "language": "en", "source_language": "en", "stale": False, "text": TEXT}],
    }
)
