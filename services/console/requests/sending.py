"""A command about a request, from a form with its key and revision."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.ids import new_id
from services.console.client import Problem
from services.console.fields import Field, FormError, errors_of
from services.console.page import Page


async def send(
    page: Page, path: str, body: Mapping[str, Any] | None, fields: Sequence[Field] = (), *, method: str = "POST"
) -> tuple[tuple[FormError, ...], int]:
    """Send a command. Return the errors that the API found, and its status, which is 200 without errors."""
    revision = page.value("revision")
    try:
        await page.api.send(
            method,
            path,
            body,
            key=page.value("idempotency_key") or str(new_id()),
            revision=int(revision) if revision.isdigit() else None,
        )
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        errors = errors_of(fields, problem.errors, problem.title) or (FormError("", problem.title, said=True),)
        return errors, problem.status
    return (), 200
