"""A donor: a pledge to SHERLOC's maintenance with its agreement and two instalments, and the use of the money.

The second instalment is overdue until it is paid, less bank charges. The donor contributes two scanners in kind, and
pledges to one of the needs that lack only money. UNODC holds an activity paid by the fund, raises the fund's
requirement, and states a gender marker for its courses.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.values import Language
from services.demo.people import StepError
from services.demo.steps import Steps

DONOR, FINANCE, COORDINATOR = "FRA:donor_officer", "UNODC:finance_officer", "UNODC:coordinator"
FUND = "SHERLOC-MNT"
PLEDGE = {
    "fund": FUND,
    "money": {"minor": 12_000_000, "currency": "EUR"},
    "pledged_on": "2026-08-03",
    "note": "[Exemple fictif] Pour la maintenance de SHERLOC, en deux versements.",
    "earmarking": "earmarked",
}
AGREEMENT = {
    "committed_on": "2026-08-17",
    "agreement": "FRA/2026/31",
    "instalments": [{"due_on": "2026-09-01", "minor": 7_000_000}, {"due_on": "2026-10-01", "minor": 5_000_000}],
}
IN_TIME = {"money": {"minor": 7_000_000, "currency": "EUR"}, "received_on": "2026-08-28"}
LATE = {
    "money": {"minor": 5_000_000, "currency": "EUR"},
    "received_on": "2026-11-09",
    "charges_minor": 2_500,
    "arrived_minor": 4_997_500,
}
IN_KIND = {
    "fund": FUND,
    "form": "equipment",
    "money": {"minor": 1_850_000, "currency": "EUR"},
    "provided_on": "2026-10-12",
    "description": "[Exemple fictif] Deux numériseurs de documents, pour la mise en ligne de la jurisprudence.",
}
NEEDS_FUND = "TA-REQUESTS"
TO_A_NEED = {
    "fund": NEEDS_FUND,
    "pledged_on": "2026-11-12",
    "note": "[Exemple fictif] Pour ce qui est prêt et ne manque que d’argent.",
}
RAISED: Mapping[str, Any] = {
    "year": 2027,
    "work_package": "translation",
    "money": {"minor": 24_000_000, "currency": "USD"},
    "reason": "costs_changed",
}
WORK_PACKAGES = {"translation": 4_000_000, "case_law_upload": 3_000_000, "training": 2_000_000}
"""The allocation for each work package, in US-dollar cents."""
MARKED = {"work_package": "training", "gender_marker": 1}
"""A gender marker. Half of the places of a course are reserved for women; the fund as a whole has marker 0."""
SPENT_USD_MINOR = 1_250_000
ACTIVITY: Mapping[str, Any] = {
    "fund": FUND,
    "activity_kind": "outreach",
    "title": "[Fictitious sample] SHERLOC for the central authorities of a region: an afternoon on line",
    "language": "en",
    "starts_on": "2026-11-17",
    "ends_on": "2026-11-17",
    "topics": ["mutual_legal_assistance"],
    "pillars": ["promote"],
    "gender_marker": 1,
}
PAID = {"minor": 300_000, "currency": "USD"}
HELD = {"participants": 86, "completed_on": "2026-11-17"}

STEP = "a donor gives in two instalments and sees what it did"


class DonorStory:
    """The pledge at the end, its instalments before the late payment, and the donor's files.

    `circulating` are the ids of the requests whose needs the donor may see. `in_kind` is the acknowledged contribution
    in kind; `to_a_need` the pledge to `need`, a requirement with the title of its request; `raised` the latest
    requirement of the fund; `activity` the completed activity paid by the fund.
    """

    def __init__(self, steps: Steps, folder: Path, circulating: Collection[str]) -> None:
        self._steps = steps
        self._api = steps.api
        self._folder = folder
        self._circulating = circulating
        self.pledge: Mapping[str, Any] = {}
        self.instalments: Sequence[Mapping[str, Any]] = []
        self.allocations: list[Mapping[str, Any]] = []
        self.in_kind: Mapping[str, Any] = {}
        self.to_a_need: Mapping[str, Any] = {}
        self.need: Mapping[str, Any] = {}
        self.raised: Mapping[str, Any] = {}
        self.activity: Mapping[str, Any] = {}
        self.files: list[Path] = []

    async def give(self) -> None:
        """Run each step. A repeated run changes nothing.

        Raises StepError, also if no instalment is overdue, or if needs of other requests are visible.
        """
        steps = (
            self._pledge,
            self._agree,
            self._pay,
            self._give_in_kind,
            self._pledge_to_a_need,
            self._allocate,
            self._pay_for_an_activity,
            self._raise_what_is_needed,
            self._state_what_it_is_for,
            self._write_down,
        )

        async def carry_out(step: Callable[[], Awaitable[None]]) -> None:
            await step()

        await self._steps.each(STEP, steps, carry_out)

    async def _pledge(self) -> None:
        own = await self._steps.all(DONOR, "/v1/pledges", "pledges")
        found = next((one for one in own if one["note"] == PLEDGE["note"]), None)
        self.pledge = found or await self._api.post(DONOR, "/v1/pledges", PLEDGE, step="donor's visit")

    async def _agree(self) -> None:
        if self.pledge["status"] == "pledged":
            await self._move("commit", AGREEMENT)

    async def _pay(self) -> None:
        if self.pledge["status"] == "committed":
            await self._move("receive", IN_TIME)
        self.instalments = self.pledge["instalments"]
        if self.pledge["status"] == "partially_received":
            if [one["late"] for one in self.instalments] != [False, True]:
                raise StepError("the second instalment is overdue, and does not show as late")
            await self._move("receive", LATE)
        if self.pledge["status"] != "received":
            raise StepError(f"the donor's pledge is {self.pledge['status']}, not received")

    async def _give_in_kind(self) -> None:
        path = "/v1/in-kind-contributions"
        own = await self._steps.all(DONOR, path, "in_kind_contributions")
        found = next((one for one in own if one["description"] == IN_KIND["description"]), None)
        before = await self._api.get(FINANCE, f"/v1/funds/{FUND}")
        one = found or await self._api.post(DONOR, path, IN_KIND, step="donor's visit")
        if one["status"] == "declared":
            move = f"{path}/{one['in_kind_contribution_id']}/acknowledge"
            one = await self._api.post(FINANCE, move, {}, revision=one["revision"])
            fund = await self._api.get(FINANCE, f"/v1/funds/{FUND}")
            beside = before["in_kind_usd_minor"] + one["usd_minor"]
            if fund != {**before, "in_kind_usd_minor": beside}:
                raise StepError("the contribution in kind is not listed beside the fund's money, or is included in it")
        self.in_kind = one

    async def _pledge_to_a_need(self) -> None:
        """Pledge to the largest need visible to the donor, who sees all needs of the circulating requests."""
        own = await self._steps.all(DONOR, "/v1/pledges", "pledges")
        made = next((one for one in own if one["note"] == TO_A_NEED["note"]), None)
        if made is None:
            need = max(
                await self._steps.until(self._needs, "what is ready and lacks only money to be shown to the donor"),
                key=lambda one: (one["gap_usd_minor"], one["requirement_id"]),
            )
            # Programme support cost is added, because the gap excludes it.
            money = {"minor": need["gap_usd_minor"] * 113 // 100, "currency": "USD"}
            body = {**TO_A_NEED, "requirement_id": need["requirement_id"], "money": money}
            made = await self._api.post(DONOR, "/v1/pledges", body, step="a need")
        if made["earmarking"] != "tightly_earmarked":
            raise StepError("a pledge to one need is not tightly earmarked")
        self.to_a_need = made
        known = await self._steps.all(FINANCE, "/v1/requirements", "requirements")
        need = next(one for one in known if one["requirement_id"] == made["requirement_id"])
        request = await self._api.get(DONOR, f"/v1/requests/{need['request_id']}")
        self.need = {**need, "title": request["title"]}

    async def _needs(self) -> Sequence[Mapping[str, Any]] | None:
        """All unfunded needs of the circulating requests; None until pledges has consumed all confirmed matches."""
        shown = await self._steps.all(DONOR, "/v1/requirements/unfunded", "requirements")
        return shown if shown and sorted(one["request_id"] for one in shown) == sorted(self._circulating) else None

    async def _raise_what_is_needed(self) -> None:
        path = f"/v1/funds/{FUND}"
        fund = await self._api.get(FINANCE, path)
        needed = {name: RAISED[name] for name in ("year", "work_package")} | {"usd_minor": RAISED["money"]["minor"]}
        if needed not in fund["requirements"]:
            before, revision = fund["requirement_usd_minor"], fund["revision"]
            raising = {"step": str(revision), "revision": revision}
            fund = await self._api.post(FINANCE, f"{path}/requirements", RAISED, **raising)
            if needed not in fund["requirements"] or fund["requirement_usd_minor"] <= before:
                raise StepError("what the fund needs was raised, and does not show")
        self.raised = (await self._api.get(DONOR, f"{path}/requirements"))["revisions"][0]

    async def _state_what_it_is_for(self) -> None:
        path, shown = f"/v1/funds/{FUND}", MARKED.items()
        fund = await self._api.get(FINANCE, path)
        if not any(shown <= package.items() for package in fund["work_packages"]):
            stating = {"step": "gender marker", "revision": fund["revision"]}
            fund = await self._api.post(FINANCE, f"{path}/gender-marker", MARKED, **stating)
        if fund["gender_marker"] != 0 or not any(shown <= package.items() for package in fund["work_packages"]):
            raise StepError("what was stated of how far the fund is for equality does not show")

    async def _allocate(self) -> None:
        found = await self._steps.all(FINANCE, f"/v1/allocations?fund={FUND}", "allocations")
        made = {one["work_package"]: one for one in found}
        for work_package, usd_minor in WORK_PACKAGES.items():
            money = {"minor": usd_minor, "currency": "USD"}
            body = {"fund": FUND, "work_package": work_package, "money": money, "allocated_on": "2026-11-10"}
            one = made.get(work_package) or await self._api.post(FINANCE, "/v1/allocations", body, step=work_package)
            self.allocations.append(one)
        first = self.allocations[0]
        if not first["spent_usd_minor"]:
            body = {"money": {"minor": SPENT_USD_MINOR, "currency": "USD"}, "spent_on": "2026-11-20"}
            path = f"/v1/allocations/{first['allocation_id']}/spend"
            self.allocations[0] = await self._api.post(FINANCE, path, body, revision=first["revision"])

    async def _pay_for_an_activity(self) -> None:
        """Plan an activity as a coordinator, pay for it from the fund, and complete it."""
        found = await self._steps.all(COORDINATOR, f"/v1/activities?fund={FUND}", "activities")
        one = next((one for one in found if one["title"] == ACTIVITY["title"]), None)
        one = one or await self._api.post(COORDINATOR, "/v1/activities", ACTIVITY, step=ACTIVITY["title"])
        path = f"/v1/activities/{one['activity_id']}"
        if not one["allocated_usd_minor"]:
            body = {"fund": FUND, "activity_id": one["activity_id"], "money": PAID, "allocated_on": "2026-11-10"}
            made = await self._api.post(FINANCE, "/v1/allocations", body, step=path)
            spent = f"/v1/allocations/{made['allocation_id']}/spend"
            await self._api.post(FINANCE, spent, {"money": PAID, "spent_on": "2026-11-20"}, revision=made["revision"])
        if one["status"] == "planned":
            await self._api.post(COORDINATOR, f"{path}/complete", HELD, revision=one["revision"])
        self.activity = await self._api.get(DONOR, path)
        if self.activity["spent_usd_minor"] != PAID["minor"]:
            raise StepError("what was spent on the activity does not show")

    async def _write_down(self) -> None:
        """Download the donor's statement in six languages, and the fund's IATI file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for language in Language:
            path = f"/v1/statements/FRA?language={language}"
            self._write(f"statement-FRA-{language}.pdf", await self._api.download(DONOR, path), b"%PDF-")
        path = f"/v1/funds/{FUND}/iati.xml"
        self._write(f"iati-{FUND}.xml", await self._api.download(FINANCE, path), b"<?xml")

    def _write(self, name: str, content: bytes, begins: bytes) -> None:
        if not content.startswith(begins):
            raise StepError(f"{name} is not what it should be")
        file = self._folder / name
        file.write_bytes(content)
        self.files.append(file)

    async def _move(self, name: str, body: Mapping[str, Any]) -> None:
        path = f"/v1/pledges/{self.pledge['pledge_id']}/{name}"
        step = str(self.pledge["revision"])
        self.pledge = await self._api.post(FINANCE, path, body, step=step, revision=self.pledge["revision"])
