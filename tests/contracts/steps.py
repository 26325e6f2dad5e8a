"""Reference data stored beside the project, for comparison; and validation by JSON Schema."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"
SCRIPTS = {"ar": r"[\u0600-\u06FF]", "ru": r"[\u0400-\u04FF]", "zh": r"[\u4E00-\u9FFF]"}


def shared_rows(path: str) -> list[dict[str, str]]:
    if not SHARED.is_dir():
        pytest.skip(f"no reference data to compare with beside the project ({path})")
    with (SHARED / path).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def schema_validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for many values (Draft 2020-12, with formats). Raises ValueError for an invalid schema."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def schema_faults(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """Validate one value against a schema of thousands of parts; return the error messages.

    Only the parts that the value needs are read; a compiled validator would read each. jsonschema takes seconds to
    import, so it is imported here.
    """
    from jsonschema import Draft202012Validator

    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]
