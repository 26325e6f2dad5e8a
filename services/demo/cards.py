"""The cards that the demo prints at its end, one per request, in a terminal of 80 columns.

By default a match shows its most important reason on one line, with `details` all reasons. Amounts are never truncated:
the rest continues on the next line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.demo.contributing import Contributed
from services.demo.desk import DeskStory
from services.demo.donor import DonorStory
from services.demo.ending import finance_officers
from services.demo.joint import JointDelivery
from services.demo.planning import Planned
from services.demo.records import Ended, LineRecord, RequestRecord
from services.demo.reporting import Reported
from services.demo.samples import unmarked
from services.demo.tables import amount, in_dollars

COLUMNS = 80
REASONS_SHOWN = 3


def request_card(record: RequestRecord, *, details: bool) -> Iterator[RenderableType]:
    """Yield a request with the match of each line, its funding, and its progress."""
    request = record.request
    status = f"closed: {request['outcome']}" if request["outcome"] else request["status"]
    yield heading(f"{request['reference']}  {request['state']}  {record.language}", status)
    yield Text(record.title)
    for line in record.lines:
        yield _indented(2, match_words(line))
        if line.needed:
            yield _indented(4, f"{amount(line.needed)} {_funding_words(line)}")
        if words := _disagreement(line):
            yield _indented(4, words)
        for reason in reasons(line):
            # A reason that is too long is truncated, in any script; with `details` all reasons are shown whole.
            yield _indented(4, reason, no_wrap=not details)
            if not details:
                break
    if details:
        yield _indented(2, f"notified: {', '.join(record.notified)}")
        yield _indented(2, f"suggested {_after(record.suggestion_ms)}")


def _disagreement(line: LineRecord) -> str:
    """The evaluations of a delivery by both sides, if they differ; otherwise empty."""
    said = [line.match.get(f"{side}_evaluation") for side in ("state", "provider")]
    state, provider = (one["result"] if one else None for one in said)
    return f"evaluated as {state} by the State, as {provider} by the provider" if state != provider else ""


def match_words(line: LineRecord) -> str:
    """Kind, provider, score and status of a match in columns as wide as the longest kind and provider."""
    match = line.match
    payer = "" if line.needed else "provider pays"
    score = f"{match['score']}/1000"
    return f"{line.kind:<26} {match['provider']:<14} {score:>9} {match['status']:<11} {payer}".rstrip()


def reasons(line: LineRecord) -> list[str]:
    """The reasons with the most points, followed by the one that lost the most."""
    explanation = line.match["explanation"]
    best = sorted(explanation, key=lambda one: -one["points"])[:REASONS_SHOWN]
    lacking = max(explanation, key=lambda one: one["of"] - one["points"])
    shown = [*best, *([lacking] if lacking not in best and lacking["points"] < lacking["of"] else [])]
    return [f"{one['points']}/{one['of']} {one['says']}" for one in shown]


def donor_card(given: DonorStory, refunded: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield a donor's payments and their use, then a refund made by two finance officers."""
    pledge, need, raised = given.pledge, given.need, given.raised
    (stated,) = raised["requirements"]
    currency = pledge["money"]["currency"]
    rows = [(pledge["money"], f"pledged to {pledge['fund']}")]
    for one in given.instalments:
        standing = "late" if one["late"] else "to come" if one["open_minor"] else "in time"
        rows.append(({"minor": one["minor"], "currency": currency}, f"due {one['due_on']}: {standing}"))
    for one in given.allocations:
        spent = amount(in_dollars(one["spent_usd_minor"]))
        rows.append((in_dollars(one["usd_minor"]), f"allocated to {one['work_package']}, {spent} spent"))
    activity, in_kind = given.activity, given.in_kind
    rows += [
        (
            in_dollars(activity["allocated_usd_minor"]),
            f"allocated to {activity['activity_kind']}: {activity['status']}, reached {activity['participants']}",
        ),
        (in_kind["money"], f"in kind: {in_kind['form']}, {in_kind['status']}, beside the fund's money"),
        (given.to_a_need["money"], f"pledged to a request that lacks only money: {need['state']}, {need['title']}"),
        (
            in_dollars(stated["usd_minor"]),
            f"is what {pledge['fund']} needs for {stated['work_package']} in {stated['year']}: {raised['reason']}",
        ),
    ]
    yield heading(f"A donor  {pledge['donor']}  {pledge['agreement']}", pledge["status"])
    yield _amounts(rows)
    proposer, approver = finance_officers()
    yield Text()
    yield heading(f"A refund by two finance officers  {refunded['donor']}", refunded["status"])
    yield _amounts(
        [(refunded["money"], f"from {refunded['fund']}: proposed by {proposer.name}, approved by {approver.name}")]
    )


