"""Each entry keeps its rate, with day and source."""

from collections.abc import Mapping

from chassis.db.database import Database
from services.pledges.ledger.verify import verify
from tests.builders import headers
from tests.pledges.money.steps import agreed_in_euros
from tests.pledges.steps import FINANCE, NORWAY, SECOND, Client, approve, eur, get, move, part, pledged, post

IN_DOLLARS_ALONE = {"allocated", "carried_over", "brought_forward"}


async def test_agreement_entries_keep_its_rate_and_pledge_entries_theirs(
    api: Client, databases: Mapping[str, Database]
) -> None:
    open_one = await pledged(api, money=eur(500_00))
    await move(api, open_one, "reduce", money=eur(100_00), reason="donor_budget", reduced_on="2026-05-02")
    parts = [part(600_00, "2026-04-01"), part(400_00, "2026-06-01", "report_accepted")]
    waiting = await agreed_in_euros(api, instalments=parts, support_cost_basis_points=0)
    met = await move(api, waiting, "meet-condition", instalment=2, met_on="2026-05-02")
    less = await move(api, met, "reduce", money=eur(100_00), reason="donor_budget", reduced_on="2026-06-02")
    paid = await move(api, less, "receive", money=eur(300_00), received_on="2026-07-02")
    await approve(api, await move(api, paid, "write-off", reason="not_expected", written_off_on="2026-08-02"))
    back = await agreed_in_euros(api)
    back = await move(api, back, "receive", money=eur(1_000_00), received_on="2026-07-02")
    refund = {"money": eur(10_00), "reason": "not_used", "refunded_on": "2026-09-02"}
    await approve(api, await move(api, back, "refund", **refund))
    await move(api, await pledged(api), "withdraw", NORWAY, withdrawn_on="2026-05-02")
    await move(api, await pledged(api), "lapse")
    body = {"fund": "SHERLOC-MNT", "money": {"minor": 5, "currency": "USD"}, "work_package": "training"}
    await post(api, "/v1/allocations", FINANCE, **body)

    entries = (await get(api, "/v1/ledger/entries?limit=100"))["entries"]
    days: dict[str, set[str]] = {}
    taken_back: set[str] = set()
    for entry in entries:
        if entry["type"] not in IN_DOLLARS_ALONE:
            assert ("1.15", "fictitious") == (entry["rate"], entry["rate_source"]), entry["type"]
            days.setdefault(entry["type"], set()).add(entry["rate_date"])
        else:
            assert [None] * 3 == [entry["rate"], entry["rate_source"], entry["rate_date"]]
            assert {"USD"} == {posting["currency"] for posting in entry["postings"]}
    assert days == {
        "pledged": {"2026-02-01"},
        "withdrawn": {"2026-02-01"},
        "lapsed": {"2026-02-01"},
        "committed": {"2026-03-01"},
        "recognized": {"2026-03-01"},
        "reduced": {"2026-02-01", "2026-03-01"},
        "written_off": {"2026-03-01"},
        "received": {"2026-07-01"},
        "refunded": {"2026-09-01"},
    }
    for wrong in [one for one in entries if one["type"] in {"recognized", "reduced", "written_off", "refunded"}]:
        body = {"entry_id": wrong["entry_id"], "reason": "recorded_wrongly"}
        proposal = await post(api, "/v1/ledger/reversals", FINANCE, **body)
        answer = await api.post(
            f"/v1/proposals/{proposal['proposal_id']}/approve", json={}, headers=headers(SECOND, revision=1)
        )
        if answer.is_success:
            back = (await get(api, "/v1/ledger/entries?limit=1"))["entries"][0]
            valued = ("rate", "rate_source", "rate_date")
            assert {name: wrong[name] for name in valued} == {name: back[name] for name in valued}
            taken_back.add(wrong["type"])
    assert {"reduced", "written_off", "refunded"} <= taken_back
    async with databases["pledges"].transaction() as tx:
        assert (await verify(tx)).findings == []
