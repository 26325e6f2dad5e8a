"""The cards of SHERLOC's desk, which the demo prints at its end."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from services.demo.cards import heading
from services.demo.extending import Extended
from services.demo.portal import Portal
from services.demo.samples import unmarked
from services.demo.tables import amount


def portal_card(portal: Portal) -> Iterator[RenderableType]:
    """Yield the freshness of three registers, and a practice in the catalogue."""
    yield heading("SHERLOC's desk", f"{len(portal.freshness)} registers")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for one in sorted(portal.freshness, key=lambda each: str(each["state"])):
        counts = ", ".join(
            f"{count['articles']} {count['status'].replace('_', ' ')}" for count in one["counts"] if count["articles"]
        )
        grid.add_row(f"  {one['state']}, {one['articles']} articles", counts)
        grid.add_row("", f"not verified for a year: {one['unverified']} records")
    practice = portal.practice
    if practice:
        title = unmarked(practice["title"])
        grid.add_row(f"  a {practice['practice_kind']} of {practice['state']}", title)
        tags = ", ".join((*practice["articles"], *practice["topics"]))
        grid.add_row("", f"{practice['status']}, about {tags}; used in {practice['uses']} delivery")
    yield grid


def extension_card(extended: Extended) -> Iterator[RenderableType]:
    """Yield an extension of SHERLOC with its votes, the pledge earmarked to it, and its donor's notifications."""
    one, pledge = extended.extension, extended.pledge
    yield heading("An extension of SHERLOC", one["status"])
    grid = _rows()
    grid.add_row("  title", Text(unmarked(one["title"])))
    grid.add_row("  cost", f"{amount(one['cost'])}, work package {one['work_package']}")
    grid.add_row("  votes of", ", ".join(one["voted_by"]))
    grid.add_row("  earmarked to it", f"{amount(pledge['money'])} from {pledge['donor']}, {pledge['status']}")
    for note in one["progress_notes"]:
        grid.add_row(f"  progress {note['noted_at'][:10]}", Text(unmarked(note["text"])))
    for notice in extended.notices:
        grid.add_row(f"  {notice['organization']} is notified", Text(notice["subject"]))
    yield grid


def review_progress_card(extended: Extended) -> Iterator[RenderableType]:
    """Yield the progress of two States after the review, and which of it the table for the Conference shows."""
    yield heading("Progress after the review", f"{extended.table['agreed']} in the table")
    grid = _rows()
    for one in extended.progress:
        shown = "in the table for the Conference" if one["status"] == "shown" else "read by its State and UNODC only"
        cluster, progress = (str(one[name]).replace("_", " ") for name in ("cluster", "progress"))
        grid.add_row(f"  {one['state']}", f"{cluster}: {progress}; {shown}")
        grid.add_row("", Text(unmarked(one["text"])))
    yield grid


def _rows() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    return grid
