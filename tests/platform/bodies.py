"""Arguments for calls of the API: bodies, queries and files; and the names of ids in lists."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from services.documents.stored_examples import CONTRACTS
from services.pledges.money.rates_csv import EXAMPLE
from tests.clocks import TODAY
from tests.files import FLOWS, PDF
from tests.personas import persona_id

LISTS = {
    "/v1/requests": "request_id",
    "/v1/offerings": "offering_id",
    "/v1/matches": "match_id",
    "/v1/joint-deliveries": "joint_delivery_id",
    "/v1/deliveries": "delivery_id",
    "/v1/experts": "expert_id",
    "/v1/effects": "effect_id",
    "/v1/strategies": "strategy_id",
    "/v1/legislation": "legislation_id",
    "/v1/reports": "report_id",
    "/v1/contributions": "contribution_id",
    "/v1/contribution-exports": "contribution_export_id",
    "/v1/extensions": "extension_id",
    "/v1/outreach-activities": "outreach_activity_id",
    "/v1/review-progress": "review_progress_id",
    "/v1/meetings": "meeting_id",
    "/v1/legislation/checks": "legislation_check_id",
    "/v1/legislation/proposals": "legislation_proposal_id",
    "/v1/practices": "practice_id",
    "/v1/packages": "package_id",
    "/v1/rounds": "round_id",
    "/v1/pledges": "pledge_id",
    "/v1/allocations": "allocation_id",
    "/v1/proposals": "proposal_id",
    "/v1/requirements": "requirement_id",
    "/v1/ledger/entries": "entry_id",
    "/v1/flows": "pledge_id",
    "/v1/imports": "import_id",
    "/v1/in-kind-contributions": "in_kind_contribution_id",
    "/v1/activities": "activity_id",
    "/v1/notifications": "notification_id",
    "/v1/webhooks": "webhook_id",
    "/v1/alerts": "alert_id",
    "/v1/views": "view_id",
    "/v1/observations": "observation_id",
    "/v1/people": "person_id",
    "/v1/appointments": "appointment_id",
    "/v1/clients": "client_id",
}
"""Lists whose entries are decided on one by one, and the name of an entry's id."""

NAMED = {
    "figure": "requests",
    "table": "kinds",
    "move": "decline",
    "code": "SHERLOC-MNT",
    "organization": "KEN",
    "year": "2026",
    "line": "2",
} | {"language": "fr"}
"""Path parameters that are public."""

QUERIES = {
    "/internal/events": {"owner": "requests"},
    "/v1/treaty-statuses": {"state": "KEN"},
}
FILES = {
    "POST /v1/requests/{request_id}/attachments": PDF,
    "POST /v1/requests/{request_id}/notes-verbales": PDF,
    "POST /v1/deliveries/{delivery_id}/files": PDF,
    "POST /v1/imports": FLOWS,
    "POST /v1/offerings/import": b"language,title\r\n",
    "POST /v1/requests/import": b"language,title\r\n",
    "POST /v1/contributions/import": b"kind,language\r\n",
}
"""Operations whose body is a file, with one that they accept."""

REVISED = {
    "POST /v1/matches/weights",
    "POST /v1/criteria",
    "PUT /v1/calendar/{year}",
    "POST /v1/subscriptions/pause",
    "POST /v1/subscriptions/resume",
    "POST /v1/funds/{code}/requirements",
    "POST /v1/funds/{code}/gender-marker",
}
"""Operations on public records, or of which there is one only: they require a revision and name no record."""

TABLES = {"POST /v1/rates/csv": EXAMPLE}
"""Operations whose body is CSV, with one that they accept."""

A_FILE = {"Content-Type": "application/octet-stream", "File-Name": "note.pdf"}

LACKING: Mapping[str, Mapping[str, Any]] = {
    "/v1/allocations": {"work_package": "maintenance"},
    "/v1/requests/{request_id}/translations": {"lines": []},
    "/v1/requests/{request_id}/assign": {"assignee": str(persona_id("UNODC:coordinator"))},
    "/v1/reports": {"year": TODAY.year, "as_of": str(TODAY)},
    "/v1/reports/{report_id}/refresh": {"as_of": str(TODAY)},
}
"""Fields that a body's example lacks but needs, or whose values are those of no record."""

INTERNAL_BODIES = {
    "/internal/addresses": {"email": "nobody@ken.example"},
    "/internal/budgets": {"funds": ["TA-REQUESTS"], "currencies": ["EUR"]},
    "/internal/shown": {"organization": "NOR", "request_ids": []},
    "/internal/withdrawn": {"request_id": str(uuid4()), "provider": "NOR", "agreed_at": "2026-11-20T12:00:00Z"},
    "/internal/titles": {"organization": "NOR", "role": "provider_officer", "request_ids": []},
    "/internal/subjects": {"issuer": "https://issuer.example", "subject": "nobody"},
}
LEAVE = {200, 201, 202, 204, 409, 412, 422, 428}
"""Responses to permitted callers: done, or refused because of the state of the record."""

GUARDS = {"words": ("title", "need"), "line_words": ("markers_justification", "in_place", "measures")}
"""Guarded fields with other names in responses."""

SHOWN_WITHIN = {"/v1/requests/{request_id}/history": {"data", "comment"}}
"""Operations that show guarded data as stated at the time: these guarded fields and no others."""

DOCUMENT = json.loads((CONTRACTS / "schemas" / "openapi.json").read_text(encoding="utf-8"))
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    (method.upper(), path): content["application/json"]["example"]
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if (content := operation.get("requestBody", {}).get("content", {})) and "application/json" in content
}
"""Maps each route with a body to a complete body that it accepts."""
