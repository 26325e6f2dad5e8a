"""Steps of tests of yearly checks of the register: a State is asked a year after its first record."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.db.database import Database
from contracts.answer_links import AnswerLink, Purpose, token_of
from services.sherloc.checks import actions
from tests.builders import a_caller, headers
from tests.clocks import MORNING, Ticking
from tests.sherloc.steps import COORDINATOR, KENYA, Client

KEY = b"0123456789abcdef0123456789abcdef"
LINK = "/v1/legislation/checks/link"
YEAR = timedelta(days=366)
DAY = timedelta(days=1)


def later(passed: timedelta) -> Any:
    """Set the clock of the block forward by a duration."""
    moment: datetime = MORNING + passed
    return clock.use_clock(Ticking(moment))


async def ask(db: Database, after: timedelta = YEAR) -> int:
    """Ask the States that are due some time after the tests begin, and return their number."""
    async with db.transaction() as tx:
        return await actions.ask(tx, MORNING + after)


async def checks(api: Client, by: str = COORDINATOR) -> list[dict[str, Any]]:
    answer = await api.get("/v1/legislation/checks", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["checks"])


def link(check_id: str, by: str = KENYA, key: bytes = KEY, purpose: Purpose = Purpose.LEGISLATION_CHECK) -> str:
    said = AnswerLink(purpose=purpose, about=UUID(check_id), person_id=a_caller(by).person_id)
    return f"{LINK}?token={token_of(key, said)}"
