"""Rendering of statements in child processes, with the limits of `chassis.printing.renderer`."""

import msgspec
from msgspec import Struct

from chassis.printing import renderer
from contracts.refusals import Unavailable
from contracts.values import Language
from services.pledges.statements.model import Statement, lines_in

LARGE_LINES = 1_000
"""Number of lines above which a statement takes both slots.

Such a statement takes up to 1.1 GB of memory, a smaller one half of that.
"""


class RenderInput(Struct, frozen=True, kw_only=True):
    """The input of a child process."""

    statement: Statement
    language: Language


class StatementRenderer(renderer.DocumentRenderer):
    """Renderer of statements."""

    def __init__(
        self, *, wait_seconds: float = renderer.WAIT_SECONDS, set_seconds: float = renderer.SET_SECONDS
    ) -> None:
        module, busy = "services.pledges.statements.printing", lambda: Unavailable("statement-not-now")
        super().__init__(module, busy, wait_seconds=wait_seconds, set_seconds=set_seconds)

    async def statement_pdf(self, statement: Statement, language: Language, *, organization: str) -> bytes:
        """Render a statement.

        Raises Unavailable if it takes too long, Excessive if too many calls of the organization are already waiting.
        """
        order = msgspec.json.encode(RenderInput(statement=statement, language=language))
        return await self.render(order, organization=organization, large=lines_in(statement) > LARGE_LINES)
