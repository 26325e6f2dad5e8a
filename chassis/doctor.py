"""Checks of every external part: reachable, new enough, durable."""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
import asyncpg
import httpx
import msgspec

from chassis import clock
from chassis.addresses import hosts_of
from chassis.auth.tokens import AUDIENCE, TrustedIssuer, UnsuitableTokenError, verified
from chassis.db.migrate import CHASSIS_MIGRATIONS, MigrationError, read_migrations, role_of
from chassis.files.scanner import NOTHING, ScannerError, Verdict, scanner_of
from chassis.files.store import Folder
from chassis.http.readiness import is_right
from chassis.ids import new_id
from chassis.journal.bus import BusError
from chassis.journal.streams import check_jetstream, stream_states
from chassis.keys.issuer import Keys
from chassis.runtime import topology
from chassis.service import Service
from chassis.settings import Settings
from contracts.refusals import Unavailable

SECONDS = 5
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The EICAR test file, in two pieces so that a scanner does not report this source file."""

TESTED = {16: "16.14", 17: "17.12", 18: "18.6"}
"""The release of each major version of PostgreSQL that `./dev soak` migrates and tests."""

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    part: str
    ok: bool
    says: str


async def examine(settings: Settings, services: Sequence[Service]) -> list[Finding]:
    """Return the findings of all parts; a broken part never raises an error."""
    found: list[Finding] = []
    if settings.database_url is None and not settings.database_urls:
        found.append(_here("PostgreSQL", "DATABASE_URL"))
    if settings.database_url is not None:
        found += await _database("PostgreSQL (migrator)", settings.database_url, services, settings)
    for name, url in settings.database_urls.items():
        found += await _database(f"PostgreSQL ({name})", url, [s for s in services if s.name == name], settings)
    if settings.nats_url is None and not settings.nats_urls:
        found.append(_here("broker", "NATS_URL"))
    if settings.nats_url is not None:
        found.append(await _streams(settings.nats_url, services))
    for service in services:
        if own := settings.nats_urls.get(service.name):
            found.append(await _jetstream(own, service))
    if settings.smtp_url:
        found.append(await _mail(settings.smtp_url))
    elif settings.keys:
        found.append(Finding(part="mail", ok=True, says="SMTP_URL is not set: no mail is sent"))
    else:
        found.append(_here("mail", "SMTP_URL"))
    found += await _issuer(settings) if settings.keys else [_here("identity", "ENTRAIDE_ISSUER")]
    if settings.scanner is None:
        found.append(Finding(part="files", ok=True, says="ENTRAIDE_SCANNER is off: no files are accepted"))
    else:
        found += [await _files(settings.files_folder), await _scanner(settings.scanner)]
    return found


def _here(part: str, setting: str) -> Finding:
    return Finding(part=part, ok=True, says=f"{setting} is not set: `entraide up` starts its own")


async def _database(part: str, url: str, services: Sequence[Service], settings: Settings) -> list[Finding]:
    try:
        connection = await asyncpg.connect(url, timeout=SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        where = ", ".join(hosts_of(urlsplit(url)))
        return [Finding(part=part, ok=False, says=f"not reached at {where}: {type(error).__name__}")]
    try:
        version = await connection.fetchval("SHOW server_version")
        number = int(await connection.fetchval("SHOW server_version_num"))
        found = [Finding(part=part, ok=number >= 160_000, says=version_says(version, number // 10_000))]
        now = await connection.fetchval("SELECT clock_timestamp()")
        if wrong := _wrong_clock(now, "PostgreSQL"):
            found.append(wrong)
        for name, wanted in DURABLE.items():
            value = await connection.fetchval("SELECT current_setting($1)", name)
            if value != wanted:
                found.append(Finding(part=part, ok=False, says=f"{name} is {value}: acknowledged data can be lost"))
        for service in services:
            found.append(await _schema(connection, service))
        return found
    finally:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            await connection.close(timeout=SECONDS)


def _wrong_clock(now: datetime, of: str) -> Finding | None:
    """Return a finding if this machine's clock differs from `now` of another one, so that tokens are refused."""
    ahead = (clock.now() - now).total_seconds()
    if is_right(ahead):
        return None
    says = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} {of}: tokens are refused"
    return Finding(part="clock", ok=False, says=says)


def version_says(version: str, major: int) -> str:
    """Describe whether a PostgreSQL version is new enough and tested; the text after its number is ignored."""
    if major < min(TESTED):
        return f"version {version}; {min(TESTED)} or newer is needed"
    if version.split()[0] in TESTED.values():
        return f"version {version}, which is tested"
    return f"version {version} was not tested: {', '.join(TESTED.values())} were"


