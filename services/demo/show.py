"""`entraide demo`: start everything, run the story, and print its results."""

import asyncio
import contextlib
import json
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text
from rich.traceback import Traceback

from chassis.auth.tokens import Issuer
from chassis.db.database import Database
from chassis.journal.streams import watch
from chassis.rate_limiter import RateLimit
from chassis.service import Running, Service
from chassis.settings import Settings
from contracts import reference
from contracts.refusals import Conflict
from services.demo.appointing import founders
from services.demo.cards import (
    COLUMNS,
    contributions_card,
    delivery_card,
    desk_card,
    donor_card,
    ended_card,
    joint_delivery_card,
    proposed_card,
    report_card,
    request_card,
    round_card,
    summary,
)
from services.demo.desk import Intake
from services.demo.people import Api, StepError
from services.demo.portal_card import extension_card, portal_card, review_progress_card
from services.demo.records import RequestRecord, Seen
from services.demo.story import UNPAID, Story
from services.demo.tables import funds_table, work_packages_table, years_table
from services.directory.people.actions import Founder
from services.mailbox import Mailbox

Expire = Callable[..., Awaitable[float | None]]
AppointFounders = Callable[[Database, Sequence[Founder]], Awaitable[None]]
AHEAD = timedelta(days=5)
"""Time by which the demo's own clock is ahead when it looks for overdue work."""
A_YEAR_AHEAD = timedelta(days=370)
"""Time by which the demo's own clock is ahead when follow-ups are asked."""

STORY_RATE_LIMIT = RateLimit(per_minute=60_000, burst=6_000)
"""Rate limits for the story, which does in seconds, as one coordinator, the work of several people in weeks."""

EXPECTED = tuple(
    f"{aggregate}.{event}.v1"
    for aggregate, events in (
        ("directory.organization", "registered"),
        ("directory.person", "entered"),
        ("directory.appointment", "proposed made"),
        (
            "requests.request",
            "submitted registered opened fulfilment-changed started delivery-evaluated delivered closed",
        ),
        ("requests.clock", "started stopped"),
        ("notifications.alert", "created"),
        ("notifications.hit", "recorded"),
        ("matching.offering", "submitted approved"),
        ("matching.line", "ranked"),
        ("matching.match", "presented accepted confirmed begun completed evaluated"),
        ("matching.package", "presented agreed"),
        ("matching.round", "asked planned adopted"),
        ("delivery.delivery", "opened contacts-named agreed begun suspended terminated completed"),
        ("delivery.agreement", "proposed signed"),
        ("delivery.message", "sent"),
        ("delivery.session", "planned held"),
        ("delivery.expert", "listed consented"),
        ("sherloc.legislation", "recorded submitted returned published verified"),
        ("sherloc.practice", "recorded submitted catalogued use-added"),
        ("delivery.result", "reported confirmed"),
        ("delivery.screening", "answered completed"),
        ("delivery.action_point", "added done verified"),
        ("delivery.effect", "recorded verified"),
        ("delivery.strategy", "drawn-up"),
        ("delivery.follow_up", "scheduled asked answered"),
        ("pledges.fund", "opened requirement-revised gender-marker-stated"),
        ("pledges.pledge", "pledged committed received refunded"),
        ("pledges.requirement", "opened"),
        ("pledges.allocation", "made spent"),
        ("pledges.activity", "planned completed"),
        ("pledges.in_kind_contribution", "declared acknowledged"),
        ("pledges.proposal", "made approved"),
        ("sherloc.contribution", "drafted submitted accepted returned"),
        ("sherloc.extension", "proposed voted-for planned begun noted"),
        ("sherloc.review_progress", "recorded consented"),
        ("notifications.notification", "owed delivered"),
    )
    for event in events.split()
)
"""The facts that the story makes. A first run checks that each was published on NATS."""

BY_ITS_OWN_CLOCK = frozenset({"delivery.follow_up.asked.v1", "delivery.follow_up.answered.v1"})
"""Facts of `EXPECTED` that the story makes only if it can set a clock ahead."""

DONOR_FIELDS = ("pledge", "instalments", "allocations", "in_kind", "activity", "to_a_need", "need", "raised")
"""The parts of a donor's story in the report."""

FICTITIOUS = (
    "People, requests, offerings, pledges and rates of exchange are fictitious; States, kinds of assistance, codes and "
    "articles are real."
)
RATES_ARE_FICTITIOUS = "the rates of exchange are fictitious: no bank's, and not the United Nations'"


