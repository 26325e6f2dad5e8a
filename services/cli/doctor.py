"""`entraide doctor`."""

import json
import sys
from functools import partial
from pathlib import Path

import click
import msgspec

from chassis.doctor import Finding, examine
from chassis.event_loop import run
from chassis.parts import running_parts
from chassis.settings import Settings
from contracts.refusals import Refusal
from services.cli.options import JSON, STATE
from services.cli.settings import read_settings
from services.cli.sign_in import browser_sign_in, client_of, told
from services.composition import all_services
from services.matching.texts import meaning


@click.command("doctor")
@click.option("--sign-in", "tries_sign_in", is_flag=True, help="Also sign in, and check the issuer's tokens.")
@click.option("--no-browser", is_flag=True, help="With --sign-in: only print the address to open.")
@STATE
@JSON
def doctor(state: Path | None, tries_sign_in: bool, no_browser: bool, as_json: bool) -> None:
    """Check every external dependency and report what is wrong."""
    settings = read_settings(state)
    found = [*run(examine(running_parts(settings), all_services())), model_finding()]
    if tries_sign_in:
        found.append(sign_in_finding(settings, browser=not no_browser))
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(finding) for finding in found]))
    else:
        for finding in found:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.part:32} {finding.says}")
    if not all(finding.ok for finding in found):
        sys.exit(1)


def sign_in_finding(settings: Settings, *, browser: bool) -> Finding:
    """Sign in as a person at the issuer; without a person nobody knows what its tokens say."""
    find = partial(Finding, part="sign-in")
    try:
        run(browser_sign_in(client_of(settings), partial(click.echo, err=True), browser=browser))
    except Refusal as no:
        return find(ok=False, says=told(no))
    except TimeoutError:
        return find(ok=False, says="nobody signed in in time")
    return find(ok=True, says="the issuer's tokens are accepted")


def model_finding() -> Finding:
    """Check whether the model is the tested version; the model is optional."""
    find = partial(Finding, part="meaning of texts")
    problem = meaning.model_problem()
    if problem is None:
        return find(ok=True, says=f"{meaning.ENCODER.name} {meaning.ENCODER.version}, its files are those tested")
    if problem.slug == "model-not-installed":
        return find(ok=True, says="no model is installed (./dev meaning): scores are by codes alone")
    return find(ok=False, says=f"off, and all else works: {problem.reason}")
