"""Funds, pledges and activities of the canary test, with a distinct text in every free field."""

from tests.pledges.steps import RATES, usd
from tests.system.canaries import NO_READERS
from tests.system.canary_stage import (
    COORDINATOR,
    DONOR,
    EVERYBODY,
    FINANCE,
    FUND,
    OVERSEERS,
    Stage,
)


async def pledge_money(stage: Stage) -> None:
    await stage.say(FINANCE, "POST", "/v1/rates", {"rates": RATES})
    await stage.upload_invalid_table()
    await stage.say(FINANCE, "POST", "/v1/funds", {"code": FUND, "labels": {}}, to=EVERYBODY)
    need = {"year": 2028, "money": usd(7_000_000), "reason": "needs_changed"}
    await stage.say(FINANCE, "POST", "/v1/funds/{code}/requirements", need, about={"code": FUND, "revision": 1})
    marker, about = {"gender_marker": 1}, {"code": FUND, "revision": 2}
    await stage.say(FINANCE, "POST", "/v1/funds/{code}/gender-marker", marker, about=about)
    pledge = {"fund": FUND, "money": usd(5_000_000), "pledged_on": "2026-02-12"}
    # The text before the rewording is no longer stored.
    made = await stage.say(DONOR, "POST", "/v1/pledges", pledge, to=NO_READERS)
    path = "/v1/pledges/{pledge_id}"
    made = await stage.say(DONOR, "POST", f"{path}/reword", {}, about=made, to=OVERSEERS | {DONOR, FINANCE})
    made = await stage.say(FINANCE, "POST", f"{path}/commit", {"committed_on": "2026-02-12"}, about=made)
    received = {"money": pledge["money"], "received_on": "2026-02-12"}
    await stage.say(FINANCE, "POST", f"{path}/receive", received, about=made)
    given = {"fund": FUND, "form": "equipment", "money": usd(40_000), "provided_on": "2026-02-12"}
    path = "/v1/in-kind-contributions"
    one = await stage.say(DONOR, "POST", path, given, to=OVERSEERS | {DONOR, FINANCE})
    await stage.say(DONOR, "POST", f"{path}/{{in_kind_contribution_id}}/withdraw", {}, about=one)
    one = await stage.say(DONOR, "POST", path, given, to=NO_READERS)
    path += "/{in_kind_contribution_id}"
    one = await stage.say(FINANCE, "POST", f"{path}/acknowledge", {}, about=one)
    one = await stage.say(FINANCE, "POST", f"{path}/reword", {}, about=one, to=OVERSEERS | {DONOR, FINANCE})
    await stage.say(FINANCE, "POST", f"{path}/strike", {"reason": "given_back"}, about=one)
    days = {"starts_on": "2026-02-12", "ends_on": "2026-02-13"}
    planned = {"fund": FUND, "activity_kind": "outreach", "language": "en", **days}
    path = "/v1/activities"
    # The text before the revision is no longer stored.
    one = await stage.say(COORDINATOR, "POST", path, planned, to=NO_READERS)
    one = await stage.say(COORDINATOR, "POST", f"{path}/{{activity_id}}/revise", planned, about=one, to=EVERYBODY)
    await stage.say(COORDINATOR, "POST", f"{path}/{{activity_id}}/complete", {}, about=one)
    one = await stage.say(COORDINATOR, "POST", path, planned, to=EVERYBODY)
    await stage.say(COORDINATOR, "POST", f"{path}/{{activity_id}}/cancel", {"reason": "other"}, about=one)
    brought = await stage.import_table(FINANCE, to=OVERSEERS | {DONOR, FINANCE})
    path = "/v1/imports/{import_id}/flows/{line}/pledge"
    await stage.say(FINANCE, "POST", path, {"fund": FUND, "donor": "NOR"}, about={**brought, "line": 2})
