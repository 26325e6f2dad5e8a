"""The rules of the IATI standard that its schema cannot express, applied to a file.

They are those of `standard.json` of IATI-Rulesets.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

Case = Mapping[str, Any]
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LIFTED = "idCondition"
"""A case for identifiers that are not registered yet; it needs the registers, which are not part of the rules."""


@cache
def rules_in(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads((folder / "standard.json").read_bytes())
    return found


def broken(folder: Path, file: bytes, *, today: date) -> list[str]:
    """Return the broken rules and the warnings for a file: number, severity and message."""
    root = etree.fromstring(file)
    return [
        f"{case['ruleInfo']['id']} {case['ruleInfo']['severity']}: {case['ruleInfo']['message']}"
        for context, rules in rules_in(folder).items()
        for at in root.xpath(context)
        for kind, case in _cases(at, rules)
        if LIFTED not in case and not _HOLDS[kind](at, case, today)
    ]


def _cases(at: Any, rules: Mapping[str, Any]) -> Iterator[tuple[str, Case]]:
    for kind, of_kind in rules.items():
        for case in of_kind["cases"]:
            if kind == "loop":
                for value in sorted(set(at.xpath(case["foreach"]))):
                    written = json.dumps(case["do"]).replace("$1", value)
                    yield from _cases(at, json.loads(written))
            elif "condition" not in case or at.xpath(case["condition"]):
                yield kind, case


def _texts(at: Any, case: Case) -> list[str]:
    found = [one for path in case["paths"] for one in at.xpath(path)]
    return [one if isinstance(one, str) else one.text or "" for one in found]


def _count(at: Any, case: Case) -> int:
    return sum(len(at.xpath(path)) for path in case["paths"])


def _days(at: Any, path: str, today: date) -> list[date]:
    return [today] if path == "NOW" else [date.fromisoformat(one[:10]) for one in at.xpath(path)]


def _one_or_all(at: Any, case: Case, _: date) -> bool:
    if at.xpath(case["one"]):
        return True
    match case["all"]:
        case "lang":
            return all(one.get(LANG) for one in at.iter("narrative"))
        case "currency":
            return all(one.get("currency") for one in at.iter("value", "forecast", "loan-status"))
        case name:
            return all(one.find(name) is not None for one in at.iter("transaction"))


def _date_order(at: Any, case: Case, today: date) -> bool:
    less, more = _days(at, case["less"], today), _days(at, case["more"], today)
    return all(first <= last for first in less for last in more)


def _time_limit(at: Any, case: Case, today: date) -> bool:
    starts, ends = _days(at, case["start"], today), _days(at, case["end"], today)
    return all(last - first <= timedelta(days=366) for first in starts for last in ends)


def _prefixed(at: Any, case: Case, _: date) -> bool:
    prefixes = tuple(str(one) + case.get("separator", "") for path in case["prefix"] for one in at.xpath(path))
    return all(text.startswith(prefixes) for text in _texts(at, case))


_HOLDS: Mapping[str, Any] = {
    "unique": lambda at, case, _: len(set(_texts(at, case))) == len(_texts(at, case)),
    "startswith": _prefixed,
    "atleast_one": lambda at, case, _: _count(at, case) >= 1,
    "no_more_than_one": lambda at, case, _: _count(at, case) <= 1,
    "one_or_all": _one_or_all,
    "date_now": lambda at, case, today: all(one <= today for one in _days(at, case["date"], today)),
    "date_order": _date_order,
    "time_limit": _time_limit,
    "regex_matches": lambda at, case, _: all(re.search(case["regex"], text) for text in _texts(at, case)),
    "no_spaces": lambda at, case, _: all(text == text.strip() for text in _texts(at, case)),
    "strict_sum": lambda at, case, _: sum(map(Decimal, _texts(at, case))) == case["sum"],
    "range": lambda at, case, _: all(case["min"] <= float(text) <= case["max"] for text in _texts(at, case)),
    "if_then": lambda at, case, _: not at.xpath(case["if"]) or bool(at.xpath(case["then"])),
}
