"""`entraide directory`."""

from pathlib import Path
from uuid import UUID

import click

from chassis.ids import new_id
from contracts.callers import Subject
from contracts.reference.refusal_words import words_of
from contracts.refusals import Refusal
from contracts.values import Language
from services.cli.database import in_database
from services.cli.options import STATE, fail
from services.composition import appoint_founders
from services.directory.people.actions import Founder
from services.directory.people.store import PersonTexts


@click.group()
def directory() -> None:
    """Appoint the first administrators."""


@directory.command("found")
@click.option("--issuer", required=True, help="The `iss` of the tokens that both sign in with.")
@click.option("--subject", "subjects", multiple=True, required=True, help="The `sub` of one of them; twice.")
@click.option("--name", "names", multiple=True, required=True, help="The name of one of them; twice, likewise.")
@click.option("--email", "emails", multiple=True, required=True, help="The address of one of them; twice, likewise.")
@STATE
def directory_found(
    issuer: str, subjects: tuple[str, ...], names: tuple[str, ...], emails: tuple[str, ...], state: Path | None
) -> None:
    """Enter and appoint the first two administrators, while fewer than two are in force."""
    if not len(subjects) == len(names) == len(emails):
        fail("give --subject, --name and --email for each administrator")
    founders = [
        Founder(
            person_id=_person_id(subject),
            texts=PersonTexts(
                name=name, email=email, language=Language.EN, subjects=(Subject(issuer=issuer, subject=subject),)
            ),
        )
        for subject, name, email in zip(subjects, names, emails, strict=True)
    ]
    try:
        in_database(state, "directory", lambda db: appoint_founders(db, founders))
    except Refusal as no:
        fail(f"{words_of(no.slug, Language.EN)} ({no.slug})")
    click.echo("founded: " + ", ".join(str(founder.person_id) for founder in founders))


def _person_id(subject: str) -> UUID:
    # While tokens name people by id, a person who has acted under an id keeps that id.
    try:
        return UUID(subject)
    except ValueError:
        return new_id()
