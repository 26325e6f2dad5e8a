"""The desk: its query as an address, ticked requests, the columns of its board, its picture."""

from services.console.rounds.settings import settings_of
from services.console.work.assign import ticked_of
from services.console.work.pages import columns
from services.console.work.query import WorkQuery
from services.console.work.queue import Waiting, waiting_of


def test_a_query_has_one_address_without_what_is_usual() -> None:
    pairs = [
        ("state", "KEN"),
        ("sort", "due"),
        ("step", "triage"),
        ("state", "KEN"),
        ("state", "FJI"),
        ("other", "x"),
        ("q", " "),
    ]
    query = WorkQuery.of(pairs)
    assert "step=triage&state=KEN&state=FJI" == query.encoded
    assert query == WorkQuery.from_address(f"/v1/work?{query.encoded}&waiting_for=me")


def test_filters_are_set_and_removed_one_by_one() -> None:
    query = WorkQuery.from_address("state=KEN&state=FJI&overdue=true&sort=since")
    assert "state=FJI&overdue=true&sort=since" == query.without("state", "KEN").encoded
    assert "state=KEN&state=FJI&sort=since" == query.set("overdue", "").encoded
    assert "state=KEN&state=FJI&overdue=true" == query.filters.encoded
    assert query.has("waiting_for", "me")
    assert not query.has("waiting_for", "others")


def test_a_saved_view_gets_truths_and_lists() -> None:
    query = WorkQuery.from_address("state=KEN&overdue=false&in_remit=true&assignee=me")
    assert {"state": ["KEN"], "overdue": False, "in_remit": True, "assignee": "me"} == query.body


def test_a_request_with_two_clocks_is_assigned_once() -> None:
    ticked = ticked_of(["a-1 3 TA-1 · Kenya", "a-1 3 TA-1 · Kenya", "b-2 1 TA-2", "c", "<x> 1 y"])
    assert [("a-1", 3, "TA-1 · Kenya"), ("b-2", 1, "TA-2")] == [
        (one.request_id, one.revision, one.name) for one in ticked
    ]


def test_columns_follow_the_steps_and_count_what_is_on_other_pages() -> None:
    work = [{"step": "triage", "clock_id": "1"}]
    found = columns(work, {"by_step": {"close": 4, "triage": 2}})
    assert [("triage", 2, 1), ("close", 4, 0)] == [(one["step"], one["count"], len(one["work"])) for one in found]


def test_the_picture_has_late_in_time_and_paused() -> None:
    assert [Waiting("triage", 1, 2, 3)] == waiting_of({"triage": 1}, {"triage": 3}, {"triage": 6})


def test_per_cent_of_a_round_are_thousandths_in_the_api() -> None:
    names = ("urgent", "high", "ldc", "lldc", "sids", "review", "cannot_wait", "waiting")
    typed = {"fairness_loss": ["100"], "seconds": ["60"]} | {f"priorities.{name}": ["2"] for name in names}
    sent = settings_of(typed)
    assert not sent.errors
    assert {"fairness_loss": 100, "seconds": 60, "priorities": dict.fromkeys(names, 20)} == {
        name: value for name, value in sent.body.items() if value
    }
