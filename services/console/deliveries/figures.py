"""Chart of the participants of a delivery beside their intended number."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from contracts.formats import number
from services.console.charts.bars import Bar, Part, legend, stacked
from services.console.deliveries.words import SEX
from services.console.funds.figures import Picture
from services.console.translations import N_, translations

TOOK_PART, TO_TAKE_PART = N_("Took part"), N_("Were to take part")
ANYONE = N_("Women or men")
FINDING = N_("Participants by sex, beside the target")


def drawn(sessions: Mapping[str, Any], language: str) -> tuple[Picture, Markup] | None:
    """Draw two bars. Return None if no participant is reported yet, or a count is not shown to this reader."""
    took_part = [one["people"] for one in sessions["participants"]["by_sex"]]
    if not sessions["participants"]["people"] or None in took_part:
        return None
    gettext = translations(language).gettext
    wanted = sessions["women"], 0, 0, sessions["people"] - sessions["women"]
    bars = tuple(
        Bar(
            gettext(label),
            tuple(Part(value, number(value, language)) for value in values),
            number(sum(values), language),
        )
        for label, values in ((TOOK_PART, (*took_part, 0)), (TO_TAKE_PART, wanted))
    )
    parts = legend([*(gettext(one) for one in SEX.values()), gettext(ANYONE)])
    finding = gettext(FINDING)
    return Picture(finding, bars, parts), stacked(bars, parts, language)
