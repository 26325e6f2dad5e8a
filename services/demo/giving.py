"""A donor's visit: a pledge to SHERLOC's maintenance, its agreement, two instalments, and what the money did.

The second instalment is late: it shows as such until it comes, less what the bank kept of it. And the donor gives two
scanners, which are valued beside the money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.values import Language
from services.demo.appointing import Each, Lists
from services.demo.people import Api, StepError

DONOR, FINANCE = "FRA:donor_officer", "UNODC:finance_officer"
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
LATE = {"money": {"minor": 5_000_000, "currency": "EUR"}, "received_on": "2026-11-09", "charges_minor": 2_500}
IN_KIND = {
    "fund": FUND,
    "form": "equipment",
    "money": {"minor": 1_850_000, "currency": "EUR"},
    "provided_on": "2026-10-12",
    "description": "[Exemple fictif] Deux numériseurs de documents, pour la mise en ligne de la jurisprudence.",
}
WORK_PACKAGES = {"translation": 4_000_000, "case_law_upload": 3_000_000, "training": 2_000_000}
"""What is set aside for each, in US-dollar cents."""
SPENT_USD_MINOR = 1_250_000

STEP = "a donor gives in two instalments and sees what it did"


@dataclass(frozen=True)
class Given:
    """The pledge as it ended, its instalments as they stood before the late one came, and the files for the donor.

    `in_kind` is what the donor gave that is no money, as acknowledged.
    """

    pledge: Mapping[str, Any]
    instalments: Sequence[Mapping[str, Any]]
    allocations: Sequence[Mapping[str, Any]]
    in_kind: Mapping[str, Any]
    files: Sequence[Path]


async def give(api: Api, every: Lists, each: Each, folder: Path) -> Given:
    """Each step once, however often it is told. Raises StepError, also where no instalment is late."""
    visit = _Visit(api, every, folder)
    steps = [visit.pledge, visit.agree, visit.pay, visit.give_in_kind, visit.allocate, visit.write_down]
    await each(STEP, steps, _carry_out, 1)
    return Given(visit.pledged, visit.instalments, visit.allocations, visit.in_kind, visit.files)


async def _carry_out(step: Any) -> None:
    await step()


class _Visit:
    def __init__(self, api: Api, every: Lists, folder: Path) -> None:
        self._api = api
        self._all = every
        self._folder = folder
        self.pledged: Mapping[str, Any] = {}
        self.instalments: Sequence[Mapping[str, Any]] = []
        self.allocations: list[Mapping[str, Any]] = []
        self.in_kind: Mapping[str, Any] = {}
        self.files: list[Path] = []

    async def pledge(self) -> None:
        own = await self._all(DONOR, "/v1/pledges", "pledges")
        found = next((one for one in own if one["note"] == PLEDGE["note"]), None)
        self.pledged = found or await self._api.post(DONOR, "/v1/pledges", PLEDGE, step="donor's visit")

    async def agree(self) -> None:
        if self.pledged["status"] == "pledged":
            await self._move("commit", AGREEMENT)

    async def pay(self) -> None:
        if self.pledged["status"] == "committed":
            await self._move("receive", IN_TIME)
        self.instalments = self.pledged["instalments"]
        if self.pledged["status"] == "partially_received":
            if [one["late"] for one in self.instalments] != [False, True]:
                raise StepError("the second instalment is overdue, and does not show as late")
            await self._move("receive", LATE)
        if self.pledged["status"] != "received":
            raise StepError(f"the donor's pledge is {self.pledged['status']}, not received")

    async def give_in_kind(self) -> None:
        path = "/v1/in-kind-contributions"
        own = await self._all(DONOR, path, "in_kind_contributions")
        found = next((one for one in own if one["description"] == IN_KIND["description"]), None)
        before = await self._api.get(FINANCE, f"/v1/funds/{FUND}")
        one = found or await self._api.post(DONOR, path, IN_KIND, step="donor's visit")
        if one["status"] == "declared":
            move = f"{path}/{one['in_kind_contribution_id']}/acknowledge"
            one = await self._api.post(FINANCE, move, {}, revision=one["revision"])
            fund = await self._api.get(FINANCE, f"/v1/funds/{FUND}")
            beside = before["in_kind_usd_minor"] + one["usd_minor"]
            if fund != {**before, "in_kind_usd_minor": beside}:
                raise StepError("what was given in kind is not told beside the fund's money, and nowhere in it")
        self.in_kind = one

    async def allocate(self) -> None:
        found = await self._all(FINANCE, f"/v1/allocations?fund={FUND}", "allocations")
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

    async def write_down(self) -> None:
        """The donor's statement in six languages, and the fund's file for the registry of IATI."""
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
        path = f"/v1/pledges/{self.pledged['pledge_id']}/{name}"
        step = str(self.pledged["revision"])
        self.pledged = await self._api.post(FINANCE, path, body, step=step, revision=self.pledged["revision"])
