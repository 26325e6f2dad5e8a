"""Copies of what is published: fresh for a minute, and shown for a day while the API does not answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.client import ApiUnavailable, Problem
from services.console.public.copies import FRESH, KEPT_MAX, LAST, PAUSE, Copies

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Api:
    """An API that answers with a number that rises, or raises what it is set to raise."""

    def __init__(self) -> None:
        self.calls = 0
        self.raises: Exception | None = None

    async def __call__(self) -> Any:
        self.calls += 1
        if self.raises is not None:
            raise self.raises
        return self.calls


async def test_copy_is_asked_for_again_after_a_minute() -> None:
    copies, api = Copies(), Api()

    shown = [(await copies.get("a", api, now=NOON + after)).body for after in (timedelta(0), FRESH / 2, FRESH)]

    assert [1, 1, 2] == shown


@pytest.mark.parametrize("silence", [ApiUnavailable("down"), Problem(503, {"slug": "unavailable"})])
async def test_last_good_copy_is_shown_for_a_day_when_the_api_is_silent(silence: Exception) -> None:
    copies, api = Copies(), Api()
    await copies.get("a", api, now=NOON)
    api.raises = silence

    old = await copies.get("a", api, now=NOON + 2 * FRESH)

    assert (1, NOON, True) == (old.body, old.at, old.is_old)
    with pytest.raises(type(silence)):
        await copies.get("a", api, now=NOON + LAST)


async def test_silent_api_is_asked_again_only_after_a_pause() -> None:
    copies, api = Copies(), Api()
    await copies.get("a", api, now=NOON)
    api.raises = ApiUnavailable("down")
    for after in (FRESH, FRESH + PAUSE / 2):
        await copies.get("a", api, now=NOON + after)
    assert 2 == api.calls

    api.raises = None
    fresh = await copies.get("a", api, now=NOON + FRESH + PAUSE)

    assert (3, False) == (fresh.body, fresh.is_old)


async def test_one_who_asks_too_often_keeps_no_copy_old_for_others() -> None:
    copies, api = Copies(), Api()
    await copies.get("a", api, now=NOON)
    api.raises = Problem(429, {"slug": "rate-limit-reached"})
    assert (await copies.get("a", api, now=NOON + FRESH)).is_old
    with pytest.raises(Problem):
        await copies.get("b", api, now=NOON + FRESH)

    api.raises = None
    assert not (await copies.get("a", api, now=NOON + FRESH)).is_old


async def test_what_is_not_published_any_more_is_not_shown_from_a_copy() -> None:
    copies, api = Copies(), Api()
    await copies.get("a", api, now=NOON)
    for raised in (Problem(404, {"slug": "not-found"}), ApiUnavailable("down")):
        api.raises = raised
        with pytest.raises(type(raised)):
            await copies.get("a", api, now=NOON + FRESH)


async def test_only_the_copies_asked_for_last_are_kept() -> None:
    copies, api = Copies(), Api()
    for number in range(KEPT_MAX + 1):
        await copies.get(number, api, now=NOON)

    await copies.get(KEPT_MAX, api, now=NOON)
    assert KEPT_MAX + 1 == api.calls
    await copies.get(0, api, now=NOON)
    assert KEPT_MAX + 2 == api.calls
