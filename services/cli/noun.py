"""`entraide noun`, made from the declaration alone."""

import textwrap
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from chassis.nouns.statements import statements_of
from contracts.facts import fact_type
from contracts.nouns import Noun
from services.cli.options import JSON, fail
from services.composition import all_services

COLUMNS = 79


class MoveLine(msgspec.Struct, frozen=True, kw_only=True):
    """A command of a noun: who may send it, in which statuses, what status follows, and its fact."""

    name: str
    route: str
    roles: Sequence[str]
    statuses: Sequence[str]
    to: str | None
    fact: str | None
    folds: Sequence[str]


class NounReport(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a declaration; `folds` are the record's fields that a fact sets."""

    noun: str
    service: str
    lists: str
    shows: str
    commands: Sequence[MoveLine]
    sql: dict[str, str]


@click.command("noun")
@click.argument("name", required=False)
@JSON
def noun(name: str | None, as_json: bool) -> None:
    """Show what follows from the declaration of a noun.

    These are its routes with roles and statuses, its facts with the fields that they set, and its SQL. Without NAME the
    nouns that are declared are listed. No database is needed.

    Exit 0: shown; 2: no such noun is declared.
    """
    known = {one.aggregate: (service.name, one) for service in all_services() for one in service.nouns}
    if name is None:
        click.echo(msgspec.json.encode(sorted(known)).decode() if as_json else "\n".join(sorted(known)))
        return
    if name not in known:
        fail(f"no noun {name!r} is declared; declared are: {', '.join(sorted(known))}")
    report = report_of(*known[name])
    click.echo(msgspec.json.encode(report).decode() if as_json else "\n".join(_lines(report)))


def report_of(service: str, noun: Noun[Any]) -> NounReport:
    one, sql = f"{noun.path}/{{{noun.key}}}", statements_of(noun)
    made = noun.create
    moves = [
        (made.name, f"POST {noun.path}", made.by, (), made.to, made.fact),
        *(
            (m.name, f"POST {one}/{m.path}" if m.path else "by hand", m.by, sorted(m.when), m.to, m.fact)
            for m in noun.moves
        ),
    ]
    return NounReport(
        noun=noun.aggregate,
        service=service,
        lists=f"GET {noun.path}?{'&'.join((*noun.filter_fields, 'cursor', 'limit'))}",
        shows=f"GET {one}",
        commands=[
            MoveLine(
                name=name,
                route=route,
                roles=sorted(by),
                statuses=list(when),
                to=to,
                fact=fact_type(fact) if fact else None,
                folds=[field for field, _ in noun.folded[fact]] if fact else [],
            )
            for name, route, by, when, to, fact in moves
        ],
        sql={
            "get": sql.get,
            "lock": sql.lock,
            "list": sql.page,
            "texts": sql.texts,
            **sql.save.parts,
            **sql.save_texts.parts,
        },
    )


def _lines(report: NounReport) -> list[str]:
    lines = [f"{report.noun}, of the service {report.service}", "", report.lists, report.shows]
    for move in report.commands:
        lines += [
            "",
            move.route,
            *_wrapped(f"{move.name}, by {' or '.join(move.roles)}"),
            *_wrapped(f"status: {' or '.join(move.statuses) or 'none'} → {move.to or 'the same'}"),
            *_wrapped(f"{move.fact or 'no fact'} sets {', '.join(move.folds) or 'what its own fold returns'}"),
        ]
    for name, query in report.sql.items():
        lines += ["", f"{name}:", *_wrapped(query)]
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, COLUMNS, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
