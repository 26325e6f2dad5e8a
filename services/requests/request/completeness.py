"""The fields that a draft still needs to be submitted, and the order of its complete and incomplete lines."""

from collections.abc import Sequence

from contracts.reference import kinds
from contracts.refusals import FieldError, Invalid
from contracts.requests import DraftLine, Line
from services.requests.request.values import CirculationRule

REQUIRED = ("kind", "institution", "group_size", "languages", "modality", "window")
"""The fields of a line without which a request is not submitted."""


def in_order(lines: Sequence[Line], incomplete: Sequence[DraftLine]) -> tuple[Line | DraftLine, ...]:
    """Return all lines of a request: the incomplete ones at their positions, the others in between."""
    if not incomplete:
        return tuple(lines)
    at, others = {line.position: line for line in incomplete}, iter(lines)
    return tuple(at[n] if n in at else next(others) for n in range(1, len(lines) + len(incomplete) + 1))


def missing_fields(lines: Sequence[Line | DraftLine], title: str | None = None) -> list[FieldError]:
    """Return the fields that a request still needs to be submitted. The title is checked only if given."""
    places = [] if title is None or title.strip() else ["title"]
    if not lines:
        places.append("lines")
    for number, line in enumerate(lines):
        places += [f"lines[{number}].{name}" for name in REQUIRED if not getattr(line, name)]
    return [FieldError(field=place, problem="missing-field") for place in places]


def check_complete(lines: Sequence[Line | DraftLine], rule: CirculationRule, title: str | None = None) -> None:
    """Raise Invalid, with all missing fields, if the request cannot be submitted."""
    if errors := missing_fields(lines, title):
        raise Invalid("request-incomplete", errors=errors)
    if rule is CirculationRule.SILENCE and is_restricted(lines):
        raise Invalid("silence-not-for-restricted")


def is_restricted(lines: Sequence[Line | DraftLine]) -> bool:
    """Check whether a line is of a kind whose disclosure may put a person at risk (II.d)."""
    return any(kinds()[kind].restricted for line in lines if (kind := line.kind) and kind in kinds())
