"""Pictures of counts of the API. They count all that the reader may see, small numbers too."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.charts.amounts import amounts
from contracts import reference
from contracts.formats import direction, month, number
from services.console.charts.heat_map import heat_map
from services.console.public.figures import Picture
from services.console.rendering import code_label
from services.console.statuses import REQUEST_STATUS
from services.console.translations import N_, translated, translations

Counts = Mapping[str, Any]
FLOW = N_("In the last 12 months: %(submitted)s submitted, %(opened)s opened, %(closed)s closed.")
LACKING = N_("“%(pillar)s” lacks most: needs that name it: %(needs)s, offerings: %(offerings)s.")
BALANCED = N_("No pillar is named by more needs than offerings.")


def flow(months: Sequence[Counts], language: str) -> Picture:
    """Draw months × statuses: how often a request entered the status, in the order of a request's life."""
    statuses = [one for one in REQUEST_STATUS if any(one in month["entered"] for month in months)]
    names = [translated(language, REQUEST_STATUS[one]) for one in statuses]
    rows = [month(one["month"], language) for one in months]
    cells = {
        (row, column): one["entered"].get(status, 0)
        for row, one in enumerate(months)
        for column, status in enumerate(statuses)
    }
    written = {at: number(count, language) for at, count in cells.items()}
    whole = {
        name: number(sum(one["entered"].get(status, 0) for one in months), language)
        for name, status in (("submitted", "submitted"), ("opened", "open"), ("closed", "closed"))
    }
    finding = translated(language, FLOW) % whole
    return Picture(
        name="requests-by-state",
        finding=finding,
        svg=heat_map(rows, names, cells, written=written, title=finding, mirrored=direction(language) == "rtl"),
        headers=[translations(language).gettext("Month"), *names],
        rows=[[name, *(written[row, column] for column in range(len(names)))] for row, name in enumerate(rows)],
    )


def pillars(requests: Counts, offerings: Counts, language: str) -> Picture:
    """Draw the needs and the available offerings that name each pillar."""
    gettext = translations(language).gettext
    needs, offered, colon = gettext("Needs"), gettext("Offerings"), gettext(": ")
    counts = [
        (code_label(language, code, "pillars"), requests["by_pillar"].get(code, 0), offerings["by_pillar"].get(code, 0))
        for code in reference.pillars()
    ]
    name, wanted, available = max(counts, key=lambda one: one[1] - one[2])
    finding = translated(language, BALANCED)
    if wanted > available:
        said = {"pillar": name, "needs": number(wanted, language), "offerings": number(available, language)}
        finding = translated(language, LACKING) % said
    bars = [
        (f"{pillar}{colon}{of}", count, number(count, language))
        for pillar, *both in counts
        for of, count in zip((needs, offered), both, strict=True)
    ]
    return Picture(
        name="pillars",
        finding=finding,
        svg=amounts(bars, title=finding, mirrored=direction(language) == "rtl", names=("bar-1", "bar-2")),
        headers=[gettext("Pillar"), needs, offered],
        rows=[[pillar, number(one, language), number(other, language)] for pillar, one, other in counts],
    )
