"""The text of a digest's entry: its reference and the labels of its codes, in six languages."""

from contracts import reference
from contracts.values import Language
from services.notifications.digests.model import Entry
from services.notifications.notices.wording import KINDS_SHOWN_MAX, RIGHT_TO_LEFT, isolated, organization_name


def words_of(entry: Entry, language: Language) -> str:
    """Return one line, such as `TA-2026-48047-06193 · Kenya · Training on mutual legal assistance`."""
    shown = isolated(entry.reference) if language in RIGHT_TO_LEFT else entry.reference
    kinds = [reference.kinds()[code].label(language) for code in entry.kinds[:KINDS_SHOWN_MAX]]
    more = ["…"] if len(entry.kinds) > KINDS_SHOWN_MAX else []
    named = [shown] if entry.reference else []
    return " · ".join([*named, organization_name(entry.organization, language), *kinds, *more])
