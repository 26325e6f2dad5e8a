"""`entraide demo`: everything started, the story told before the reader's eyes, a table of what happened."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from chassis.auth.tokens import Issuer
from chassis.db.database import Database
from chassis.journal.bus import watch
from chassis.rate_limiter import RateLimit
from chassis.service import Running, Service
from chassis.settings import Settings
from contracts.refusals import Conflict
from services.demo.appointing import founders
from services.demo.giving import Given
from services.demo.people import Api, StepError
from services.demo.story import Line, Seen, Story, Told
from services.demo.tables import (
    amount,
    funds_table,
    in_dollars,
    pledge_table,
    round_table,
    work_packages_table,
    years_table,
)
from services.directory.people.actions import Founder

REASONS_SHOWN = 3
PRINTED_COLUMNS = 120
"""Where no terminal says how wide it is: written to a file or a pipe."""

Found = Callable[[Database, Sequence[Founder]], Awaitable[None]]
HURRIED = RateLimit(per_minute=60_000, burst=6_000)
"""What each persona may write and read: the story does in seconds, as one coordinator, what takes people weeks."""

EXPECTED = (
    "directory.organization.registered.v1",
    "directory.person.entered.v1",
    "directory.appointment.proposed.v1",
    "directory.appointment.made.v1",
    "requests.request.submitted.v1",
    "requests.request.registered.v1",
    "requests.request.opened.v1",
    "requests.request.fulfilment-changed.v1",
    "matching.offering.submitted.v1",
    "matching.offering.approved.v1",
    "matching.line.ranked.v1",
    "matching.match.presented.v1",
    "matching.match.accepted.v1",
    "matching.match.confirmed.v1",
    "matching.round.asked.v1",
    "matching.round.planned.v1",
    "pledges.fund.opened.v1",
    "pledges.fund.requirement-revised.v1",
    "pledges.fund.gender-marker-stated.v1",
    "pledges.pledge.pledged.v1",
    "pledges.pledge.committed.v1",
    "pledges.pledge.received.v1",
    "pledges.requirement.opened.v1",
    "pledges.allocation.made.v1",
    "pledges.allocation.spent.v1",
    "pledges.activity.planned.v1",
    "pledges.activity.completed.v1",
    "pledges.in_kind_contribution.declared.v1",
    "pledges.in_kind_contribution.acknowledged.v1",
    "notifications.notification.owed.v1",
    "notifications.notification.delivered.v1",
)
"""The facts that the story makes; on a first telling each has to be seen on NATS."""

RATES_ARE_FICTITIOUS = (
    "the rates of exchange that it loads are fictitious: invented numbers, no bank's and not the United Nations'"
)


def show(
    settings: Settings,
    services: Sequence[Service],
    *,
    leave: bool,
    as_json: bool,
    fail: Callable[[str], NoReturn],
    found: Found,
) -> int:
    """Returns the exit code: 0 only if every step was observed. `found` gives the directory its administrators."""
    from services.all_in_one import run_together

    if settings.keys is not None:
        fail("the demo speaks for fictitious persons of its own issuer: unset ENTRAIDE_ISSUER")
    console = Console(stderr=True)
    code = 1
    console.print(
        f"  for the story each caller may write and read {HURRIED.per_minute} times a minute", highlight=False
    )
    console.print(f"  {RATES_ARE_FICTITIOUS}", highlight=False, soft_wrap=True)

    async def beside(complete: Settings, running: list[Running], stop: asyncio.Event) -> None:
        nonlocal code
        try:
            code = await _tell(complete, running, console, found, as_json=as_json)
        except* StepError as group:
            console.print(f"[red]the story broke off:[/] {group.exceptions[0]}")
        finally:
            if leave:
                stop.set()
        if not leave:
            address = f"http://{complete.host}:{complete.port}"
            console.print(
                f"\nStill running, until Ctrl-C. Its data are in {complete.state}\n"
                f"  API docs    {address}/docs\n  event docs  {address}/docs/events\n  mailbox     {address}/mailbox\n"
                f"  a token     ./dev entraide token --as KEN:focal_point",
                highlight=False, soft_wrap=True,
            )  # fmt: skip

    run_together(
        replace(settings, writes=HURRIED, reads=HURRIED),
        services,
        fail=fail,
        say=lambda line: console.print(f"  {line}", highlight=False, soft_wrap=True),
        beside=beside,
    )
    return code


async def _tell(settings: Settings, running: list[Running], console: Console, found: Found, *, as_json: bool) -> int:
    address = f"http://{settings.host}:{settings.port}"
    issuer = Issuer.load(settings.state / "issuer.jwk", settings.issuer)
    db_of = {service.name: service.db for service in running}
    api = Api({service.name: address for service in running}, issuer)
    seen = Seen()
    assert settings.nats_url is not None, "parts() gives every part an address"
    with Progress(
        TextColumn("{task.description:55}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def say(step: str, done: int, of: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=of)
            progress.update(tasks[step], completed=done)

        story = Story(api, seen, say, settings.state / "donor")
        async with watch(settings.nats_url) as events:
            keeping = asyncio.create_task(seen.keep(events))
            try:
                # The second time they are there.
                with contextlib.suppress(Conflict):
                    await found(db_of["directory"], founders(settings.issuer))
                await story.tell()
                first = not story.filed_before
                unseen = [kind for kind in EXPECTED if first and kind not in seen.types]
            finally:
                keeping.cancel()
                await api.close()
    if as_json:
        print(json.dumps(_report(story, seen, first=first, unseen=unseen), ensure_ascii=False, indent=2))
    else:
        _print(console, story, seen, first=first)
    for what in story.not_waited_for:
        console.print(f"[yellow]did not wait for[/] {what}", highlight=False, soft_wrap=True)
    uncovered = [t.appointment for t in story.told for line in t.lines if line.needed and not line.covered]
    for complaint in [f"not seen on NATS: {kind}" for kind in unseen] + [f"not funded: {who}" for who in uncovered]:
        console.print(f"[red]{complaint}[/]")
    return 1 if unseen or uncovered else 0


def _print(console: Console, story: Story, seen: Seen, *, first: bool) -> None:
    out = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PRINTED_COLUMNS)
    assert story.planned is not None, "the story came to its end"
    assert story.given is not None, "the story came to its end"
    out.print("What happened (a fictitious world; codes and articles are real)\n")
    for told in story.told:
        _print_request(out, told)
    out.print(funds_table(story.funds))
    for fund in (one for one in story.funds if one["in_kind_usd_minor"]):
        worth = amount(in_dollars(fund["in_kind_usd_minor"]))
        out.print(f"given to {fund['code']} in kind, beside all that: {worth}\n", highlight=False)
    out.print(years_table(story.years))
    out.print(work_packages_table(story.years[-1]))
    out.print(pledge_table(story.given))
    out.print(_need_words(story.given), highlight=False)
    for file in story.given.files:
        out.print(f"written: {file}", highlight=False, soft_wrap=True)
    out.print(round_table(story.planned))
    told_of = sum(seen.types.values())
    out.print(
        f"{told_of} facts of {len(seen.types)} kinds seen on NATS."
        if first
        else "All of it had been filed before; every step was verified, nothing was filed again."
    )


def _print_request(out: Console, told: Told) -> None:
    """A request, what was found for each of its lines, who pays and who was told."""
    heading = f"{told.request['reference'] or ''} {told.request['state']} ({told.language})".strip()
    funding = "; ".join(dict.fromkeys(_funding_words(line) for line in told.lines))
    details = [
        *(text for line in told.lines for text in match_words(line)),
        (2, f"funding: {funding}"),
        (2, f"told: {', '.join(told.notified)}"),
        (2, f"suggested {_after(told.suggestion_ms)}"),
    ]
    for indent, text in [(0, f"{heading}  {told.title}"), *details]:
        out.print(Padding(Text(text), (0, 0, 0, indent)))
    out.print()


def _need_words(given: Given) -> str:
    """What the donor pledged to beside, and what the fund needs from now on."""
    pledge, need, raised = given.to_a_need, given.need, given.raised
    (stated,) = raised["requirements"]
    needed = amount(in_dollars(stated["usd_minor"]))
    return (
        f"{pledge['donor']} pledges {amount(pledge['money'])} to what is ready and lacks only money: "
        f"{need['state']}, {need['title']}\n"
        f"{given.pledge['fund']} needs {needed} for {stated['work_package']} in {stated['year']}: {raised['reason']}"
    )


def _after(passed: float | None) -> str:
    if passed is None:
        return "in an earlier run"
    # The suggestion may be committed, and seen, before the client has read the 201.
    return f"after {passed:.1f} ms" if passed >= 1 else "after less than 1 ms"


def match_words(line: Line) -> list[tuple[int, str]]:
    """A match with the reasons that give most, and the one by which most is missing: each text with its indent."""
    best = sorted(line.match["explanation"], key=lambda one: -one["points"])[:REASONS_SHOWN]
    lacking = max(line.match["explanation"], key=lambda one: one["of"] - one["points"])
    shown = [*best, *([lacking] if lacking not in best and lacking["points"] < lacking["of"] else [])]
    heading = f"{line.kind}: {line.match['provider']} {line.match['score']}/1000"
    return [(2, heading), *((4, f"{one['points']}/{one['of']} {one['says']}") for one in shown)]


def _funding_words(line: Line) -> str:
    if not line.needed:
        return "funded by the provider"
    return f"{amount(line.needed)} {'allocated' if line.covered else 'missing'}"


def _report(story: Story, seen: Seen, *, first: bool, unseen: Sequence[str]) -> Mapping[str, Any]:
    return {
        "filed_now": first,
        "requests": [_told(told) for told in story.told],
        "funds": story.funds,
        "years": story.years,
        "round": story.planned.round if story.planned else None,
        "donor": {
            "pledge": story.given.pledge,
            "instalments": story.given.instalments,
            "allocations": story.given.allocations,
            "in_kind": story.given.in_kind,
            "activity": story.given.activity,
            "to_a_need": story.given.to_a_need,
            "need": story.given.need,
            "raised": story.given.raised,
            "files": [str(file) for file in story.given.files],
        }
        if story.given
        else None,
        "not_waited_for": story.not_waited_for,
        "facts_seen": dict(sorted(seen.types.items())),
        "facts_not_seen": list(unseen),
    }


def _told(told: Told) -> Mapping[str, Any]:
    return {
        "request_id": told.request["request_id"],
        "reference": told.request["reference"],
        "state": told.request["state"],
        "language": told.language,
        "suggestion_ms": told.suggestion_ms,
        "told": told.notified,
        "lines": [
            {
                "kind": line.kind,
                "provider": line.match["provider"],
                "score": line.match["score"],
                "shares": line.match["shares"],
                "reasons": [one["says"] for one in line.match["explanation"]],
                "funding_needed": line.needed,
                "covered": line.covered,
            }
            for line in told.lines
        ],
    }
