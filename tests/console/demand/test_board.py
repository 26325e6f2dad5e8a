from services.console.demand.board import board, candidates, chosen, kinds_of


def match(status: str, *moves: str) -> dict[str, object]:
    return {"status": status, "moves": moves}


def test_matches_stand_where_the_turn_is() -> None:
    asked, begin, evaluate = (
        match("presented", "confirm", "decline"),
        match("confirmed"),
        match("completed", "evaluate"),
    )
    waiting, over = match("interested"), match("declined_by_state")
    found = board([asked, begin, evaluate, waiting, over])
    assert list(found.asked) == [asked]
    assert list(found.under_way) == [begin, evaluate]
    assert list(found.waiting) == [waiting]


def test_a_match_that_is_confirmed_here_waits_for_the_state() -> None:
    mine = match("provider_confirmed", "decline")
    assert list(board([mine]).waiting) == [mine]


def test_requests_fit_by_a_kind_that_is_offered() -> None:
    offered = kinds_of([{"status": "available", "kinds": ["training"]}, {"status": "draft", "kinds": ["equipment"]}])
    assert offered == {"training"}
    requests = [{"kinds": ["training", "equipment"]}, {"kinds": ["equipment"]}]
    assert chosen(requests, kind="", fitting=True, offered=offered) == requests[:1]
    assert chosen(requests, kind="equipment", fitting=False, offered=offered) == requests
    assert chosen(requests, kind="mentoring", fitting=False, offered=offered) == []


def test_offerings_of_the_kind_come_first() -> None:
    one, two = {"status": "available", "kinds": ["equipment"]}, {"status": "available", "kinds": ["training"]}
    assert candidates([one, two, {"status": "suspended", "kinds": ["training"]}], "training") == [two, one]
