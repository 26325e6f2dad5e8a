"""The yearly report in the sample world: drafted by a coordinator, written in two languages, issued and downloaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from chassis import clock
from services.demo.people import StepError
from services.demo.steps import Steps

COORDINATOR = "UNODC:coordinator"
BLOCK = "I.k"
WRITTEN = {
    "en": "[Fictitious sample] Central authorities asked above all for training on mutual legal assistance.",
    "fr": "[Exemple fictif] Les autorités centrales ont demandé avant tout des formations à l’entraide judiciaire.",
    "ar": "[نموذج وهمي] طلبت السلطات المركزية في المقام الأول التدريب على المساعدة القانونية المتبادلة.",
}
REWORDED = (
    "[Exemple fictif] Les autorités centrales ont surtout demandé des formations à l’entraide judiciaire, "
    "suivies de visites."
)
PRINTED = ("fr", "ar")


class Reported(Struct, frozen=True):
    """The issued report, and its files."""

    report: Mapping[str, Any]
    files: tuple[Path, ...]


async def report_the_year(steps: Steps, folder: Path) -> Reported:
    """Draft, write and issue the report of this year, unless it is issued; download it in French and in Arabic."""
    today = clock.now().date()
    steps.say("the year's report", 0, 1)
    found = await steps.all(COORDINATOR, f"/v1/reports?conference=true&year={today.year}", "reports")
    report = found[0] if found else None
    if report is None:
        body = {"year": today.year, "as_of": today.isoformat()}
        report = await steps.api.post(COORDINATOR, "/v1/reports", body, step=str(today))
    path = f"/v1/reports/{report['report_id']}"
    if report["status"] == "draft":
        report = await _write(steps, path)
        report = await steps.api.post(COORDINATOR, f"{path}/issue", {}, revision=report["revision"])
    report = await steps.api.get(COORDINATOR, path)
    if not any(one["text"] == REWORDED for one in report["texts"]):
        raise StepError("the report is not as it was written")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for language in PRINTED:
        made = await steps.api.download(COORDINATOR, f"{path}/pdf?language={language}")
        if not made.startswith(b"%PDF-"):
            raise StepError("the report is no PDF")
        file = folder / f"report-{report['year']}-{language}.pdf"
        file.write_bytes(made)
        files.append(file)
    steps.say("the year's report", 1, 1)
    return Reported(report, tuple(files))


async def _write(steps: Steps, path: str) -> Mapping[str, Any]:
    """Write one block in three languages, then edit it in French; the other two stay unchanged."""
    report: Mapping[str, Any] = await steps.api.get(COORDINATOR, path)
    for language, text in (*WRITTEN.items(), ("fr", REWORDED)):
        at = f"{path}/texts/{BLOCK}/{language}"
        report = await steps.api.put(COORDINATOR, at, {"text": text}, revision=report["revision"])
    return report
