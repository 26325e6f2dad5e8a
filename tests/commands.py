"""Run commands of `entraide` in this process, since a new process takes more than a second to import."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from click.testing import CliRunner, Result

from services.__main__ import main


async def entraide(*words: object, env: Mapping[str, str]) -> Result:
    """Run a command and return its `exit_code`, `stdout` and `stderr`. Raise any exception that it does not catch."""
    result = await asyncio.to_thread(_run, list(map(str, words)), env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _run(words: list[str], env: Mapping[str, str]) -> Result:
    with _own_logs():
        return CliRunner().invoke(main, words, prog_name="entraide", env=env)


@contextmanager
def _own_logs() -> Iterator[None]:
    """Restore the logging configuration after the block, since a command configures logging for its process."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers = []
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers, root.level = handlers, level
