from services.console.offerings.merging import merge, same, shown_values
from services.console.offerings.steps import STEPS, find

WHAT = STEPS[0]
BASE = {"title": ["Old"], "summary": ["One\ntwo"], "language": ["en"], "kinds": ["training"], "pillars": []}


def test_what_was_not_touched_follows_the_record() -> None:
    merged, changes = merge(WHAT.groups, BASE, {**BASE, "pillars": ["prevent"]}, {**BASE, "title": ["Mine"]})
    assert merged["pillars"] == ["prevent"]
    assert merged["title"] == ["Mine"]
    ((field, kept),) = [(one.field.name, one.kept) for one in changes]
    assert (field, kept) == ("pillars", False)


def test_what_both_changed_keeps_what_was_typed_and_shows_the_other() -> None:
    merged, (change,) = merge(WHAT.groups, BASE, {**BASE, "title": ["Theirs"]}, {**BASE, "title": ["Mine"]})
    assert merged["title"] == ["Mine"]
    assert change.kept
    assert shown_values(change, change.before, {}) == ["Old"]
    assert shown_values(change, change.now, {}) == ["Theirs"]


def test_the_same_change_by_both_is_none() -> None:
    both = {**BASE, "kinds": ["mentoring"]}
    assert merge(WHAT.groups, BASE, both, both)[1] == []


def test_line_ends_and_the_order_of_choices_are_no_change() -> None:
    typed = {**BASE, "summary": ["One\r\ntwo"], "kinds": ["training"]}
    del typed["pillars"]
    assert same(WHAT.groups, BASE, typed)
    assert not same(WHAT.groups, BASE, {**typed, "kinds": []})


def test_periods_change_together() -> None:
    when = find("when")
    assert when is not None
    base = {"capacity.from": ["2027-01-01"], "capacity.until": ["2027-06-30"], "capacity.units": ["2"]}
    now = {**base, "capacity.units": ["3"]}
    merged, (change,) = merge(when.groups, base, now, base)
    assert merged["capacity.units"] == ["3"]
    assert shown_values(change, change.now, {}) == ["2027-01-01 – 2027-06-30 (3)"]