def show(
    settings: Settings,
    services: Sequence[Service],
    *,
    leave: bool,
    as_json: bool,
    details: bool = False,
    fail: Callable[[str], NoReturn],
    appoint_founders: AppointFounders,
    expire: Expire,
    follow_up: Expire,
) -> int:
    """Run the demo; return the exit code, 0 only if every step succeeded.

    `appoint_founders` appoints the directory's administrators, `expire` records overdue work, `follow_up` asks for
    follow-ups of deliveries.
    """
    from services.all_in_one import run_together

    if settings.keys is not None:
        fail("the demo speaks for fictitious persons of its own issuer: unset ENTRAIDE_ISSUER")
    console = Console(stderr=True)
    code = 1

    def say(line: str) -> None:
        console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))

    say(f"for the story each caller may write and read {STORY_RATE_LIMIT.per_minute} times a minute")
    say(RATES_ARE_FICTITIOUS)

    async def beside(complete: Settings, running: list[Running], stop: asyncio.Event) -> None:
        nonlocal code
        try:
            clocks = {"requests": expire, "delivery": follow_up}
            code = await _run_story(
                complete, running, console, appoint_founders, clocks, as_json=as_json, details=details
            )
        except* StepError as group:
            console.print(f"[red]the story broke off:[/] {group.exceptions[0]}")
        except* Exception as group:
            # This is a defect. No one awaits this task, so the error would be lost. `print_exception` cannot be used
            # here: in `except*` it finds no exception.
            console.print(Traceback.from_exception(type(group), group, group.__traceback__))
        finally:
            if leave:
                stop.set()
        if not leave:
            address = f"http://{complete.host}:{complete.port}"
            console.print(
                f"\nStill running, until Ctrl-C. Its data are in {complete.state}\n"
                f"  open        {address} in a browser, and step into a person's place\n"
                f"  API docs    {address}/docs\n  event docs  {address}/docs/events\n  mailbox     {address}/mailbox\n"
                f"  a token     ./dev entraide token --as KEN:focal_point --state {shlex.quote(str(complete.state))}",
                highlight=False, soft_wrap=True,
            )  # fmt: skip

    run_together(
        replace(settings, writes=STORY_RATE_LIMIT, reads=STORY_RATE_LIMIT), services, fail=fail, say=say, beside=beside
    )
    return code


async def _run_story(
    settings: Settings,
    running: list[Running],
    console: Console,
    appoint_founders: AppointFounders,
    clocks: Mapping[str, Expire],
    *,
    as_json: bool,
    details: bool,
) -> int:
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

        intake = Intake(*settings.intake_smtp, settings.intake_address) if settings.intake_smtp else None
        story = Story(
            api,
            seen,
            say,
            settings.state / "donor",
            intake=intake,
            escalate=partial(clocks["requests"], db_of["requests"], ahead=AHEAD),
            ask=partial(clocks["delivery"], db_of["delivery"], ahead=A_YEAR_AHEAD),
            mails=Mailbox(settings.state / "mailbox", settings.host, 0).messages,
        )
        async with watch(settings.nats_url) as events:
            keeping = asyncio.create_task(seen.keep(events))
            try:
                # In a second run the records exist already.
                with contextlib.suppress(Conflict):
                    await appoint_founders(db_of["directory"], founders(settings.issuer))
                await story.run()
                first = not story.filed_before
                unseen = [kind for kind in EXPECTED if first and kind not in seen.types]
            finally:
                keeping.cancel()
                await api.close()
    if as_json:
        print(json.dumps(_report(story, seen, first=first, unseen=unseen), ensure_ascii=False, indent=2))
    else:
        _print(story, seen, first=first, details=details)
    for what in story.not_waited_for:
        console.print(f"[yellow]did not wait for[/] {what}", highlight=False, soft_wrap=True)
    complaints = [
        *(f"not seen on NATS: {kind}" for kind in unseen),
        *(
            f"not funded: {t.appointment}"
            for t in story.requests
            for one in t.lines
            if t.appointment != UNPAID and one.needed and not one.covered
        ),
        *(f"not offered: {kind}" for kind in reference.kinds() if kind not in story.kinds_offered),
    ]
    for complaint in complaints:
        console.print(f"[red]{complaint}[/]")
    return 1 if complaints else 0


