"""Logs without texts or names, metrics, and one correlation id from HTTP header to fact to mail."""

import contextlib
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar

import structlog
from prometheus_client import Counter, Gauge, Histogram

from chassis.ids import new_id

CORRELATION_HEADER = "X-Correlation-Id"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_CORRELATION = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

REQUESTS = Histogram(
    "entraide_http_seconds",
    "Time to answer, by route and status",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
PENDING = Gauge("entraide_pending", "Facts committed and not yet acknowledged by the broker", ["service"])
PUBLISHED = Counter("entraide_published", "Facts acknowledged by the broker", ["service"])
RECEIVED = Counter("entraide_received", "Events by outcome", ["service", "owner", "outcome"])
UNSEALED = Gauge("entraide_audit_unsealed", "Rows of the audit log that are not sealed yet", ["service"])
CHECKPOINTED = Gauge(
    "entraide_audit_checkpointed_seconds", "When this process last saw the chain's end in a checkpoint", ["service"]
)
EVENT_STREAMS = Gauge("entraide_event_streams", "Open event streams of this process")
CONNECTIONS = Gauge("entraide_http_connections", "Open HTTP connections of this process")
CONNECTIONS_REFUSED = Counter(
    "entraide_http_connections_refused",
    "HTTP connections closed because of a limit or a parse error",
    ["slug"],
)
PARKED = Gauge("entraide_parked", "Events parked for an operator", ["service"])

_correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_origin: ContextVar[str | None] = ContextVar("origin", default=None)


def correlation_id() -> str:
    """The current correlation id; a new one if none is set."""
    return _correlation.get() or str(new_id())


def correlation_from(sent: str) -> str | None:
    """The correlation id that a caller sent, None unless it is a UUID: it is stored in journal, broker and mails."""
    return sent.lower() if _UUID.match(sent) else None


@contextlib.contextmanager
def with_correlation(given: str | None) -> Iterator[str]:
    """Set the correlation id inside the block: `given`, or a new one if `given` is None or malformed."""
    correlation = given if given and _CORRELATION.match(given) else str(new_id())
    token = _correlation.set(correlation)
    try:
        yield correlation
    finally:
        _correlation.reset(token)


def origin() -> str | None:
    """The client address of the current call; None for work of the system itself. Never logged."""
    return _origin.get()


@contextlib.contextmanager
def with_origin(address: str | None) -> Iterator[None]:
    """Set the client address inside the block."""
    token = _origin.set(address)
    try:
        yield
    finally:
        _origin.reset(token)


def _correlate(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if (correlation := _correlation.get()) is not None:
        entry["correlation_id"] = correlation
    return entry


def _frames(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Log the frames of an exception, not its text, because a database error quotes the row that caused it."""
    given = entry.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        entry["error"] = type(error).__name__
        entry["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-20:]]
    return entry


def configure_logs(*, level: str = "info", human: bool = False) -> None:
    """Write one JSON object per line to standard error, or columns for a terminal if `human`."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            _correlate,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _frames,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that use the standard library's logging log connections and addresses, so only errors are logged.
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, force=True)
