"""A command about a request, from a form with its key and revision."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.console.client import Problem
from services.console.fields import Field, FormError, form_errors
from services.console.page import Page


async def send(
    page: Page, path: str, body: Mapping[str, Any] | None, fields: Sequence[Field] = (), *, method: str = "POST"
) -> tuple[tuple[FormError, ...], int]:
    """Send a command. Return the errors that the API found, and its status, which is 200 without errors."""
    try:
        await page.api.send(
            method,
            path,
            body,
            key=page.key,
            revision=page.revision,
        )
    except Problem as problem:
        errors = form_errors(problem, fields)
        return errors, problem.status
    return (), 200
