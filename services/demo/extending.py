"""An extension of SHERLOC with votes of States and an earmarked pledge, and the progress of two States.

The donor is notified of each phase of the extension. One of the two States agrees that the table for the Conference
shows its progress after the review; the other does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.demo.people import StepError
from services.demo.planning import COORDINATOR
from services.demo.steps import Steps

DONOR = "USA:donor_officer"
READER = "SGP:focal_point"
VOTES = ("KEN:focal_point", "PER:focal_point")
FUND = "SHERLOC-DEV"
COST = {"minor": 9_000_000, "currency": "USD"}
EXTENSION = {
    "language": "en",
    "title": "[Fictitious sample] Police cooperation, by article of the Convention",
    "scope": "[Fictitious sample] Joint investigations and special investigative techniques are found by article.",
    "cost": COST,
    "work_package": "development",
}
PLEDGE = {
    "fund": FUND,
    "money": {"minor": 4_000_000, "currency": "USD"},
    "pledged_on": "2026-11-16",
    "earmarking": "earmarked",
    "note": "[Fictitious sample] For the extension of the portal to police cooperation, only for that.",
}
NOTE = {"language": "en", "text": "[Fictitious sample] Twelve of thirty articles are linked."}
PHASES = (("proposed", "plan"), ("planned", "begin"))
NOTICES = ("sherloc.extension.planned.v1", "sherloc.extension.begun.v1")

PROGRESS: Mapping[str, Mapping[str, Any]] = {
    "KEN": {
        "cluster": "international_cooperation",
        "progress": "addressed",
        "language": "en",
        "text": "[Fictitious sample] The central authority has a register of the requests that it receives.",
    },
    "PER": {
        "cluster": "criminalization_and_jurisdiction",
        "progress": "partly_addressed",
        "language": "es",
        "text": "[Ejemplo ficticio] El proyecto de ley está en el Congreso.",
    },
}
AGREES = "KEN"
"""The State that agrees to be in the table. Only the other State itself and UNODC can read its record."""


@dataclass
class Extended:
    """The extension, the pledge earmarked to it, and the donor's notifications of it, oldest first."""

    extension: Mapping[str, Any] = field(default_factory=dict)
    pledge: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[Mapping[str, Any]] = ()
    progress: list[Mapping[str, Any]] = field(default_factory=list)
    """The records of the two States, as a coordinator reads them."""
    table: Mapping[str, Any] = field(default_factory=dict)
    """The table for the Conference, as another State reads it."""


async def extend_portal(steps: Steps) -> Extended:
    """Carry out each step that is not done yet. Raises StepError."""
    done = Extended()

    async def extend(_: str) -> None:
        await _extend(steps, done)

    async def report(state: str) -> None:
        done.progress.append(await _record(steps, state))

    await steps.each("a donor pays for an extension of SHERLOC, and is notified", ["one"], extend)
    await steps.each("States record their progress after the review", list(PROGRESS), report)
    done.table = await steps.api.get(READER, "/v1/review-progress/table")
    shown = {one["state"] for one in done.table["entries"]}
    if AGREES not in shown or any(state in shown for state in PROGRESS if state != AGREES):
        raise StepError("the table for the Conference shows other States than those that agreed")
    return done


async def _extend(steps: Steps, done: Extended) -> None:
    api = steps.api
    known = await steps.all(COORDINATOR, "/v1/extensions", "extensions")
    one = next((one for one in known if one["title"] == EXTENSION["title"]), None)
    one = one or await api.post(COORDINATOR, "/v1/extensions", EXTENSION)
    extension_id, path = one["extension_id"], f"/v1/extensions/{one['extension_id']}"
    for who in VOTES:
        if who.partition(":")[0] not in one["voted_by"]:
            one = await api.post(who, f"{path}/vote", {})
    own = await steps.all(DONOR, "/v1/pledges", "pledges")
    pledge = next((each for each in own if each["extension_id"] == extension_id), None)
    done.pledge = pledge or await api.post(DONOR, "/v1/pledges", {**PLEDGE, "extension_id": extension_id})

    async def counted() -> Mapping[str, Any] | None:
        found = await api.get(COORDINATOR, path)
        return found if found["pledges"] else None

    # Only donors whose pledge is known before a change of phase are notified of it.
    one = await steps.until(counted, "an extension to count the pledge that is earmarked to it")
    for status, move in PHASES:
        if one["status"] == status:
            one = await api.post(COORDINATOR, f"{path}/{move}", {}, revision=one["revision"])
    if not one["progress_notes"]:
        one = await api.post(COORDINATOR, f"{path}/note", NOTE, revision=one["revision"])

    async def notified() -> list[Mapping[str, Any]] | None:
        received = await steps.all(DONOR, "/v1/notifications", "notifications")
        by_kind = {each["notice"]: each for each in received if each["link"].endswith(path)}
        return [by_kind[kind] for kind in NOTICES] if all(kind in by_kind for kind in NOTICES) else None

    done.notices = await steps.until(notified, "the donor to be notified of an extension's progress")
    done.extension = await api.get(DONOR, path)


async def _record(steps: Steps, state: str) -> Mapping[str, Any]:
    api, by, stated = steps.api, f"{state}:focal_point", PROGRESS[state]
    query = f"/v1/review-progress?state={state}&cluster={stated['cluster']}"
    one = next(iter(await steps.all(by, query, "review_progress")), None)
    one = one or await api.post(by, "/v1/review-progress", {"state": state, **stated})
    path = f"/v1/review-progress/{one['review_progress_id']}"
    if state == AGREES and one["status"] == "own":
        await api.post(by, f"{path}/consent", {}, revision=one["revision"])
    recorded: Mapping[str, Any] = await api.get(COORDINATOR, path)
    return recorded
