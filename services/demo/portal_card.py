"""The card of SHERLOC's desk, which the demo prints at its end."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from services.demo.cards import heading
from services.demo.portal import FICTITIOUS, Portal


def portal_card(portal: Portal) -> Iterator[RenderableType]:
    """How fresh three registers are, and a practice in the catalogue."""
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
        title = str(practice["title"]).removeprefix(FICTITIOUS)
        grid.add_row(f"  a {practice['practice_kind']} of {practice['state']}", title)
        tags = ", ".join((*practice["articles"], *practice["topics"]))
        grid.add_row("", f"{practice['status']}, about {tags}; used in {practice['uses']} delivery")
    yield grid
