"""All uses of private parts of litestar, uvicorn and markupsafe.

They may change in any version: tests/chassis/test_private_parts.py fails if they do.

- litestar 2.25.0 starts a task for each of several dependencies of a handler. Ours never wait, and the tasks took
  an eighth of the time of a request: `KwargsModel.resolve_dependencies` is replaced.
- uvicorn 0.54.0 supports limits on connections only in its protocol: `HttpToolsProtocol` is subclassed.
- markupsafe 3.0.4 makes an object of each text that it escapes, which takes twenty times as long as to escape it, and
  a page has hundreds: `_escape_inner`, which takes and returns a str, is imported.
"""

from operator import attrgetter
from typing import Any

from litestar._kwargs import KwargsModel
from litestar._kwargs.cleanup import DependencyCleanupGroup
from litestar._kwargs.dependencies import resolve_dependency
from litestar.connection import ASGIConnection
from markupsafe import _escape_inner as escape_inner  # type: ignore[attr-defined]
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HttpToolsProtocol", "escape_inner", "resolve_dependencies_in_turn"]


def resolve_dependencies_in_turn() -> None:
    """Make litestar resolve dependencies one after the other, by name if they are independent."""
    KwargsModel.resolve_dependencies = _in_turn  # type: ignore[method-assign]


async def _in_turn(
    self: KwargsModel, connection: ASGIConnection[Any, Any, Any, Any], kwargs: dict[str, Any]
) -> DependencyCleanupGroup:
    cleanup = DependencyCleanupGroup()
    for batch in self.dependency_batches:
        for dependency in sorted(batch, key=attrgetter("key")):
            await resolve_dependency(dependency, connection, kwargs, cleanup)
    return cleanup
