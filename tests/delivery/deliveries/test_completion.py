"""Tests of the completion of a delivery over HTTP: proposed by one side, confirmed by the other or by its silence."""

from datetime import date, timedelta

from chassis.db.database import Database
from services.delivery.deliveries.model import CONFIRM_DAYS
from services.delivery.wiring import complete_by_silence
from tests.builders import AHEAD, headers
from tests.delivery.agreements.steps import act, agreed, propose, read
from tests.delivery.results.steps import reported
from tests.delivery.sessions.steps import MARCH, held
from tests.delivery.sessions.steps import planned as planned_session
from tests.delivery.steps import (
    COORDINATOR,
    KENYA,
    NORWAY,
    SPRING,
    WHY,
    Client,
    Matching,
    begun,
    facts_of,
    move,
    on,
    shown,
    slug,
    tried,
)

DAY = timedelta(days=1)
MONTH = timedelta(days=CONFIRM_DAYS)


async def test_the_state_confirms_what_the_provider_proposes(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching)
    with on(SPRING.ends):
        proposed = await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
        assert ("completion_proposed", "provider", True) == (
            proposed["status"], proposed["completion_by"], proposed["silence_counts"]
        )  # fmt: skip
        assert (str(SPRING.ends), str(SPRING.ends + MONTH)) == (proposed["proposed_on"], proposed["confirm_by"])
        assert "withdraw_completion" in proposed["moves"]
        assert not {"confirm_completion", "object_to_completion"} & set(proposed["moves"])
        for name, body in (("confirm-completion", {}), ("object-to-completion", {"reason": "other"})):
            assert (409, "completion-side") == slug(await tried(api, delivery_id, name, NORWAY, **body))
        assert (403, "not-for-your-role") == slug(await tried(api, delivery_id, "confirm-completion", COORDINATOR))
        assert (409, "completion-side") == slug(await tried(api, delivery_id, "withdraw-completion", KENYA))

        complete = await move(api, delivery_id, "confirm-completion", KENYA)

    assert ("completed", "state", str(SPRING.ends)) == (
        complete["status"], complete["confirmed_by"], complete["completed_on"]
    )  # fmt: skip
    assert "report_result" in complete["moves"]
    assert not any("completion" in one for one in complete["moves"])
    assert ["completion-proposed", "completed"] == (await facts_of(db))[-2:]


async def test_an_objection_lets_the_delivery_go_on(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching)
    with on(SPRING.ends):
        await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
        assert (400, "unknown-code") == slug(
            await tried(api, delivery_id, "object-to-completion", KENYA, reason="provider_unable")
        )
        objected = await move(
            api, delivery_id, "object-to-completion", KENYA, reason="agreed_part_missing", comment="Fictitious."
        )
    assert ("in_delivery", "agreed_part_missing", None, []) == (
        objected["status"], objected["objection"], objected["confirm_by"], objected["without"]
    )  # fmt: skip
    assert ("completion-objected", "Fictitious.") == tuple(
        objected["remarks"][-1][name] for name in ("move", "comment")
    )
    with on(SPRING.ends + MONTH + DAY):
        await complete_by_silence(db)
        assert "in_delivery" == (await shown(api, delivery_id))["status"]
        await move(api, delivery_id, "propose-completion", KENYA, comment=WHY)
        withdrawn = await move(api, delivery_id, "withdraw-completion", KENYA)
        assert ("in_delivery", None) == (withdrawn["status"], withdrawn["completion_by"])


async def test_silence_counts_after_the_last_day_to_answer(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching)
    with on(SPRING.ends):
        await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
    with on(SPRING.ends + MONTH):
        await complete_by_silence(db)
        assert "completion_proposed" == (await shown(api, delivery_id))["status"]
    with on(SPRING.ends + MONTH + DAY):
        await complete_by_silence(db)
        await complete_by_silence(db)
    found = await shown(api, delivery_id, KENYA)
    assert ("completed", "silence", ["session", "result"]) == (
        found["status"], found["confirmed_by"], found["without"]
    )  # fmt: skip
    assert 1 == (await facts_of(db)).count("completed")
    async with db.transaction() as tx:
        assert 4 == await tx.fetchval("SELECT count(*) FROM follow_up")


async def test_before_the_agreed_end_both_sides_agree(api: Client, matching: Matching, db: Database) -> None:
    """The agreed end is that of the agreement in force, or else of the delivery's period."""
    without, under = await begun(api, matching), await matching.confirms()
    await agreed(api, under)
    await move(api, under, "begin", NORWAY)
    for delivery_id, end in ((without, SPRING.ends), (under, date(AHEAD, 3, 5))):
        with on(end - DAY):
            proposed = await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
            assert not proposed["silence_counts"]
        with on(end + 2 * MONTH):
            await complete_by_silence(db)
            assert "completion_proposed" == (await shown(api, delivery_id))["status"]
            assert "completed" == (await move(api, delivery_id, "confirm-completion", KENYA))["status"]
        with on(end):
            other = await begun(api, matching) if delivery_id is without else await matching.confirms()
            if delivery_id is under:
                await agreed(api, other)
                await move(api, other, "begin", NORWAY)
            assert (await move(api, other, "propose-completion", NORWAY, comment=WHY))["silence_counts"]


