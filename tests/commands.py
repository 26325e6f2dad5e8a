"""Run commands of `entraide` in this process: a new process takes more than a second to import."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from click.testing import CliRunner, Result

from services.__main__ import main


async def entraide(*words: object, env: Mapping[str, str]) -> Result:
    """What an operator who types it gets: `exit_code`, `stdout`, `stderr`. What it does not catch is raised here."""
    result = await asyncio.to_thread(_run, list(map(str, words)), env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _run(words: list[str], env: Mapping[str, str]) -> Result:
    with _own_logs():
        return CliRunner().invoke(main, words, prog_name="entraide", env=env)


@contextmanager
def _own_logs() -> Iterator[None]:
    """A command decides how its process logs; the tests behind it are to log as before."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers = []
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers, root.level = handlers, level
