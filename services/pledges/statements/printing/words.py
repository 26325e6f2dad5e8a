"""The texts of a statement in one of the six languages: every label, amount and day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from chassis.printing.typesetting import RTL
from contracts import formats
from contracts.reference import countries, country_name, in_kind_forms
from contracts.values import Language
from services.pledges.funds.shares import FundShare
from services.pledges.in_kind.model import InKindLine
from services.pledges.money.model import BASIS_POINTS, USD
from services.pledges.statements.model import Amount, Movement, PledgeAccount, Receipt, Standing, Statement

DASH = "–"
NO_BREAK = "\u00a0"

COLUMNS = ("pledged", "committed", "received", "outstanding")
OTHER_COLUMNS = ("refunded", "written_off", "exchange_difference", "carried_over")
"""Columns in US dollars only, shown where there is any such amount."""
HEADINGS = (
    *(
        "summary",
        "never-added",
        "committed-explained",
        "pledges",
        "columns-explained",
        "movements",
        "receipts",
        "schedule",
    ),
    *("receipts-total", "receipts-explained", "funds", "funds-explained"),
    *("in_kind", "in-kind-explained"),
)
"""Labels that the template reads by name; all other labels are in its input."""

Cell = str | list[str]
"""A text, or the lines of a figure, the first in the largest type."""


class LabelFile(msgspec.Struct, frozen=True):
    """The labels of a language, and their status: `compiled` if no speaker has reviewed them."""

    status: str
    words: dict[str, str]


@cache
def labels(language: Language) -> Mapping[str, str]:
    folder = resources.files(__package__).joinpath("labels")
    return msgspec.json.decode(folder.joinpath(f"{language}.json").read_bytes(), type=LabelFile).words


class TemplateData:
    """The template's input as data.

    The caller replaces characters that the fonts lack (`legible`).
    """

    def __init__(self, statement: Statement, language: Language) -> None:
        self._statement = statement
        self._language = language
        self._words = labels(language)

    def data(self) -> dict[str, Any]:
        statement, words = self._statement, self._words
        return {
            "language": self._language.value,
            "direction": "rtl" if self._language in RTL else "ltr",
            "title": words["title_of"].format(title=words["title"], donor=self.donor),
            "author": words["author"],
            "words": {name: words[name] for name in HEADINGS},
            "foot": words["foot"].format(moment=isolated(instant(statement.as_of))),
            "facts": [
                [words["donor"], f"{self.donor} ({statement.donor})", "t"],
                [words["period"], self._period(), "t"],
                [words["as_of"], self.moment(statement.as_of), "t"],
            ],
            "summary": {
                "head": [USD, words["before"], words["within"], words["at_end"]],
                "rows": [self._summed(column) for column in [*COLUMNS, *filter(self._has_moved, OTHER_COLUMNS)]],
            },
            "currencies": {
                "head": [words["currencies"], *(words[column] for column in COLUMNS)],
                "rows": [
                    [one.currency, *self._columns(one.closing, one.currency, COLUMNS)] for one in statement.currencies
                ],
            },
            "movements-head": [words["value_date"], words["entry"], words["rate"], *(words[c] for c in COLUMNS)],
            "receipts-head": [
                words[name]
                for name in (
                    *("number", "value_date", "entry", "amount", "agreed", "exchange_difference", "bank_charges"),
                    *("support_cost", "available"),
                )
            ],
            "schedule-head": [words[name] for name in ("due_on", "due", "paid", "outstanding")],
            "drawn-head": [words[name] for name in ("purpose", "allocated", "spent")],
            "pledges": [self._pledge(one) for one in statement.pledges],
            "receipt-totals": self._receipt_totals(),
            "funds": [
                *(self._fund(one) for one in statement.funds),
                *(self._uncounted(fund) for fund in statement.uncounted_funds),
            ],
            "in-kind": self._in_kind(),
        }

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def donor(self) -> str:
        """The name of a State, or the code of any other organization."""
        donor = self._statement.donor
        return country_name(donor, self._language) if donor in countries() else donor

    def _period(self) -> str:
        statement = self._statement
        form = self._words["period_all" if statement.starts is None else "period_from"]
        return form.format(starts=self.day(statement.starts) if statement.starts else "", ends=self.day(statement.ends))

    def _has_moved(self, column: str) -> bool:
        name = f"{column}_usd_minor"
        return bool(getattr(self._statement.opening, name) or getattr(self._statement.closing, name))

    def _summed(self, column: str) -> list[Cell]:
        before, end = (
            getattr(one, f"{column}_usd_minor") for one in (self._statement.opening, self._statement.closing)
        )
        label = self._words.get(column) or self._words[f"entry_{column}"]
        return [label, *([self.dollars(minor)] for minor in (before, end - before, end))]

    def _columns(self, standing: Standing, currency: str, columns: Sequence[str]) -> list[Cell]:
        return [self.amount(getattr(standing, column), currency) for column in columns]

    def _pledge(self, one: PledgeAccount) -> dict[str, Any]:
        words, currency = self._words, one.pledged.currency
        facts = [[words["pledge"], str(one.pledge_id), "f"], [words["earmarking"], self._code(one.earmarking), "t"]]
        if one.agreement_reference is not None:
            facts.append([words["agreement"], one.agreement_reference, "t"])
        if one.support_cost_basis_points is not None:
            percent = formats.percent(one.support_cost_basis_points, BASIS_POINTS, self._language, decimals=2)
            facts.append([words["support_cost"], percent, "f"])
        if one.note:
            facts.append([words["note"], one.note, "t"])
        opening = [
            [DASH, words["before"], DASH, *self._columns(one.opening, currency, COLUMNS)]
            for _ in range(self._statement.starts is not None)
        ]
        closing = [
            self.day(self._statement.ends),
            words["at_end"],
            DASH,
            *self._columns(one.closing, currency, COLUMNS),
        ]
        return {
            "money": self.money(one.pledged.minor, currency),
            "fund": self._fund_name(one.fund),
            "facts": facts,
            "movements": [*opening, *(self._movement(moved, currency) for moved in one.movements)],
            "closing": closing,
            "receipts": [self._receipt(receipt, currency) for receipt in one.receipts],
            "schedule": [
                [
                    self.day(due.due_on),
                    *(
                        [self.money(minor, currency)]
                        for minor in (due.minor, due.paid_minor, due.minor - due.paid_minor)
                    ),
                ]
                for due in one.schedule
            ],
        }

    def _movement(self, moved: Movement, currency: str) -> list[Cell]:
        figures = [
            self.amount(getattr(moved.moved, column), currency) if getattr(moved.moved, column) != Amount() else [DASH]
            for column in COLUMNS
        ]
        entry = self._entry(moved)
        if (carried := moved.moved.carried_over.usd_minor) != 0:
            entry = f"{entry} · {self.dollars(abs(carried))}"
        return [self.day(moved.effective_on), entry, self._rate(moved), *figures]

    def _entry(self, moved: Movement | Receipt) -> str:
        """Return the type of an entry.

        For a reversal it is the reversed type, with the number of its receipt if it has one.
        """
        label, back = self._code(f"entry_{moved.type}", moved.type), moved.takes_back
        if back is None:
            return label
        label = self._code(f"entry_{moved.type}_{back.type}", label)
        return label if back.number is None else f"{label} · {self._words['number']}{NO_BREAK}{back.number}"

    def _rate(self, moved: Movement | Receipt | InKindLine) -> str:
        if moved.rate is None or moved.rate_date is None:
            return DASH
        rate = formats.rate(moved.rate, self._language)
        return " · ".join([isolated(rate), isolated(moved.rate_source or DASH), self.day(moved.rate_date)])

    def _receipt(self, receipt: Receipt, currency: str) -> list[Cell]:
        return [
            [str(receipt.number)],
            self.day(receipt.received_on),
            self._entry(receipt),
            self.amount(receipt.money, currency),
            [self.dollars(receipt.agreed_usd_minor)],
            [self.dollars(receipt.exchange_difference_usd_minor)],
            [self.dollars(receipt.bank_charges_usd_minor) if receipt.bank_charges_usd_minor else DASH],
            [self.dollars(receipt.support_cost_usd_minor)],
            [self.dollars(receipt.available_usd_minor)],
        ]

    def _receipt_totals(self) -> dict[str, Any] | None:
        if not any(one.receipts for one in self._statement.pledges):
            return None
        names = ("received", "agreed", "exchange_difference", "bank_charges", "support_cost", "available")
        totals = self._statement.receipts
        return {
            "head": [self._words[name] for name in names],
            "row": [[self.dollars(getattr(totals, f"{name}_usd_minor"))] for name in names],
        }

    def _fund(self, one: FundShare) -> dict[str, Any]:
        words = self._words
        return {
            "fund": self._fund_name(one.fund),
            "facts": [
                [words["as_of"], self.moment(self._statement.funds_as_of), "t"],
                [words["contributed"], self.dollars(one.contributed_usd_minor), "f"],
                [words["fund_contributed"], self.dollars(one.fund_contributed_usd_minor), "f"],
                [words["balance"], self.dollars(one.balance_usd_minor), "f"],
            ],
            "drawn": [
                [
                    self._code(f"purpose_{drawn.purpose}", drawn.purpose),
                    [self.dollars(drawn.allocated_usd_minor)],
                    [self.dollars(drawn.spent_usd_minor)],
                ]
                for drawn in one.drawn
            ],
            "total": [words["total"], [self.dollars(one.allocated_usd_minor)], [self.dollars(one.spent_usd_minor)]],
        }

    def _uncounted(self, fund: str) -> dict[str, Any]:
        as_of = [self._words["as_of"], self.moment(self._statement.funds_as_of), "t"]
        counted = [self._words["contributed"], self._words["not-counted-yet"], "t"]
        return {"fund": self._fund_name(fund), "facts": [as_of, counted], "drawn": []}

    def _in_kind(self) -> dict[str, Any] | None:
        """Return contributions in kind, in a table of their own; their worth is not included in any total of money."""
        words, statement = self._words, self._statement
        if not statement.in_kind:
            return None
        forms, names = in_kind_forms(), ("provided_on", "fund", "form", "description", "rate", "worth")
        return {
            "head": [words[name] for name in names],
            "rows": [
                [
                    self.day(one.provided_on),
                    self._fund_name(one.fund),
                    forms[one.form].label(self._language.value) if one.form in forms else one.form,
                    one.description or DASH,
                    self._rate(one),
                    self.amount(Amount(one.money.minor, one.usd_minor), one.money.currency),
                ]
                for one in statement.in_kind
            ],
            "total": [words["total"], DASH, DASH, DASH, DASH, [self.dollars(statement.in_kind_usd_minor)]],
        }

    def _fund_name(self, code: str) -> str:
        labels_of = {one.fund: one.labels for one in self._statement.funds}
        name = labels_of.get(code, {}).get(self._language.value)
        return f"{name} ({code})" if name else code

    def _code(self, name: str, code: str | None = None) -> str:
        """Return the label of a code; for a code newer than the labels, the code."""
        return self._words.get(name, code or name)

    # -- figures ------------------------------------------------------------------------------------------------------

    def money(self, minor: int, currency: str) -> str:
        return formats.money(minor, currency, self._language, cents=True).replace(" ", NO_BREAK)

    def dollars(self, minor: int) -> str:
        return self.money(minor, USD)

    def amount(self, amount: Amount, currency: str) -> Cell:
        """Return an amount in the currency of the pledge, and below it in US dollars."""
        own = self.money(amount.minor, currency)
        return [own] if currency == USD else [own, self.dollars(amount.usd_minor)]

    def day(self, day: date) -> str:
        return formats.day(day, self._language)

    def moment(self, moment: datetime) -> str:
        return formats.moment(moment, self._language, seconds=True)


def isolated(shown: str) -> str:
    """Isolate a text from the text beside it, left to right."""
    return f"\N{LEFT-TO-RIGHT ISOLATE}{shown}\N{POP DIRECTIONAL ISOLATE}"


def instant(moment: datetime) -> str:
    """Format a moment by RFC 3339 to the microsecond, usable as `as_of`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def texts(data: Any) -> Iterable[str]:
    """Yield every text in the template's input."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts(value)
