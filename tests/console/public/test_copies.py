"""Copies of what is published: fresh for two seconds, and shown for a day while the API does not answer."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.console.client import ApiUnavailable, Problem
from services.console.public.copies import FRESH, KEPT_MAX, LAST, PAUSE, Copies

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PATH = "/v1/public/offerings"
ID = "01a23b54-ef1d-75ee-97d1-af6639ad66be"
FACT = f'{{"offering_id": "{ID}"}}'.encode()


def following() -> Copies:
    copies = Copies()
    copies.begin()
    return copies


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


async def test_copy_is_asked_for_again_after_two_seconds() -> None:
    copies, api = following(), Api()

    shown = [(await copies.get(PATH, "a", api, now=NOON + after)).body for after in (timedelta(0), FRESH / 2, FRESH)]

    assert [1, 1, 2] == shown


@pytest.mark.parametrize("silence", [ApiUnavailable("down"), Problem(503, {"slug": "unavailable"})])
async def test_last_good_copy_is_shown_for_a_day_when_the_api_is_silent(silence: Exception) -> None:
    copies, api = following(), Api()
    await copies.get(PATH, "a", api, now=NOON)
    api.raises = silence

    old = await copies.get(PATH, "a", api, now=NOON + 2 * FRESH)

    assert (1, NOON, True) == (old.body, old.at, old.is_old)
    with pytest.raises(type(silence)):
        await copies.get(PATH, "a", api, now=NOON + LAST)


async def test_silent_api_is_asked_again_only_after_a_pause() -> None:
    copies, api = following(), Api()
    await copies.get(PATH, "a", api, now=NOON)
    api.raises = ApiUnavailable("down")
    for after in (FRESH, FRESH + PAUSE / 2):
        await copies.get(PATH, "a", api, now=NOON + after)
    assert 2 == api.calls

    api.raises = None
    fresh = await copies.get(PATH, "a", api, now=NOON + FRESH + PAUSE)

    assert (3, False) == (fresh.body, fresh.is_old)


async def test_one_who_asks_too_often_is_told_so_and_changes_nothing_for_others() -> None:
    copies, api = following(), Api()
    await copies.get(PATH, "a", api, now=NOON)
    api.raises = Problem(429, {"slug": "rate-limit-reached"})
    with pytest.raises(Problem):
        await copies.get(PATH, "a", api, now=NOON + FRESH)

    api.raises = ApiUnavailable("down")
    assert (await copies.get(PATH, "a", api, now=NOON + FRESH)).is_old
    api.raises = None
    assert not (await copies.get(PATH, "a", api, now=NOON + FRESH + PAUSE)).is_old


async def test_silence_of_one_service_keeps_no_copy_of_another() -> None:
    copies, offerings, requests = following(), Api(), Api()
    await copies.get(PATH, "a", offerings, now=NOON)
    await copies.get("/v1/public/requests", "b", requests, now=NOON)
    offerings.raises = ApiUnavailable("down")
    assert (await copies.get(PATH, "a", offerings, now=NOON + FRESH)).is_old

    assert not (await copies.get("/v1/public/requests", "b", requests, now=NOON + FRESH)).is_old


async def test_fact_drops_the_copies_that_show_its_record() -> None:
    copies, silent = following(), Api()
    for key, shown in (("one", ID), ("list", [ID, "other"]), ("other", "other")):
        await copies.get(PATH, key, partial(answered, {"offering_id": shown}), now=NOON)

    copies.drop(FACT)

    silent.raises = ApiUnavailable("down")
    assert (await copies.get(PATH, "other", silent, now=NOON + FRESH)).is_old
    for key in ("one", "list"):
        with pytest.raises(ApiUnavailable):
            await copies.get(PATH, key, silent, now=NOON)


async def test_answer_that_a_fact_overtakes_is_not_kept() -> None:
    copies = following()

    async def overtaken() -> Any:
        copies.drop(FACT)
        return {"offering_id": ID}

    await copies.get(PATH, "a", overtaken, now=NOON)

    assert "now" == (await copies.get(PATH, "a", partial(answered, "now"), now=NOON)).body


async def test_copy_from_before_the_facts_were_received_is_never_old() -> None:
    copies, api = Copies(), Api()
    await copies.get(PATH, "a", api, now=NOON)
    api.raises = ApiUnavailable("down")
    with pytest.raises(ApiUnavailable):
        await copies.get(PATH, "a", api, now=NOON + FRESH)

    copies.begin()

    with pytest.raises(ApiUnavailable):
        await copies.get(PATH, "a", api, now=NOON + FRESH)


async def answered(body: Any) -> Any:
    return body


async def test_what_is_not_published_any_more_is_not_shown_from_a_copy() -> None:
    copies, api = following(), Api()
    await copies.get(PATH, "a", api, now=NOON)
    for raised in (Problem(404, {"slug": "not-found"}), ApiUnavailable("down")):
        api.raises = raised
        with pytest.raises(type(raised)):
            await copies.get(PATH, "a", api, now=NOON + FRESH)


async def test_only_the_copies_asked_for_last_are_kept() -> None:
    copies, api = following(), Api()
    for number in range(KEPT_MAX + 1):
        await copies.get(PATH, number, api, now=NOON)

    await copies.get(PATH, KEPT_MAX, api, now=NOON)
    assert KEPT_MAX + 1 == api.calls
    await copies.get(PATH, 0, api, now=NOON)
    assert KEPT_MAX + 2 == api.calls
