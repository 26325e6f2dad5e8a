"""The options of an allocation round in plain words, and its settings in the API that follow from them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.console.fields import Field, Read, Typed, read
from services.console.translations import N_

PER_CENT = 10
"""Thousandths in a per cent: the API counts in thousandths, people in per cent."""

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
FIELDS = (*SEARCH, *WEIGHTS)


def settings_of(typed: Typed) -> Read:
    """The settings of a round that were typed."""
    found = read(FIELDS, typed)
    if found.errors:
        return found
    body = {
        "fairness_loss": int(found.body["fairness_loss"]),
        "seconds": int(found.body["seconds"]),
        "priorities": {name: value * PER_CENT for name, value in found.body["priorities"].items()},
    }
    return Read(body, ())


def filled(settings: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields with the settings of an earlier round, to change some of them."""
    priorities = settings.get("priorities") or USUAL
    values: dict[str, Any] = {f"priorities.{name}": priorities[name] // PER_CENT for name in PRIORITIES}
    for name in ("fairness_loss", "seconds"):
        if settings.get(name) is not None:
            values[name] = str(settings[name])
    return tuple(msgspec.structs.replace(one, value=values.get(one.name, one.value)) for one in FIELDS)
