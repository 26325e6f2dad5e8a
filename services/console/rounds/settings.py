"""The options of an allocation round in plain words, and the settings of the API that follow from them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.formats import day
from contracts.reference import country_name
from services.console.fields import Field, Option, Read, Typed, read, whole_number
from services.console.rendering import organization
from services.console.translations import N_, translated

BETWEEN = N_("%(provider)s for %(state)s")
EARLIER = N_("As in the earlier round: offering")
PAIRED = "+"
"""Separator between a line and an offering in the value of a box."""

PER_CENT = 10
"""Number of thousandths in a per cent: the API counts in thousandths, people in per cent."""

PRIORITIES = {
    "urgent": N_("Triage found it urgent"),
    "high": N_("Triage gave it high priority"),
    "ldc": N_("A least developed country asks"),
    "lldc": N_("A landlocked developing country asks"),
    "sids": N_("A small island developing State asks"),
    "review": N_("The review mechanism found the need"),
    "cannot_wait": N_("The State says that it cannot wait"),
    "waiting": N_("For each 30 days of waiting"),
}
USUAL: Mapping[str, int] = {
    "urgent": 500,
    "high": 200,
    "ldc": 300,
    "lldc": 200,
    "sids": 200,
    "review": 200,
    "cannot_wait": 300,
    "waiting": 20,
}
SEARCH = (
    Field(
        name="fairness_loss",
        label=N_("How much benefit may be given up so that more States get something"),
        kind="choice",
        options=(("0", N_("Nothing")), ("50", N_("Up to 5%")), ("100", N_("Up to 10%")), ("200", N_("Up to 20%"))),
        value="50",
    ),
    Field(
        name="seconds",
        label=N_("How long to search for the best plan"),
        kind="choice",
        options=(("10", N_("10 seconds")), ("20", N_("20 seconds")), ("60", N_("1 minute")), ("120", N_("2 minutes"))),
        value="20",
    ),
)
WEIGHTS = tuple(
    Field(name=f"priorities.{name}", label=label, kind="number", value=USUAL[name] // PER_CENT)
    for name, label in PRIORITIES.items()
)
MONEY = (
    Field(
        name="funds",
        label=N_("Funds"),
        hint=N_("Their available money is read now. Without any fund, money is not considered."),
        kind="choices",
        options="funds",
        required=False,
    ),
)
DECIDED = (
    Field(
        name="pinned",
        label=N_("Matches that must be in the plan"),
        kind="choices",
        options="fitting",
        required=False,
    ),
    Field(
        name="forbidden",
        label=N_("Matches that must not be in the plan"),
        kind="choices",
        options="fitting",
        required=False,
    ),
)
"""Fields of pairs of a need and an offering that the earlier round planned or considered."""

FIELDS = (*SEARCH, *MONEY, *WEIGHTS, *DECIDED)


def settings_of(typed: Typed) -> Read:
    """Read the settings of a round that were typed."""
    found = read(FIELDS, typed)
    if found.errors:
        return found
    body: dict[str, Any] = {
        "fairness_loss": whole_number(found.body["fairness_loss"]),
        "seconds": whole_number(found.body["seconds"]),
        "priorities": {name: value * PER_CENT for name, value in found.body["priorities"].items()},
    }
    if found.body.get("funds"):
        body["funds"] = found.body["funds"]
    for name in ("pinned", "forbidden"):
        pairs = [one.partition(PAIRED) for one in found.body.get(name, ())]
        body[name] = [{"line_id": line, "offering_id": offering} for line, _, offering in pairs]
    return Read(body, ())


def pair_of(line_id: str, offering_id: str) -> str:
    return f"{line_id}{PAIRED}{offering_id}"


def fitting(found: Mapping[str, Any], language: str) -> list[Option]:
    """Return the pairs of a need and an offering that a round planned, considered in vain, or was given."""
    pairs: dict[str, Option] = {}
    said = translated(language, BETWEEN)
    for line in (*found["plan"], *found["unmet"]):
        for one in (*line.get("deliveries", ()), *line.get("hindrances", ())):
            names = {
                "provider": organization(language, one["provider"]),
                "state": country_name(line["state"], language),
            }
            value = pair_of(line["line_id"], one["offering_id"])
            pairs.setdefault(value, Option(value, said % names, day(one["starts"], language)))
    for one in (*found["settings"]["pinned"], *found["settings"]["forbidden"]):
        value = pair_of(one["line_id"], one["offering_id"])
        pairs.setdefault(value, Option(value, translated(language, EARLIER), one["offering_id"]))
    return list(pairs.values())


def filled(settings: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields with the settings of an earlier round, to change some of them."""
    priorities = settings.get("priorities") or USUAL
    values: dict[str, Any] = {f"priorities.{name}": priorities[name] // PER_CENT for name in PRIORITIES}
    for name in ("fairness_loss", "seconds"):
        if settings.get(name) is not None:
            values[name] = str(settings[name])
    values["funds"] = settings.get("funds") or []
    for name in ("pinned", "forbidden"):
        values[name] = [pair_of(one["line_id"], one["offering_id"]) for one in settings.get(name) or ()]
    return tuple(msgspec.structs.replace(one, value=values.get(one.name, one.value)) for one in FIELDS)
