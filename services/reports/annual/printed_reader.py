"""Reads the contents of a report for printing."""

from collections import defaultdict
from uuid import UUID

from chassis.db.database import Tx
from contracts.values import Caller, Language
from services.reports import policy
from services.reports.annual import store
from services.reports.annual.printing.words import Printed
from services.reports.policy import Action


async def printed(tx: Tx, caller: Caller, report_id: UUID) -> Printed:
    """Return the report with its figures and texts. Raises Missing if the caller may not see it."""
    report = await store.get(tx, report_id, caller)
    policy.decide(caller, Action.SHOW_REPORT, report).required()
    texts: dict[str, dict[Language, str]] = defaultdict(dict)
    for (block, language), text in (await store.texts_of(tx, report_id)).items():
        texts[block][language] = text
    return Printed(report=report, figures=await store.figures_of(tx, report_id), texts=texts)