def report_card(reported: Reported) -> Iterator[RenderableType]:
    """Yield the year's report: its totals, the languages in which it is written, and the paths of its files."""
    report = reported.report
    yield heading(f"The report of {report['year']} to the Conference", report["status"])
    totals = report["figures"]["totals"]
    counted = ", ".join(f"{totals[name]['to_date']} {name}" for name in ("requests", "matches", "deliveries"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    grid.add_row(f"  as of {report['as_of']}", counted)
    for block in dict.fromkeys(one["block"] for one in report["texts"]):
        languages = [one["language"] for one in report["texts"] if one["block"] == block]
        grid.add_row(f"  written for {block}", ", ".join(languages))
    for file in reported.files:
        grid.add_row("  PDF with charts", str(file))
    yield grid


def delivery_card(record: RequestRecord) -> Iterator[RenderableType]:
    """Yield a delivery with its contacts, and the versions of its agreement in the order of their proposal."""
    delivery, agreement = record.delivery, record.agreement
    assert delivery is not None, "one delivery is agreed in writing"
    assert agreement is not None, "one delivery is agreed in writing"
    yield heading(f"A delivery  {delivery['provider']} for {delivery['state']}", delivery["status"])
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for side, contacts in delivery["contacts"].items():
        for each in contacts:
            grid.add_row(f"  contact of the {side}", f"{each['name']}, {each['function']}")
    signed_before = False
    for version in reversed(agreement["versions"]):
        terms = version["terms"]
        step = "amended" if signed_before else "proposed"
        what = f"{step} by the {version['side']}: {terms['participants']} persons, {terms['women']} of them women"
        signed = [side for side in ("state", "provider") if version[f"{side}_signed_on"]]
        ends = "in force, signed by both" if version["version"] == agreement["in_force"] else "replaced"
        if not signed:
            ends = "answered with another one"
        signed_before = signed_before or len(signed) == 2
        grid.add_row(f"  agreement, version {version['version']}", f"{what}; {ends}")
    for one in record.messages:
        grid.add_row(f"  message of the {one['side']}", unmarked(one["text"]))
    for one, audited in zip(record.sessions, record.audited, strict=True):
        trainers = ", ".join(each["name"] for each in one["trainers"])
        grid.add_row(f"  session {one['period']['from']}", f"{_took_part(one)}; by {trainers}")
        if _took_part(audited) != _took_part(one):
            grid.add_row("", f"as an auditor sees it: {_took_part(audited)}")
    for one in record.results:
        what = f"{one['actual']} of {one['target']} {one['unit']}, {one['status']} by the State"
        grid.add_row(f"  {one['indicator'].replace('_', ' ')}", what)
    for one in record.action_points:
        grid.add_row(f"  to do by {one['due_on']}", f"{unmarked(one['text'])} By the {one['owner']}; {one['status']}")
    grid.add_row(f"  completed {delivery['completed_on']}", unmarked(delivery["comment"]))
    for one in record.effects:
        articles = ", ".join(one["articles"])
        grid.add_row(
            "  a law was changed", f"{unmarked(one['title'])}, {unmarked(one['gazette'])} ({articles}); {one['status']}"
        )
    if strategy := record.strategy:
        parties = ", ".join(one.replace("_", " ") for one in strategy["stakeholders"])
        grid.add_row(
            "  a strategy of the State", f"{unmarked(strategy['title'])}, with {parties}; {strategy['status']}"
        )
    for one in record.milestones:
        grid.add_row(
            f"  milestone of {one['due_on']}", f"{unmarked(one['text'])} By the {one['owner']}; {one['status']}"
        )
    if answered := record.follow_up:
        words = (
            f"{answered['result'].replace('_', ' ')}. {unmarked(answered['text'])}"
            if answered["result"]
            else answered["status"]
        )
        grid.add_row("  a year later, by mail", words)
    yield grid


def ended_card(ended: Ended) -> Iterator[RenderableType]:
    """Yield a delivery that was suspended and terminated, with the comments of the side that did so."""
    delivery = ended.delivery
    yield heading(f"A delivery  {delivery['provider']} for {delivery['state']}", delivery["status"])
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    for move, comment in ended.comments.items():
        grid.add_row(f"  {move}", unmarked(comment))
    yield grid
    yield _indented(2, f"because of {delivery['reason']}; its match is revoked, the request open again")


def proposed_card(delivery: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield a delivery that waits for its State to confirm that it is complete."""
    yield heading(f"A delivery  {delivery['provider']} for {delivery['state']}", delivery["status"])
    because = unmarked(next(one["comment"] for one in delivery["remarks"] if one["move"] == "completion-proposed"))
    yield _indented(2, f"{delivery['proposed_on']}  {because}")
    yield _indented(2, "waits for the State, which confirms it or objects")


def joint_delivery_card(done: JointDelivery) -> Iterator[RenderableType]:
    """Yield the deliveries of a joint delivery, each with its money, and the sessions that serve all of them."""
    states = ", ".join(one["state"] for one in done.deliveries)
    status = ", ".join(dict.fromkeys(one["status"] for one in done.deliveries))
    yield heading(f"A joint delivery  {done.proposed['provider']} for {states}", status)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(overflow="fold")
    persons = {one["state"]: one["persons"] for one in done.proposed["members"]}
    for one in done.deliveries:
        allocated = amount(in_dollars(done.covered[one["delivery_id"]]["covered_usd_minor"]))
        begun = f"begun {one['begun_at'][:10]}" if one["begun_at"] else "not begun"
        grid.add_row(f"  {one['state']}, {persons[one['state']]} people", f"{allocated} allocated; {begun}")
    for session in done.sessions:
        counted = sum(each["participants"]["people"] or 0 for each in session["participants"])
        people = f"{counted} took part" if session["status"] == "held" else f"{session['people']} people"
        what = f"{session['status']} for {session['serves']} deliveries, {people}: {unmarked(session['place'])}"
        grid.add_row(f"  session {session['period']['from']}", what)
    last_day = max(session["period"]["until"] for session in done.sessions)
    grid.add_row("  completed", f"not before {last_day}, the day of the last session")
    yield grid


def _took_part(session: Mapping[str, Any]) -> str:
    """The number of participants in total and by sex; counts hidden from the reader are marked."""
    (reported,) = session["participants"]
    found = reported["participants"]
    counted = [f"{one['people']} {one['code']}" for one in found["by_sex"] if one["people"]]
    hidden = [one["code"] for one in found["by_sex"] if one["suppressed"]]
    shown = ", ".join([f"{found['people']} persons", *counted])
    return f"{shown}, how many {' and '.join(hidden)} hidden" if hidden else shown


def round_card(planned: Planned, *, details: bool) -> Iterator[RenderableType]:
    """Yield the lines that a round serves, and the reasons for which others get nothing."""
    one = planned.round
    yield heading(f"A round over {one['lines']} open lines", f"{one['deliveries']} deliveries, {one['status']}")
    yield Text(one["says"])
    if details:
        gap = f"{one['gap_millionths'] / 10_000:.2f} %"
        yield Text(f"It is worth {one['value']:,} of at most {one['bound']:,}: a gap of {gap}.")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for line in [*one["plan"], *one["unmet"]]:
        got = [
            f"{each['provider']} from {each['starts']}, score {each['score']}" for each in line.get("deliveries", [])
        ]
        why_not = [f"{each['provider']}: {each['says']}" for each in line.get("hindrances", [])]
        groups = f" ({', '.join(line['groups'])})" if line["groups"] else ""
        grid.add_row(f"  {line['state']}{groups}", Text("\n".join([*got, *why_not]) or line["says"]))
        if details:
            title = planned.titles.get(line["line_id"], line["line_id"])
            grid.add_row("", Text(f"priority {line['priority']:,}: {title}"))
    yield grid


def desk_card(desk: DeskStory) -> Iterator[RenderableType]:
    """Yield how needs came in, who was notified of them, and what waits for the coordinators."""
    counts = desk.counts
    yield heading("The desk of the coordinators", f"{counts['total']} wait, {counts['overdue']} overdue")
    for way, request in desk.filed:
        lines = len(request["lines"])
        yield _indented(2, f"{'by ' + way:<18} {request['state']} {request['status']}, {lines} line{'s'[: lines != 1]}")
        if translation := request.get("translation"):
            yield _indented(4, f"fr, by {translation['made_by']}: {translation['title']}", no_wrap=True)
    for who, hits in desk.hits.items():
        yield _indented(2, f"{who}: {hits} found by an alert")
    if desk.overdue:
        yield _indented(2, f"{desk.overdue} overdue, and escalated")
    if desk.joint:
        yield from joint_card(desk.joint)
    if package := desk.package:
        parties = f"{package['provider']}, {package['unit']} and {package['donor']} for {package['state']}"
        waiting = ", the ".join(package["waiting_for"]) or "delivery"
        yield _indented(2, f"a package of {parties} waits for the {waiting}")
    for one in desk.work:
        title = unmarked(one["title"])
        words = f"{one['due_at'][:10]} {one['step']:<15} {one['state']} {title}"
        yield _indented(2, words, no_wrap=True)


def contributions_card(contributed: Contributed) -> Iterator[RenderableType]:
    """Yield two court decisions for SHERLOC: an accepted one, and a returned one with its marked passages."""
    both = (contributed.accepted, contributed.returned)
    yield heading("Contributions to SHERLOC", ", ".join(one["status"] for one in both))
    for one in both:
        articles = ", ".join(one["articles"])
        yield _indented(2, f"{one['state']} {one['kind']} {articles}, {one['outcome']}: {one['status']}")
        yield _indented(4, one["title"], no_wrap=True)
        if one["reason"]:
            yield _indented(4, f"reason: {one['reason']}")
        for mark in one["marks"]:
            passage = one[mark["field"]][mark["start"] : mark["end"]]
            yield _indented(4, f"marked as {mark['kind']}: {passage}", no_wrap=True)


def joint_card(joint: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield one delivery proposed to several States, with the share of each."""
    people, states = joint["people"], joint["states"]
    yield _indented(2, f"{joint['provider']}: one delivery for {people} people of {states} States, {joint['status']}")
    for one in joint["members"]:
        share = f"  {amount(one['funding_needed'])}" if one["funding_needed"] else ""
        yield _indented(4, f"{one['state']} {one['persons']:>3} people, {one['status']:<17}{share}")
    if joint["money_uncovered"]:
        yield _indented(4, f"{amount(joint['money_uncovered'])} of {amount(joint['money_needed'])} uncovered")


def heading(left: str, right: str) -> Text:
    """A line of 80 columns with a title at the left and one at the right."""
    rule = "─" * max(3, COLUMNS - len("── ") - cell_len(left) - cell_len(right) - len("   ──"))
    return Text.assemble("── ", (left, "bold"), f" {rule} ", (right, "bold"), " ──")


def _amounts(rows: Iterable[tuple[Mapping[str, Any], str]]) -> Table:
    """A table of amounts with their currency, followed by their labels."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", overflow="fold", min_width=len("  USD 999,999,999.99"))
    grid.add_column(overflow="fold")
    for money, words in rows:
        grid.add_row(amount(money), Text(words))
    return grid


def _indented(columns: int, words: str, *, no_wrap: bool = False) -> Padding:
    return Padding(
        Text(words, no_wrap=no_wrap, overflow="ellipsis" if no_wrap else "fold"), (0, 0, 0, columns), expand=False
    )


def _funding_words(line: LineRecord) -> str:
    return "spent" if line.spent else "allocated" if line.covered else "missing"


def _after(passed: float | None) -> str:
    if passed is None:
        return "in an earlier run"
    # The suggestion can be committed and read before the client has received the 201.
    return f"after {passed:.1f} ms" if passed >= 1 else "after less than 1 ms"


def summary(requests: Sequence[RequestRecord], kinds_offered: Iterable[str], kinds: Iterable[str]) -> Iterator[str]:
    """Yield a summary of the demo in a few sentences."""
    outcomes = [record.request["outcome"] for record in requests if record.request["status"] == "closed"]
    counted = ", ".join(f"{outcomes.count(one)} {one}" for one in sorted(set(outcomes)))
    yield f"{len(requests)} requests, {len(outcomes)} of them delivered, evaluated and closed ({counted})."
    known = set(kinds)
    yield f"Offerings for {len(known & set(kinds_offered))} of {len(known)} kinds of assistance."
