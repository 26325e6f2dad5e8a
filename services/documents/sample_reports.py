"""Values of example fields of figures; see `sample_answers`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

REPORT_ANSWERS: Mapping[str, Any] = MappingProxyType(
    {
        "FigureView.figure": "lines",
        "FigureView.by": "paragraph",
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
    }
)
