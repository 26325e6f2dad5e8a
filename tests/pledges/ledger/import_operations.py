"""Operations of the machine on imports of reported flows and pledges made from them."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from services.pledges.open_data.flows.model import FlowStatus
from services.pledges.pledge.earmarking import Earmarking
from tests.pledges.ledger.allocation_operations import Using
from tests.pledges.ledger.count import EXPONENTS
from tests.pledges.ledger.machine import Record, operation
from tests.pledges.ledger.pledge_operations import CURRENCIES, DONORS, SOFTLY, organization_of
from tests.pledges.open_data.builders import a_table
from tests.pledges.open_data.steps import AS_FILE
from tests.pledges.steps import FINANCE, NORWAY

IMPORTS = "/v1/imports"
UNKNOWN = "XXX"
PLEDGE = str(FlowStatus.PLEDGE)
STATUSES = (PLEDGE, PLEDGE, PLEDGE, *map(str, FlowStatus))
WRONG = (
    ("not-incoming", {"boundary": "outgoing"}),
    ("currency-missing", {"originalCurrency": ""}),
    ("amounts-disagree", {"amountUSD": "1"}),
)
"""The reasons for rejections, with cells that cause them."""


def units(minor: int, currency: str) -> str:
    """Return an amount as written in a table."""
    exponent = EXPONENTS.get(currency, 2)
    whole, rest = divmod(minor, 10**exponent)
    return f"{whole}.{rest:0{exponent}}" if exponent else str(whole)


class Importing(Using):
    def __init__(self) -> None:
        super().__init__()
        self.flows: dict[str, Record] = {}
        """Imported flows by the reporter's id."""
        self.reported = 0

    def _row(self) -> tuple[Record, str | None, Record]:
        """Return the cells, the rule that they break, if any, and the accepted flow."""
        self.reported += 1
        currency, on = self.pick(CURRENCIES), self.day()
        money = {"minor": self.draw(st.integers(100_00, 10_000_00)), "currency": currency}
        source_id = self.pick(self.flows) if self.flows and self.seldom(4) else f"F-{self.reported}"
        flow = {
            "source_id": source_id, "date": on.isoformat(), "status": self.pick(STATUSES),
            "description": f"Fictitious sample: flow {self.reported}", "pledge_id": None, **money,
        }  # fmt: skip
        cells = {name: flow[name] for name in ("date", "status", "description")} | {
            "id": source_id, "originalCurrency": currency, "originalAmount": units(money["minor"], currency),
            "amountUSD": units(self.count.rates.worth(money, on), "USD"),
            "exchangeRate": f"{float(self.count.rates.of(currency, on)):.6f}",
        }  # fmt: skip
        slug, wrong = self.pick(WRONG) if self.seldom(6) else (None, {})
        return cells | wrong, slug, flow

    @operation(lambda _: [2, 3, 4], 2)
    async def import_flows(self, number: int) -> None:
        """Import a file, and check that imports change no figure and a dry run stores nothing."""
        rows = [self._row() for _ in range(number)]
        table, by = a_table(*(cells for cells, _, _ in rows)), NORWAY if self.seldom(20) else FINANCE
        broken, kept = [], []
        for line, (cells, slug, flow) in enumerate(rows, 2):
            before = {each["id"] for each, _, _ in rows[: line - 2]}
            known = (
                "id-repeated" if cells["id"] in before else "imported-already" if cells["id"] in self.flows else slug
            )
            if known:
                broken.append((line, known))
            else:
                kept.append(flow | {"line": line})
        written = await self.ledger.written()
        tried = await self.ledger.send_file(f"{IMPORTS}?dry_run=true", by, table, AS_FILE)
        assert written == await self.ledger.written(), "a dry run writes nothing"
        made = await self.send_file("import flows", IMPORTS, by, table, AS_FILE)
        assert (made is None) == (tried is None) == (by != FINANCE)
        for reported in filter(None, (tried, made)):
            assert broken == [(row["line"], row["slug"]) for row in reported["rejected_rows"]]
            assert (number, len(kept)) == (reported["rows"], reported["accepted"])
        if made:
            self.done["reject a row"] += len(broken)
            for flow in kept:
                self.flows[flow["source_id"]] = flow | {"import_id": made["import_id"]}
                await self._check_flow(self.flows[flow["source_id"]])

    async def _check_flow(self, flow: Record) -> None:
        """Check that the flow is shown as reported, with its pledge."""
        page = await self.ledger.get(f"{IMPORTS}/{flow['import_id']}/flows?cursor={flow['line'] - 1}&limit=1")
        (reported,) = page["flows"]
        assert flow == {name: reported[name] for name in flow.keys() & reported.keys()} | {
            "import_id": flow["import_id"]
        }

    def _unpledged(self) -> list[Record]:
        return [one for one in self.any_of(self.flows, PLEDGE) if not one["pledge_id"]]

    @operation(lambda machine: machine._unpledged() or list(machine.flows.values()), 4)
    async def pledge_flow(self, flow: Record) -> None:
        """Make a pledge from a flow.

        Only a flow reported as a pledge can be pledged, once, on the day of the flow and at our rate.
        """
        flow, fund = self.pick(self.flows.values()) if self.seldom(4) else flow, self._fund()
        donor = UNKNOWN if self.seldom(20) else organization_of(self.pick(DONORS))
        earmarking = self.pick([None, *map(str, Earmarking)])
        path = f"{IMPORTS}/{flow['import_id']}/flows/{flow['line']}/pledge"
        one = await self.send("pledge flow", path, FINANCE, fund=fund, donor=donor, earmarking=earmarking)
        if one:
            assert (flow["status"], flow["pledge_id"]) == (PLEDGE, None), (
                "only a flow that is reported as a pledge and has none can be pledged"
            )
            assert donor != UNKNOWN
            flow["pledge_id"] = one["pledge_id"]
            said: dict[str, Any] = {
                "earmarking": earmarking or SOFTLY, "note": flow["description"],
                "import_id": flow["import_id"], "import_line": flow["line"],
            }  # fmt: skip
            money, on = {name: flow[name] for name in ("minor", "currency")}, date.fromisoformat(flow["date"])
            await self.made(one, donor, fund, money, on, **said)
        await self._check_flow(flow)
