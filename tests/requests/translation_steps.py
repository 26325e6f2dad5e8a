"""Steps of tests of translations and of public summaries."""

from collections.abc import Mapping
from typing import Any

from tests.builders import headers
from tests.requests.steps import COORDINATOR, Client

ARABIC_TITLE = "مثال وهمي: تدريب على المساعدة القانونية المتبادلة"


def translation_of(request: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a translation of all texts of the request, as a body of the API."""
    line = {
        "line_id": request["lines"][0]["line_id"],
        "institution_name": "Traduction-name",
        "outcome": "Traduction-outcome",
        "in_place": "Traduction-place",
        "markers_justification": "Traduction-markers",
    }
    return {
        "language": "fr",
        "source_revision": request["revision"],
        "title": "Traduction-title",
        "need": "Traduction-need",
        "lines": [line],
    } | changes


def path_of(request: Mapping[str, Any], language: str = "") -> str:
    return f"/v1/requests/{request['request_id']}/translations" + (f"/{language}" if language else "")


async def translated(api: Client, request: Mapping[str, Any], by: str = COORDINATOR, **changes: Any) -> dict[str, Any]:
    answer = await api.post(path_of(request), json=translation_of(request, **changes), headers=headers(by))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
