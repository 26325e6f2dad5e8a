"""Expected changes by entries, counted independently of the ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from msgspec import Struct

Change = dict[tuple[str, str], int]
"""The change of each figure: a fund's figure by its code, any other record's by its id."""

EXPONENTS = {"JPY": 0, "KWD": 3}
DEBITS = ("paid",)
CREDITS = ("programme_support", "bank_charges", "allocated", "refunded", "transferred")
YEARLY = (
    "pledged",
    "committed",
    "written_off",
    "paid",
    "allocated",
    "spent",
    "refunded",
    "transferred",
    "requirement",
    "allocatable",
)
FIGURES = ("pledged", "committed", "written_off", "spent", *DEBITS, *CREDITS)


class Awaited(Struct, frozen=True):
    """An expected entry, with its changes."""

    type: str
    fund: str
    about: str
    change: Change


class Rates:
    """US dollars per unit of each currency, from the first of each month on; the United Nations table comes first."""

    def __init__(self) -> None:
        self.loaded: dict[tuple[str, str, date], str] = {}

    def of(self, currency: str, on: date) -> Fraction:
        if currency == "USD":
            return Fraction(1)
        first = on.replace(day=1)
        operational = self.loaded.get(("un_operational", currency, first))
        return Fraction(operational or self.loaded["fictitious", currency, first])

    def worth(self, money: Mapping[str, Any], on: date) -> int:
        return cents(money, self.of(money["currency"], on))


def cents(money: Mapping[str, Any], rate: Fraction) -> int:
    """Convert an amount to US cents, rounded once, half to even."""
    return round(money["minor"] * rate * 100 / 10 ** EXPONENTS.get(money["currency"], 2))


def support_of(usd_minor: int, basis_points: int) -> int:
    return round(Fraction(usd_minor * basis_points, 10_000 + basis_points))


class Count:
    """The expected figures. Every entry must have been expected, and every expected entry must exist."""

    def __init__(self) -> None:
        self.rates = Rates()
        self.entries: dict[str, dict[str, Any]] = {}
        self._figures: Counter[tuple[str, str]] = Counter()
        self._changes: dict[str, Change] = {}
        self._awaited: list[Awaited] = []
        self._reversed_ids: set[str] = set()
        self._given_back: set[str] = set()
        self.agreed: dict[str, Fraction] = {}
        """The rate of each pledge: that of its day and, once it is signed, that of the agreement."""

    def __getitem__(self, key: tuple[str, str]) -> int:
        return self._figures[key]

    def of_cash(self) -> dict[tuple[str, str], int]:
        """Return the cash that each fund received, by currency."""
        return {key: minor for key, minor in self._figures.items() if key[1].startswith("cash ") and minor}

    def available(self, fund: str) -> int:
        return self[fund, "paid"] - sum(self[fund, figure] for figure in CREDITS)

    def unspent(self, allocation_id: str) -> int:
        return self[allocation_id, "allocated"] - self[allocation_id, "spent"]

    def add(self, change: Change, sign: int = 1) -> None:
        for key, by in change.items():
            self._figures[key] += sign * by

    def wait_for(self, kind: str, fund: str, about: str, change: Change) -> None:
        self._awaited.append(Awaited(kind, fund, about, change))

    def follow(self, entries: Iterable[dict[str, Any]], purpose_of: Mapping[str, str], *, open_from: date) -> None:
        """Follow new entries, oldest first, and check that none takes effect before the first open day."""
        for entry in entries:
            entry_id, fund = entry["entry_id"], entry["fund"]
            about = entry["allocation_id"] or entry["pledge_id"]
            assert date.fromisoformat(entry["effective_on"]) >= open_from, f"f'in a closed year: {entry}'"
            assert entry["reverses"] not in self._reversed_ids, f"f'reversed twice: {entry}'"
            if entry["reverses"]:
                self._reversed_ids.add(entry["reverses"])
            if entry["type"] == "reversed":
                reversed_one = self.entries[entry["reverses"]]
                assert fund == reversed_one["fund"]
                change = {key: -by for key, by in self._changes[entry["reverses"]].items()}
                if about in self._given_back:
                    # The allocation was returned to the fund, so this amount is returned, too.
                    change |= {(who, "allocated"): by for (who, _), by in change.items()}
            elif entry["type"] == "returned":
                left = self.unspent(about)
                change = {(who, "allocated"): -left for who in (fund, about, purpose_of[about])}
                self._given_back.add(about)
            else:
                found = [
                    one for one in self._awaited if (one.type, one.fund, one.about) == (entry["type"], fund, about)
                ]
                assert len(found) == 1, f"f'not expected: {entry}'"
                self._awaited.remove(found[0])
                change = found[0].change
            self.entries[entry_id] = entry
            self._changes[entry_id] = change
            self.add(change)
        assert self._awaited == [], "every expected entry is written"

    # -- checks -----------------------------------------------------------------------------------------------------

    def check_fund(self, reported: Mapping[str, Any], pledges: Mapping[str, Any]) -> None:
        fund = reported["code"]
        counted = {figure: self[fund, figure] for figure in (*FIGURES, "in_kind")} | {"available": self.available(fund)}
        assert counted == {figure: reported[f"{figure}_usd_minor"] for figure in counted}, fund
        assert counted["available"] >= 0, fund
        needed = {
            (year, package or None): usd_minor
            for (whose, name), usd_minor in self._figures.items()
            if whose == fund and usd_minor and name.startswith("need ")
            for year, package in [name.removeprefix("need ").split("/")]
        }
        assert needed == {(str(one["year"]), one["work_package"]): one["usd_minor"] for one in reported["requirements"]}
        allocatable = counted["available"] + counted["allocated"] + self._owed(fund, pledges)
        required, covering = sum(needed.values()), allocatable - self._beyond_need(fund, needed)
        gap = min(required, max(0, required - covering))
        assert (required, allocatable, gap) == tuple(
            reported[f"{figure}_usd_minor"] for figure in ("requirement", "allocatable", "gap")
        )
        paid_for = {
            whose.removeprefix(f"{fund}/")
            for (whose, name), usd_minor in self._figures.items()
            if usd_minor and name in {"allocated", "spent"} and whose.startswith(f"{fund}/")
        }
        assert paid_for <= {one["work_package"] for one in reported["work_packages"]}, fund
        for one in reported["work_packages"]:
            self.check_purpose(f"{fund}/{one['work_package']}", one)

    def _owed(self, fund: str, pledges: Mapping[str, Any]) -> int:
        """Return the amount owed under agreements, less programme support cost."""
        carried = Counter[str]()
        for entry in self.entries.values():
            for posting in entry["postings"]:
                if entry["fund"] == fund and posting["account"] == "receivable":
                    carried[entry["pledge_id"]] += posting["usd_minor"]
        return sum(by - support_of(by, pledges[one]["support_cost_basis_points"]) for one, by in carried.items() if by)

    def _beyond_need(self, fund: str, needed: Mapping[tuple[str, str | None], int]) -> int:
        """Return the spending that exceeds the requirements up to its year and was not reversed later."""
        spent, need = Counter[int](), Counter[int]()
        for (year, _), usd_minor in needed.items():
            need[int(year)] += usd_minor
        for entry_id, change in self._changes.items():
            spent[int(self.entries[entry_id]["effective_on"][:4])] += change.get((fund, "spent"), 0)
        beyond = waiting = 0
        for year in sorted(spent.keys() | need.keys()):
            came_back = min(beyond, max(0, -spent[year]))
            beyond -= came_back
            waiting += need[year] - spent[year] - came_back
            if waiting < 0:
                beyond, waiting = beyond - waiting, 0
        return beyond

    def check_years(
        self, fund: Mapping[str, Any], reported: Sequence[Mapping[str, Any]], pledges: Iterable[Any]
    ) -> None:
        """Check that years add up to the fund's figures.

        Each year has its own movements, and the instalments due in it to the cent.
        """
        for figure in YEARLY:
            assert sum(one[f"{figure}_usd_minor"] for one in reported) == fund[f"{figure}_usd_minor"], figure
        moved: Counter[tuple[int, str]] = Counter()
        changed = set()
        for entry_id, entry in self.entries.items():
            if entry["type"] in {"recognized", "reduced", "written_off", "reversed"}:
                changed.add(entry["pledge_id"])
            for (whose, figure), by in self._changes[entry_id].items():
                if whose == fund["code"]:
                    moved[int(entry["effective_on"][:4]), figure] += by
        left = 0
        for one in reported:
            for figure in ("pledged", "paid", "allocated", "spent", "refunded", "transferred"):
                assert moved[one["year"], figure] == one[f"{figure}_usd_minor"], (one["year"], figure)
            held, needed = left + one["allocatable_usd_minor"], one["requirement_usd_minor"]
            assert (left, min(needed, max(0, needed - held))) == (one["left_before_usd_minor"], one["gap_usd_minor"])
            left = max(0, held - max(needed, one["spent_usd_minor"]))
        signed = [one for one in pledges if one["fund"] == fund["code"] and one["committed_usd_minor"]]
        if changed.isdisjoint(one["pledge_id"] for one in signed):
            self._check_due({one["year"]: one["committed_usd_minor"] for one in reported}, signed)

    @staticmethod
    def _check_due(committed: Mapping[int, int], signed: Sequence[Mapping[str, Any]]) -> None:
        """Check that each instalment of agreements without later changes has its share in the year of its due date."""
        due: Counter[int] = Counter()
        for pledge in signed:
            owed = [one for one in pledge["instalments"] if one["condition"] is None]
            for one in owed:
                share = Fraction(one["minor"], sum(each["minor"] for each in owed))
                due[int(one["due_on"][:4])] += round(share * pledge["committed_usd_minor"])
        for year in committed.keys() | due.keys():
            assert abs(due[year] - committed.get(year, 0)) <= len(signed), year

    def check_purpose(self, purpose: str, reported: Mapping[str, Any]) -> None:
        counted = self[purpose, "allocated"], self[purpose, "spent"]
        assert counted == (reported["allocated_usd_minor"], reported["spent_usd_minor"]), purpose

    def check_days(self, until: date) -> None:
        """Check that on no past day a fund had paid out more than it had received by then."""
        moved: Counter[tuple[str, str]] = Counter()
        for entry in self.entries.values():
            for posting in entry["postings"]:
                if posting["account"] == "available":
                    moved[entry["fund"], entry["effective_on"]] -= posting["usd_minor"]
        stood: Counter[str] = Counter()
        for (fund, day), by in sorted(moved.items()):
            stood[fund] += by
            assert stood[fund] >= 0 or date.fromisoformat(day) >= until, f"{fund} on {day}"
