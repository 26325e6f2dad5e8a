"""A delivery under an agreement: contacts, a version and a counterproposal, signatures, an amendment."""

from collections.abc import Mapping
from typing import Any

from services.demo.steps import Steps

STATE = "SGP:focal_point"
"""The State of the sample world whose delivery is agreed in writing."""

CONTACTS = {
    "state": {"name": "Fictitious: Tan Wei Ling", "email": "wl.tan@agc.example", "function": "Deputy Director"},
    "provider": {"name": "Fictitious: J. Moreau", "email": "j.moreau@provider.example", "function": "Head of training"},
}
WORDS = {
    "scope": "Fictitious sample: publication of forty decisions, and a course for those who prepare them.",
    "place": "Singapore",
    "clauses": [
        {"clause": "data_protection", "text": "Fictitious sample: names of parties are removed before publication."}
    ],
    "costs": [{"side": "provider", "cost": "travel", "money": {"minor": 640_000, "currency": "USD"}}],
}


def _version(delivery: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    terms = {"period": delivery["period"], "modality": "in_person", "languages": ["en"], "language": "en"}
    return {**terms, **WORDS, "participants": 20, "women": 10, **changes}


async def agree(steps: Steps, delivery: Mapping[str, Any], provider: str) -> Mapping[str, Any]:
    """Name contacts and sign the second version; return the delivery, which may begin."""
    api, path = steps.api, f"/v1/deliveries/{delivery['delivery_id']}"
    sides = {"state": STATE, "provider": provider}
    for side, by in sides.items():
        if not (await api.get(by, path))["contacts"][side]:
            current = await api.get(by, path)
            await api.put(by, f"{path}/contacts", {"contacts": [CONTACTS[side]]}, revision=current["revision"])
    if delivery["agreed_at"] is None:
        await api.post(provider, f"{path}/agreement", _version(delivery))
        await _answer(steps, path, STATE, 1, _version(delivery, women=12))
        await _sign(steps, path, (provider, STATE), 2)
    return await api.get(STATE, path)


async def amend(steps: Steps, delivery: Mapping[str, Any], provider: str) -> None:
    """Amend the agreement: five persons more, proposed by the State and signed by both sides."""
    path = f"/v1/deliveries/{delivery['delivery_id']}"
    await _answer(steps, path, STATE, 2, _version(delivery, participants=25, women=12))
    await _sign(steps, path, (provider, STATE), 3)


async def _answer(steps: Steps, path: str, by: str, version: int, body: Mapping[str, Any]) -> None:
    agreement = await steps.api.get(by, f"{path}/agreement")
    if agreement["version"] == version:
        revision = agreement["revision"]
        await steps.api.post(by, f"{path}/agreement/propose", body, step=str(version), revision=revision)


async def _sign(steps: Steps, path: str, sides: tuple[str, str], version: int) -> None:
    for by in sides:
        agreement = await steps.api.get(by, f"{path}/agreement")
        side = "state" if by == STATE else "provider"
        if agreement["versions"][0][f"{side}_signed_on"] is None:
            body, revision = {"version": version}, agreement["revision"]
            await steps.api.post(by, f"{path}/agreement/sign", body, step=str(version), revision=revision)
