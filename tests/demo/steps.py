"""The sample world, as used by tests."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from contracts import reference
from services.demo.samples import shift_to_today

FICTITIOUS = {
    "ar": "[مثال خيالي]",
    "en": "[Fictitious sample]",
    "es": "[Ejemplo ficticio]",
    "fr": "[Exemple fictif]",
    "ru": "[Вымышленный пример]",
    "zh": "[虚构示例]",
}


@cache
def world(name: str) -> Any:
    """The content of a file, with the periods of this year."""
    return json.loads(shift_to_today(f"{name}.json", today=datetime.now(UTC).date()))


def lines() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for request in world("requests"):
        for line in request["body"]["lines"]:
            yield request, line


def organization(filed: dict[str, Any]) -> str:
    return str(filed["as"].split(":")[0])


def feasible(request: dict[str, Any], line: dict[str, Any], offering: dict[str, Any]) -> bool:
    """Check the strictest hard constraints of a match, independently of the service that applies them."""
    state, provider, offered = organization(request), organization(offering), offering["body"]
    asked, eligible = request["body"]["addressee"], offered["eligible"]
    starts, ends = line["window"]["from"], line["window"]["until"]
    addressed = {"any": True, "unodc": provider.startswith("UNODC"), "states": provider in asked["states"]}
    return (
        provider != state
        and addressed[asked["to"]]
        and line["kind"] in offered["kinds"]
        and set(line["languages"]) <= {*offered["languages"], *offered["interpretation"]}
        and line["modality"] in offered["modalities"]
        and line["group_size"] <= (offered["group_size_max"] or line["group_size"])
        and (not eligible["states"] or state in eligible["states"])
        and (not eligible["regions"] or reference.region_of(state) in eligible["regions"])
        and state not in eligible["excluded_states"]
        and provider not in request["body"].get("excluded_providers", [])
        and all(state in reference.parties()[code].listed for code in offered.get("treaties", []))
        and (not line.get("cannot_wait") or offered["resource_status"] == "funded")
        and offered["valid"]["from"] <= starts
        and ends <= offered["valid"]["until"]
        and any(p["from"] <= ends and starts <= p["until"] and p["units"] > 0 for p in offered["capacity"])
    )
