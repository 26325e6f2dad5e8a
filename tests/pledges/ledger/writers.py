"""Random writes to the ledger."""

import random
from collections import Counter
from typing import Any

from services.pledges.in_kind.model import MOVES as IN_KIND_MOVES
from tests.builders import headers
from tests.pledges.in_kind.steps import PATH as IN_KIND
from tests.pledges.in_kind.steps import a_contribution
from tests.pledges.open_data.steps import FUNDS
from tests.pledges.steps import FINANCE, GERMANY, NORWAY, SECOND, Client, a_pledge, get, usd

PACKAGES = ("training", "translation")
DONORS = (NORWAY, GERMANY)
MOVES = {
    "pledged": ("commit", "commit", "reduce", "withdraw", "lapse"),
    "committed": ("receive", "reduce", "write-off"),
    "partially_received": ("receive", "carry-over", "refund"),
}
CHANGING = {
    "reword",
    "receive",
    "reversal",
    "return",
    "spend",
    "revise",
    "acknowledge",
    "withdraw",
    "strike",
    "carry-over",
}


class Writers:
    """Random writers; possible commands succeed, others are refused."""

    answers = frozenset({200, 201, 409, 422})

    def __init__(self, api: Client, seed: int) -> None:
        self._api = api
        self._chance = random.Random(seed)
        self._done: Counter[str] = Counter()

    async def write(self) -> None:
        """Write for a while, and until every kind of change has happened."""
        self._done.clear()
        for turn in range(500):
            if turn >= 30 and self._done.keys() >= CHANGING:
                return
            steps = [self._pledge, self._move, self._use, self._give, self._need, self._reverse]
            await self._chance.choices(steps, [2, 4, 4, 2, 1, 1])[0]()
        raise AssertionError(f"not done: {CHANGING - self._done.keys()}")

    async def _do(self, what: str, path: str, by: str, revision: int | None = None, **body: Any) -> Any:
        answer = await self._api.post(path, json=body, headers=headers(by, revision=revision))
        assert answer.status_code in self.answers, answer.text
        if answer.is_success:
            self._done[what] += 1
            return answer.json()
        return None

    async def _any(self, path: str, status: str | None = None) -> Any:
        """Return a record of the list with that status, if there is one."""
        (listed,) = [value for name, value in (await get(self._api, f"{path}?limit=100")).items() if name != "cursor"]
        found = [one for one in listed if status in {None, one.get("status")}]
        return self._chance.choice(found) if found else None

    async def _decided(self, proposal: Any) -> None:
        if proposal is not None:
            path = f"/v1/proposals/{proposal['proposal_id']}/approve"
            await self._do(proposal["measure"], path, SECOND, proposal["revision"])

    async def _pledge(self) -> None:
        money = {"minor": self._chance.randint(1, 10**7), "currency": self._chance.choice(["USD", "EUR", "JPY"])}
        fund = self._chance.choice(FUNDS)
        await self._do("pledge", "/v1/pledges", self._chance.choice(DONORS), **a_pledge(fund=fund, money=money))

    async def _move(self) -> None:
        status = self._chance.choice(list(MOVES))
        pledge = await self._any("/v1/pledges", status)
        if pledge is None:
            return
        if not self._chance.randrange(4):
            body = {"note": pledge["note"]}
            await self._do("reword", f"/v1/pledges/{pledge['pledge_id']}/reword", FINANCE, pledge["revision"], **body)
            return
        name = self._chance.choice(MOVES[status])
        some = {**pledge["money"], "minor": self._chance.randint(1, pledge["money"]["minor"])}
        to_fund = self._chance.choice([code for code in FUNDS if code != pledge["fund"]])
        bodies: dict[str, dict[str, Any]] = {
            "commit": {"committed_on": "2026-03-05", "support_cost_basis_points": self._chance.choice([0, 1300])},
            "receive": {"money": some, "received_on": "2026-04-20"},
            "reduce": {"money": some, "reason": "donor_budget"},
            "carry-over": {"to_fund": to_fund, "money": usd(self._chance.randint(1, 10**4))},
            "refund": {"money": some, "reason": "not_used"},
            "write-off": {"reason": "not_expected"},
        }
        by = f"{pledge['donor']}:donor_officer" if name == "withdraw" else FINANCE
        path = f"/v1/pledges/{pledge['pledge_id']}/{name}"
        moved = await self._do(name, path, by, pledge["revision"], **bodies.get(name, {}))
        if name in {"refund", "write-off"}:
            await self._decided(moved)

    async def _use(self) -> None:
        """Allocate, spend, or return the rest."""
        name, some = self._chance.choice(["allocate", "allocate", "spend", "return"]), self._chance.randint(1, 10**4)
        if name == "allocate":
            body = {"fund": self._chance.choice(FUNDS[:2]), "work_package": self._chance.choice(PACKAGES)}
            await self._do(name, "/v1/allocations", FINANCE, money=usd(some), **body)
            return
        made = await self._any("/v1/allocations", "made")
        if made is None:
            return
        how = {"money": usd(some), "how": self._chance.choice(["expenditure", "disbursement"])}
        path = f"/v1/allocations/{made['allocation_id']}/{name}"
        await self._do(name, path, FINANCE, made["revision"], **(how if name == "spend" else {}))

    async def _reverse(self) -> None:
        entries = (await get(self._api, "/v1/ledger/entries?limit=100"))["entries"]
        some = [one for one in entries if one["type"] in {"received", "allocated", "spent", "disbursed"}]
        body = {"entry_id": self._chance.choice(some)["entry_id"], "reason": "recorded_wrongly"}
        await self._decided(await self._do("propose", "/v1/ledger/reversals", FINANCE, **body))

    async def _need(self) -> None:
        fund = await self._any("/v1/funds")
        body = {"year": self._chance.randint(2027, 2029), "money": usd(self._chance.randint(0, 3) * 10**7)}
        path = f"/v1/funds/{fund['code']}/requirements"
        await self._do("revise", path, FINANCE, fund["revision"], **body, reason="needs_changed")

    async def _give(self) -> None:
        """Declare a contribution in kind, and make a transition of one."""
        fund, money = self._chance.choice(FUNDS), usd(self._chance.randint(1, 10**6))
        await self._do("declare", IN_KIND, self._chance.choice(DONORS), **a_contribution(fund=fund, money=money))
        name = self._chance.choice(list(IN_KIND_MOVES))
        one = await self._any(IN_KIND, IN_KIND_MOVES[name])
        if one is None:
            return
        by = f"{one['donor']}:donor_officer" if name == "withdraw" else FINANCE
        body = {"reason": "given_back"} if name == "strike" else {}
        await self._do(name, f"{IN_KIND}/{one['in_kind_contribution_id']}/{name}", by, one["revision"], **body)
