"""Writing of the documents to files, from the code alone: no database, no broker, no clock."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click
from litestar import Litestar

from chassis.auth.tokens import NoDirectory
from chassis.db.database import Database
from chassis.http.application import application, litestar_of
from chassis.http.internal_api import events
from chassis.journal.bus import Bus
from chassis.journal.outbox import Relay
from chassis.service import Running, Service
from chassis.settings import Settings
from contracts.registry import FACTS
from services import reference
from services.documents.api import routes
from services.documents.asyncapi import asyncapi, fact_schema
from services.documents.openapi import openapi
from services.documents.stored_examples import CONTRACTS, kept_examples, missing_examples, type_of


def write(services: Sequence[Service], *, check: bool, folder: Path = CONTRACTS) -> int:
    """Write changed documents and delete obsolete schemas.

    With `check` only list them, and return 1 if there are any.
    """
    examples, missing = kept_examples(folder), missing_examples(folder)
    for path, example in missing.items():
        examples.setdefault(type_of(path), []).append(example)
    documents = missing | schemas(services, examples, folder)
    texts = {path: text_of(document) for path, document in documents.items()}
    differing = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left_over = [path for path in sorted((folder / "schemas").rglob("*.json")) if path not in texts]
    for path in differing + left_over:
        status = "differs from the code" if check else "removed" if path in left_over else "written"
        click.echo(f"{path.relative_to(folder.parent)}: {status}", err=check)
    if check:
        return 1 if differing or left_over else 0
    for path in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    for path in left_over:
        path.unlink()
    return 0


def schemas(
    services: Sequence[Service], examples: Mapping[str, Sequence[Any]], folder: Path = CONTRACTS
) -> dict[Path, Any]:
    """Return every document below `schemas/`, by path."""
    found: dict[Path, Any] = {
        folder / "schemas" / "facts" / f"{name}.json": fact_schema(name, kind) for name, kind in FACTS.items()
    }
    app = inert_application(services)
    found[folder / "schemas" / "openapi.json"] = openapi(app)
    found[folder / "schemas" / "asyncapi.json"] = asyncapi(services, app, examples=examples)
    return found


def inert_application(services: Sequence[Service]) -> Litestar:
    """Return the application with connections that are never opened, for inspection only."""
    settings = Settings(state=Path())
    running = []
    for service in services:
        db, bus = Database(cast(Any, None), service.name), Bus("", service.name)
        running.append(Running(service, settings, db, bus, Relay(db, bus), cast(Any, None), cast(Any, None)))
    return litestar_of(
        application(running, NoDirectory(), routes=[events, *reference.ROUTES, *routes(lambda: services)])
    )


def text_of(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
