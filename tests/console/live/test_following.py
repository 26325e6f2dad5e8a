"""Events that are sent to an open page, and limits on the pages that follow."""

from uuid import uuid4

import pytest

from services.console.live.following import Following, TooManyPages, concerns


def event(aggregate: str, record: str, version: int) -> str:
    return f'data: {{"type": "x", "data": {{"aggregate": "{aggregate}", "id": "{record}", "version": {version}}}}}'


def test_page_of_everything_follows_each_event() -> None:
    assert concerns(event("request", "a", 2), ())
    assert not concerns("id: 7", ())
    assert not concerns(":", ())


def test_page_of_one_record_follows_it_and_new_matches() -> None:
    assert concerns(event("request", "a", 2), ["a"])
    assert not concerns(event("request", "b", 2), ["a"])
    assert not concerns(event("match", "m", 2), ["a"])
    assert concerns(event("match", "m", 1), ["a"])
    assert not concerns("data: {broken", ["a"])


def test_places_are_limited_and_given_back() -> None:
    following, person = Following(), uuid4()
    with following.place(person, each_max=1, all_max=2):
        with pytest.raises(TooManyPages), following.place(person, each_max=1, all_max=2):
            pass
        other, third = uuid4(), uuid4()
        with (
            following.place(other, each_max=1, all_max=2),
            pytest.raises(TooManyPages),
            following.place(third, each_max=1, all_max=2),
        ):
            pass
    with following.place(person, each_max=1, all_max=2):
        pass
