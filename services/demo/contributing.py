"""Contributions of two States to SHERLOC: an accepted court decision, and one returned because of personal data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chassis import clock
from services.demo.planning import COORDINATOR
from services.demo.steps import Steps

FICTITIOUS = "[Fictitious sample]"
CHECKED = dict.fromkeys(("complete", "rights_checked", "no_personal_data"), True)
DECIDED_BEFORE = timedelta(days=40)
ACCEPTED, RETURNED = "KEN:focal_point", "CIV:focal_point"
CASES: Mapping[str, Mapping[str, Any]] = {
    ACCEPTED: {
        "kind": "court_decision",
        "language": "en",
        "title": f"{FICTITIOUS} Republic v. A. and B.",
        "text": f"{FICTITIOUS} Two accused were convicted of laundering the proceeds of trafficking in persons.",
        "articles": ["UNTOC:5", "UNTOC:6"],
        "rights": "public_domain",
        "court": f"{FICTITIOUS} High Court",
        "parties": ["Republic", "A.", "B."],
        "offence": "money_laundering",
        "outcome": "conviction",
        "address": "https://judgments.example/2026/112",
    },
    RETURNED: {
        "kind": "court_decision",
        "language": "fr",
        "title": "[Exemple fictif] Ministère public c. D.",
        "text": "[Exemple fictif] Le tribunal a entendu M. Jean Exemple, né le 3 mai 1980 (exemple@tribunal.example).",
        "articles": ["UNTOC:23"],
        "rights": "held_by_state",
        "court": "[Exemple fictif] Tribunal de première instance",
        "parties": ["Ministère public", "D."],
        "offence": "obstruction_of_justice",
        "outcome": "partial_conviction",
    },
}


@dataclass(frozen=True)
class Contributed:
    """The two decisions, with their marks as a coordinator sees them."""

    accepted: Mapping[str, Any]
    returned: Mapping[str, Any]


async def contribute(steps: Steps) -> Contributed:
    """Submit both decisions; a coordinator accepts one, and returns the other with its marks."""
    found: dict[str, Mapping[str, Any]] = {}

    async def decide(appointment: str) -> None:
        found[appointment] = await _decided(steps, appointment)

    await steps.each("States contribute court decisions, a coordinator checks", list(CASES), decide)
    return Contributed(found[ACCEPTED], found[RETURNED])


async def _decided(steps: Steps, appointment: str) -> Mapping[str, Any]:
    api, case = steps.api, CASES[appointment]
    query = f"/v1/contributions?state={appointment.partition(':')[0]}"
    known = [one for one in await steps.all(appointment, query, "contributions") if one["title"] == case["title"]]
    body = {**case, "decided_on": str(clock.now().date() - DECIDED_BEFORE)}
    one = known[0] if known else await api.post(appointment, "/v1/contributions", body, step=case["title"])
    path = f"/v1/contributions/{one['contribution_id']}"
    if one["status"] == "draft":
        one = await api.post(appointment, f"{path}/submit", {}, revision=one["revision"])
    if one["status"] == "submitted":
        name, said = ("accept", CHECKED) if appointment == ACCEPTED else ("return", {"reason": "personal_data"})
        one = await api.post(COORDINATOR, f"{path}/{name}", said, revision=one["revision"])
    decided: Mapping[str, Any] = await api.get(COORDINATOR, path)
    return decided