def _print(story: Story, seen: Seen, *, first: bool, details: bool) -> None:
    out = Console(file=sys.stdout, highlight=False)
    out.width = min(out.width, COLUMNS) if sys.stdout.isatty() else COLUMNS
    assert story.planned is not None, "the story is complete"
    assert story.given is not None, "the story is complete"
    assert story.ended is not None, "the story is complete"
    assert story.desk.joint is not None, "the story is complete"
    assert story.reported is not None, "the story is complete"
    assert story.desk.contributed is not None, "the story is complete"
    cards = [
        *(request_card(record, details=details) for record in story.requests),
        *(delivery_card(record) for record in story.requests if record.agreement is not None),
        ended_card(story.ended),
        proposed_card(story.proposed),
        joint_delivery_card(story.joint),
        donor_card(story.given, story.refunded),
        round_card(story.planned, details=details),
        desk_card(story.desk),
        report_card(story.reported),
        contributions_card(story.desk.contributed),
        portal_card(story.portal),
        extension_card(story.extended),
        review_progress_card(story.extended),
    ]
    with out.capture() as printed:
        out.print(FICTITIOUS)
        for card in cards:
            out.print("", *card, sep="\n")
        out.print("", funds_table(story.funds), sep="\n")
        if details:
            out.print(years_table(story.years), work_packages_table(story.years[-1]), sep="\n")
    # Rich pads lines with blanks to the width of the terminal.
    print("\n".join(line.rstrip() for line in printed.get().splitlines()))
    out.print(f"{len(story.given.files)} files for the donor are in {story.given.files[0].parent}", soft_wrap=True)
    for sentence in summary(story.requests, story.kinds_offered, reference.kinds()):
        out.print(sentence)
    out.print(
        f"{sum(seen.types.values())} facts of {len(seen.types)} kinds seen on NATS."
        if first
        else "All had been filed before: every step was verified, nothing was filed again."
    )
    if not details:
        out.print("More of each: ./dev demo --details")


def _report(story: Story, seen: Seen, *, first: bool, unseen: Sequence[str]) -> Mapping[str, Any]:
    return {
        "filed_now": first,
        "requests": [_report_of(record) for record in story.requests],
        "funds": story.funds,
        "years": story.years,
        "round": story.planned.round if story.planned else None,
        "donor": {
            **{name: getattr(story.given, name) for name in DONOR_FIELDS},
            "files": [str(file) for file in story.given.files],
        }
        if story.given
        else None,
        "refund": story.refunded,
        "desk": {
            "filed": [{"way": way, "request_id": one["request_id"]} for way, one in story.desk.filed],
            "hits": story.desk.hits,
            "overdue": story.desk.overdue,
            "counts": story.desk.counts,
            "package": story.desk.package,
            "contributed": [
                {"contribution_id": one["contribution_id"], "status": one["status"]}
                for one in (story.desk.contributed.accepted, story.desk.contributed.returned)
            ]
            if story.desk.contributed
            else [],
        },
        "joint_delivery": {
            "deliveries": [
                {name: one[name] for name in ("delivery_id", "state", "status")} for one in story.joint.deliveries
            ],
            "sessions": [{name: one[name] for name in ("session_id", "status")} for one in story.joint.sessions],
        },
        "extension": story.extended.extension,
        "review_progress": story.extended.table,
        "report": {
            "report_id": story.reported.report["report_id"],
            "status": story.reported.report["status"],
            "files": [str(file) for file in story.reported.files],
        }
        if story.reported
        else None,
        "kinds_offered": sorted(story.kinds_offered),
        "not_waited_for": story.not_waited_for,
        "facts_seen": dict(sorted(seen.types.items())),
        "facts_not_seen": list(unseen),
    }


def _report_of(record: RequestRecord) -> Mapping[str, Any]:
    return {
        "request_id": record.request["request_id"],
        "reference": record.request["reference"],
        "state": record.request["state"],
        "status": record.request["status"],
        "outcome": record.request["outcome"],
        "language": record.language,
        "suggestion_ms": record.suggestion_ms,
        "notified": record.notified,
        "lines": [
            {
                "kind": line.kind,
                "provider": line.match["provider"],
                "score": line.match["score"],
                "shares": line.match["shares"],
                "reasons": [one["says"] for one in line.match["explanation"]],
                "funding_needed": line.needed,
                "covered": line.covered,
                "status": line.match["status"],
            }
            for line in record.lines
        ],
    }