async def test_nothing_is_complete_while_an_amendment_waits(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    await agreed(api, delivery_id)
    assert (409, "delivery-status") == slug(await propose(api, delivery_id, KENYA, participants=30))
    await move(api, delivery_id, "begin", NORWAY)
    await propose(api, delivery_id, KENYA, participants=30)
    with on(SPRING.ends):
        refused = await tried(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
        assert (409, "amendment-waiting") == slug(refused)
        await act(api, delivery_id, "drop-amendment", NORWAY)
        await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
        assert (409, "delivery-status") == slug(await propose(api, delivery_id, KENYA, participants=30))


async def test_a_completion_without_session_or_result_says_why(api: Client, matching: Matching) -> None:
    empty, full = await begun(api, matching), await begun(api, matching, kind="training")
    await held(api, full, 9, 9)
    with on(SPRING.ends):
        for delivery_id, missing in ((empty, ["session", "result"]), (full, ["result"])):
            refused = await tried(api, delivery_id, "propose-completion", NORWAY, comment=" ")
            assert (400, "completion-unexplained") == slug(refused)
            assert missing == refused.json()["details"]["without"]
        await move(api, empty, "propose-completion", NORWAY, comment=WHY)
        stands = await move(api, empty, "confirm-completion", KENYA)
        assert ["session", "result"] == stands["without"]
        assert WHY in [one["comment"] for one in stands["remarks"]]
    await reported(api, full)
    with on(SPRING.ends):
        assert [] == (await move(api, full, "propose-completion", NORWAY))["without"]


async def test_completion_is_proposed_in_the_period_and_backdated_with_a_reason(
    api: Client, matching: Matching
) -> None:
    delivery_id = await begun(api, matching)
    with on(SPRING.starts - DAY):
        found = await shown(api, delivery_id, NORWAY)
        assert [{"move": "propose_completion", "slug": "delivery-not-due", "from": str(SPRING.starts)}] == found[
            "later"
        ]
        assert "propose_completion" not in found["moves"]
        early = await tried(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
        assert (409, "delivery-not-due") == slug(early)
        assert {"first_day": str(SPRING.starts)} == early.json()["details"]
    with on(date(AHEAD, 3, 10)):
        before = {"completed_on": f"{AHEAD}-03-05"}
        refused = await tried(api, delivery_id, "propose-completion", NORWAY, **before)
        assert (400, "backdating-reason-missing") == slug(refused)
        await move(api, delivery_id, "propose-completion", NORWAY, **before, comment=WHY)
        assert f"{AHEAD}-03-05" == (await move(api, delivery_id, "confirm-completion", KENYA))["completed_on"]


async def test_an_agreement_ends_with_its_delivery(api: Client, matching: Matching) -> None:
    for status in ("ended", "terminated"):
        delivery_id = await matching.confirms()
        await agreed(api, delivery_id)
        await move(api, delivery_id, "begin", NORWAY)
        if status == "ended":
            with on(SPRING.ends):
                await move(api, delivery_id, "propose-completion", NORWAY, comment=WHY)
                await move(api, delivery_id, "confirm-completion", KENYA)
        else:
            await propose(api, delivery_id, KENYA, participants=30)
            await move(api, delivery_id, "terminate", NORWAY, reason="provider_unable")
        found = (await read(api, delivery_id, KENYA)).json()
        assert (status, 1, None, []) == (found["status"], found["in_force"], found["turn"], found["moves"])


async def test_a_session_is_held_only_while_it_is_delivered(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    for side in (KENYA, NORWAY):
        await move(api, delivery_id, "waive-agreement", side)
    session = await planned_session(api, delivery_id)
    path = f"/v1/sessions/{session['session_id']}"

    async def hold() -> tuple[int, str]:
        assert "hold" not in (await api.get(path, headers=headers(NORWAY))).json()["moves"]
        with on(MARCH.ends):
            return slug(await api.post(f"{path}/hold", json={}, headers=headers(NORWAY, revision=1)))

    assert (409, "delivery-status") == await hold()
    await move(api, delivery_id, "begin", NORWAY)
    await move(api, delivery_id, "suspend", KENYA, reason="other")
    assert (409, "delivery-status") == await hold()
    await move(api, delivery_id, "resume", KENYA)
    with on(MARCH.ends):
        answer = await api.post(f"{path}/hold", json={}, headers=headers(NORWAY, revision=1))
    assert "held" == answer.json()["status"]


async def test_a_session_of_last_week_is_backdated_with_a_reason(api: Client, matching: Matching) -> None:
    delivery_id = await begun(api, matching)
    path, terms = f"/v1/deliveries/{delivery_id}/sessions", {"modality": "in_person", "languages": ["en"]}
    with on(MARCH.ends + 7 * DAY):
        past = {**terms, "period": {"from": str(MARCH.starts), "until": str(MARCH.ends)}}
        refused = await api.post(path, json=past, headers=headers(NORWAY))
        assert (400, "backdating-reason-missing") == slug(refused)
        session = await api.post(path, json=past | {"comment": WHY}, headers=headers(NORWAY))
        assert (201, WHY) == (session.status_code, session.json()["comment"])