async def _schema(connection: asyncpg.Connection, service: Service) -> Finding:
    part = f"schema {service.name}"
    try:
        wanted = len(read_migrations("chassis", CHASSIS_MIGRATIONS)) + len(
            read_migrations(service.name, service.folder / "migrations")
        )
        applied = await connection.fetchval(f"SELECT count(*) FROM {service.name}.migration")
    except MigrationError as error:
        return Finding(part=part, ok=False, says=str(error))
    except asyncpg.PostgresError:
        return Finding(part=part, ok=False, says="missing: run `entraide migrate`")
    if applied != wanted:
        return Finding(part=part, ok=False, says=f"{applied} of {wanted} migrations applied: run `entraide migrate`")
    return Finding(part=part, ok=True, says=f"{applied} migrations applied, role {role_of(service.name)}")


async def _streams(url: str, services: Sequence[Service]) -> Finding:
    owners, _ = topology(services)
    try:
        states = await stream_states(url, owners)
    except BusError as error:
        return Finding(part="broker", ok=False, says=str(error))
    missing = [owner for owner, state in states.items() if state is None]
    if missing:
        return Finding(
            part="broker", ok=False, says=f"no stream for {', '.join(missing)}: run `entraide streams ensure`"
        )
    return Finding(part="broker", ok=True, says=f"reached; {len(states)} streams")


async def _jetstream(url: str, service: Service) -> Finding:
    part = f"broker ({service.name})"
    try:
        await check_jetstream(url, service.name, *service.probe)
    except BusError as error:
        return Finding(part=part, ok=False, says=str(error))
    return Finding(part=part, ok=True, says="reached; JetStream answers")


async def _mail(url: str) -> Finding:
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    where = f"{parts.hostname}:{parts.port or (465 if secure else 25)}"
    client = aiosmtplib.SMTP(
        hostname=parts.hostname or "", port=parts.port or (465 if secure else 25), use_tls=secure, timeout=SECONDS
    )
    try:
        async with client:
            return Finding(part="mail", ok=True, says=f"{where} answers")
    except (OSError, TimeoutError, aiosmtplib.SMTPException) as error:
        return Finding(part="mail", ok=False, says=f"not reached at {where}: {type(error).__name__}")


async def _issuer(settings: Settings) -> list[Finding]:
    source = settings.keys or ""
    try:
        async with asyncio.timeout(SECONDS):
            await Keys(source, settings.issuer).get("any")
            now = await _time_at(source)
    except (Unavailable, TimeoutError):
        return [Finding(part="identity", ok=False, says=f"no keys at {source}")]
    found = [Finding(part="identity", ok=True, says="the issuer's keys can be read")]
    if now and (wrong := _wrong_clock(now, "the issuer")):
        found.append(wrong)
    if settings.service_token_file:
        found.append(await _service_token(settings.service_token_file, settings))
    return found


async def _service_token(file: Path, settings: Settings) -> Finding:
    find = partial(Finding, part="identity (service token)")
    trusted = TrustedIssuer(settings.issuer, Keys(settings.keys or "", settings.issuer), settings.algorithm)
    try:
        await verified(file.read_text(encoding="utf-8").strip(), trusted)
    except (OSError, UnicodeDecodeError) as error:
        return find(ok=False, says=f"ENTRAIDE_SERVICE_TOKEN_FILE cannot be read ({type(error).__name__})")
    except UnsuitableTokenError as error:
        return find(ok=False, says=f"not an access token for {AUDIENCE}: {error.wrong} is wrong")
    return find(ok=True, says="is accepted")


async def _time_at(source: str) -> datetime | None:
    """The time of a server by its `Date`, unless a cache answers; None for a file."""
    with contextlib.suppress(httpx.HTTPError, LookupError, ValueError):
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            headers = (await client.get(source)).headers
            if "Age" not in headers:
                return parsedate_to_datetime(headers["Date"])
    return None


async def _files(folder: Path) -> Finding:
    """Store a file, read it again and delete it."""
    files, file_id = Folder(folder), new_id()
    try:
        await files.keep(file_id, io.BytesIO(b"entraide doctor"))
        kept = await files.open(file_id)
        if kept:
            kept.close()
        await files.drop(file_id)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Finding(part="files", ok=False, says=f"cannot be stored in ENTRAIDE_FILES, {folder}: {reason}")
    return Finding(part="files", ok=kept is not None, says=f"stored in {folder}")


async def _scanner(setting: str) -> Finding:
    if setting == NOTHING:
        return Finding(part="scanner", ok=True, says="ENTRAIDE_SCANNER is none: files are not scanned")
    scanner, found = scanner_of(setting), []
    try:
        for content in (b"nothing", EICAR):
            # A scan command reads the file from its standard input.
            with tempfile.TemporaryFile() as file:
                file.write(content)
                file.seek(0)
                found.append(await scanner(file))
    except ScannerError as error:
        return Finding(part="scanner", ok=False, says=f"{setting} does not answer: {error}; files wait")
    if found != [Verdict.CLEAN, Verdict.INFECTED]:
        says = f"{setting} reports {found[0]} for a harmless file, {found[1]} for the EICAR test file"
        return Finding(part="scanner", ok=False, says=says)
    return Finding(part="scanner", ok=True, says="finds the EICAR test file")
