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
from services.cli.options import JSON, STATE
from services.cli.settings import read_settings
from services.composition import all_services
from services.matching.texts import meaning


@click.command("doctor")
@STATE
@JSON
def doctor(state: Path | None, as_json: bool) -> None:
    """Check every external dependency and report what is wrong."""
    found = [*run(examine(running_parts(read_settings(state)), all_services())), model_finding()]
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(finding) for finding in found]))
    else:
        for finding in found:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.part:32} {finding.says}")
    if not all(finding.ok for finding in found):
        sys.exit(1)


def model_finding() -> Finding:
    """Check whether the model is the tested version; the model is optional."""
    find = partial(Finding, part="meaning of texts")
    problem = meaning.model_problem()
    if problem is None:
        return find(ok=True, says=f"{meaning.ENCODER.name} {meaning.ENCODER.version}, its files are those tested")
    if problem.slug == "model-not-installed":
        return find(ok=True, says="no model is installed (./dev meaning): scores are by codes alone")
    return find(ok=False, says=f"off, and all else works: {problem.reason}")
