"""Settings of the operator, read once from the environment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from chassis.addresses import hosts_of
from chassis.auth.openid import SCOPE
from chassis.files.scanner import NOTHING, scanner_of
from chassis.keys.issuer import ALGORITHM, ALGORITHMS, DISCOVERY, LOOPBACK
from chassis.rate_limiter import READS, WRITES, Network, RateLimit
from chassis.setting_names import RecordedReads

ANY = "any"
IATI_ORGANIZATION = "XM-DAC-41128"
"""UNODC's code in the DAC list of channels."""

EMBEDDED_ISSUER = "https://issuer.entraide.example"
CLIENT_ISSUER = "https://directory.entraide.example"
RETENTION_DAYS = {"contacts": 1095, "drafts": 365, "mails": 365, "origins": 365}
"""Days after the end of a record, by kind: of a delivery, of an untouched draft, of a settled mail, of a call."""
RETENTION_DAYS_MIN = 30
RATE_DAYS_MAX = 366
KEY_LENGTH_MIN = 32
SEVERAL_HOSTS = frozenset({"postgresql", "postgres", "nats", "tls"})
"""Schemes of addresses that may name several hosts, of which one is used."""

LOG_LEVELS = ("warning", "debug", "info", "error", "critical")
"""Log levels; the first one is the default."""


class SettingsError(Exception):
    """A setting is unusable; the message names it and a remedy."""


@dataclass(frozen=True)
class Settings:
    """Addresses of the external parts, limits and switches. A part that is None is started from its wheel.

    `database_url` is the migrator's; a service without an entry in `database_urls` uses it in its own role. `keys` is
    None with the embedded issuer; another issuer identifies the services by `subjects` and `clients`.
    """

    state: Path
    database_url: str | None = None
    database_urls: Mapping[str, str] = field(default_factory=dict)
    nats_url: str | None = None
    nats_urls: Mapping[str, str] = field(default_factory=dict)
    smtp_url: str | None = None
    peers: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8400
    issuer: str = EMBEDDED_ISSUER
    keys: str | None = None
    algorithm: str = ALGORITHM
    strengths: tuple[str, ...] = ()
    subjects: Mapping[str, str] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)
    service_token_file: Path | None = None
    client_id: str | None = None
    client_secret: str | None = None
    session_key: str | None = None
    """Key that encrypts the tokens of the console's sessions; with the embedded issuer, it is in the state folder."""
    session_hours: int = 12
    sign_in_scope: str = SCOPE
    sign_in_resource: str | None = None
    sign_in_audience: str | None = None
    sign_in_again_seconds: int = 900
    """Time after signing in during which a person can make moves that require a recent sign-in."""
    api_client_issuer: str = CLIENT_ISSUER
    api_client_keys: Path | None = None
    audit_dir: Path | None = None
    audit_key_file: Path | None = None
    catch_up_seconds: float = 60.0
    replicas: int = 1
    mail: bool = True
    mail_from: str = "Entraide <no-reply@entraide.example>"
    mail_retry_seconds: int = 300
    mail_hourly_max: int = 60
    intake_smtp: tuple[str, int] | None = None
    intake_address: str = "requests@entraide.example"
    intake_authserv_id: str | None = None
    reply_key: str | None = None
    """Key that signs the reply addresses of notices; None if notices cannot be answered."""
    public_url: str | None = None
    security_contact: str | None = None
    iati_organization: str = IATI_ORGANIZATION
    webhooks: bool = True
    webhook_keys: Path | None = None
    webhook_allowed: tuple[str, ...] = ()
    webhook_denied: tuple[Network, ...] = ()
    webhook_loopback: bool = False
    files: Path | None = None
    files_state_count: int = 1000
    files_state_mebibytes: int = 2048
    scanner: str | None = None
    """The malware scanner (`chassis/files/scanner.py`); None if no files are accepted."""
    rates_hold: Mapping[str, int | str] = field(default_factory=dict)
    """Maps each source of exchange rates to the days after its date that a rate is valid, `month` or `off`."""
    pledge_lapse_days: int = 365
    retention_days: Mapping[str, int | None] = field(default_factory=lambda: dict(RETENTION_DAYS))
    """Maps each kind of personal data to the days after the end of its record; None keeps it without end."""
    writes: RateLimit = WRITES
    reads: RateLimit = READS
    trusted_proxies: tuple[Network, ...] = ()
    connections_each: int = 500
    connections_all: int = 4000
    event_streams_each: int = 8
    event_streams_organization: int = 50
    event_streams_all: int = 500
    event_stream_seconds: int = 600
    log_level: str = "warning"
    log_human: bool = False
    unknown: tuple[str, ...] = ()
    """Environment variables with a prefix of ours that are unknown, resemble no setting, and are ignored."""

    @property
    def files_folder(self) -> Path:
        return self.files or self.state / "files"

    @classmethod
    def from_env(cls, given: Mapping[str, str], services: tuple[str, ...], *, state: Path) -> "Settings":
        """Read every setting. Raises SettingsError, in one line, for an unusable value or a misspelt name."""
        env = RecordedReads(given)
        settings = cls._read(env, services, state=state)
        for name in env.unknown():
            if nearest := env.nearest(name):
                raise SettingsError(f"{name} is not a setting: did you mean {nearest}?")
        return replace(settings, unknown=env.unknown())

    @classmethod
    def _read(cls, env: Mapping[str, str], services: tuple[str, ...], *, state: Path) -> "Settings":
        return cls(
            state=Path(env.get("ENTRAIDE_STATE") or state),
            database_url=_url(env, "DATABASE_URL", ("postgresql", "postgres"), secret=True),
            database_urls=_per_service(env, "DATABASE_URL_{}", services, ("postgresql", "postgres"), secret=True),
            nats_url=_url(env, "NATS_URL", ("nats", "tls"), secret=True),
            nats_urls=_per_service(env, "NATS_URL_{}", services, ("nats", "tls"), secret=True),
            smtp_url=_url(env, "SMTP_URL", ("smtp", "smtps"), secret=True),
            peers=_per_service(env, "ENTRAIDE_{}_URL", services, ("http", "https")),
            host=env.get("ENTRAIDE_HOST", "127.0.0.1"),
            port=_number(env, "ENTRAIDE_PORT", 8400, lowest=0, highest=65_535),
            issuer=env.get("ENTRAIDE_ISSUER") or EMBEDDED_ISSUER,
            keys=_keys(env),
            algorithm=_one_of(env, "ENTRAIDE_TOKEN_ALGORITHM", ALGORITHMS),
            strengths=tuple(acr for acr in env.get("ENTRAIDE_TOKEN_ACR", ANY).split() if acr != ANY),
            subjects=_texts(env, "ENTRAIDE_{}_SUBJECT", services),
            clients=_clients(env, services),
            service_token_file=_path(env, "ENTRAIDE_SERVICE_TOKEN_FILE"),
            client_id=env.get("ENTRAIDE_CLIENT_ID") or None,
            client_secret=_secret(env, "ENTRAIDE_CLIENT_SECRET") or None,
            session_key=_key(env, "ENTRAIDE_SESSION_KEY"),
            session_hours=_number(env, "ENTRAIDE_SESSION_HOURS", 12, lowest=1, highest=24),
            sign_in_scope=_scope(env),
            sign_in_resource=env.get("ENTRAIDE_SIGN_IN_RESOURCE") or None,
            sign_in_audience=env.get("ENTRAIDE_SIGN_IN_AUDIENCE") or None,
            sign_in_again_seconds=_number(env, "ENTRAIDE_SIGN_IN_AGAIN_SECONDS", 900, lowest=1, highest=43_200),
            api_client_issuer=_client_issuer(env),
            api_client_keys=_path(env, "ENTRAIDE_API_CLIENT_KEYS"),
            audit_dir=_path(env, "ENTRAIDE_AUDIT_DIR"),
            audit_key_file=_path(env, "ENTRAIDE_AUDIT_KEY_FILE"),
            catch_up_seconds=_number(env, "ENTRAIDE_CATCH_UP_SECONDS", 60, lowest=1, highest=3600),
            replicas=_number(env, "ENTRAIDE_STREAM_REPLICAS", 1, lowest=1, highest=5),
            mail=_switch(env, "ENTRAIDE_MAIL"),
            mail_from=_mailbox(env, "ENTRAIDE_MAIL_FROM", "Entraide <no-reply@entraide.example>"),
            mail_retry_seconds=_number(env, "ENTRAIDE_MAIL_RETRY_SECONDS", 300, lowest=1, highest=86_400),
            mail_hourly_max=_number(env, "ENTRAIDE_MAIL_HOURLY_MAX", 60, lowest=1, highest=100_000),
            intake_smtp=_listener(env, "ENTRAIDE_INTAKE_SMTP"),
            intake_address=_address(env, "ENTRAIDE_INTAKE_ADDRESS", "requests@entraide.example"),
            intake_authserv_id=_host(env, "ENTRAIDE_INTAKE_AUTHSERV_ID"),
            reply_key=_key(env, "ENTRAIDE_REPLY_KEY"),
            public_url=_url(env, "ENTRAIDE_PUBLIC_URL", ("https", "http")),
            security_contact=_contact(env, "ENTRAIDE_SECURITY_CONTACT"),
            iati_organization=_iati_organization(env, "ENTRAIDE_IATI_ORGANIZATION"),
            webhooks=_switch(env, "ENTRAIDE_WEBHOOKS"),
            webhook_keys=Path(env["ENTRAIDE_WEBHOOK_KEYS"]) if env.get("ENTRAIDE_WEBHOOK_KEYS") else None,
            webhook_allowed=_names(env, "ENTRAIDE_WEBHOOK_ALLOWED"),
            webhook_denied=_networks(env, "ENTRAIDE_WEBHOOK_DENIED"),
            webhook_loopback=_test_only(env, "ENTRAIDE_WEBHOOK_LOOPBACK"),
            files=_path(env, "ENTRAIDE_FILES"),
            files_state_count=_number(env, "ENTRAIDE_FILES_STATE_COUNT", 1000, lowest=1, highest=1_000_000),
            files_state_mebibytes=_number(env, "ENTRAIDE_FILES_STATE_MEBIBYTES", 2048, lowest=1, highest=1_000_000),
            scanner=_scanner(env, "ENTRAIDE_SCANNER"),
            rates_hold=_periods(env, "ENTRAIDE_RATES_HOLD"),
            retention_days=_retention(env, "ENTRAIDE_RETENTION_DAYS"),
            pledge_lapse_days=_number(env, "ENTRAIDE_PLEDGE_LAPSE_DAYS", 365, lowest=1, highest=3650),
            writes=_rate_limit(env, "ENTRAIDE_WRITES_PER_MINUTE", "ENTRAIDE_WRITES_BURST", WRITES),
            reads=_rate_limit(env, "ENTRAIDE_READS_PER_MINUTE", "ENTRAIDE_READS_BURST", READS),
            trusted_proxies=_networks(env, "ENTRAIDE_TRUSTED_PROXIES"),
            connections_each=_number(env, "ENTRAIDE_CONNECTIONS_EACH", 500, lowest=1, highest=100_000),
            connections_all=_number(env, "ENTRAIDE_CONNECTIONS_ALL", 4000, lowest=1, highest=100_000),
            event_streams_each=_number(env, "ENTRAIDE_EVENT_STREAMS_EACH", 8, lowest=1, highest=1000),
            event_streams_organization=_number(env, "ENTRAIDE_EVENT_STREAMS_ORGANIZATION", 50, lowest=1, highest=3000),
            event_streams_all=_number(env, "ENTRAIDE_EVENT_STREAMS_ALL", 500, lowest=1, highest=3000),
            event_stream_seconds=_number(env, "ENTRAIDE_EVENT_STREAM_SECONDS", 600, lowest=1, highest=86_400),
            log_level=_one_of(env, "ENTRAIDE_LOG_LEVEL", LOG_LEVELS),
            log_human=_one_of(env, "ENTRAIDE_LOG_HUMAN", ("0", "1")) == "1",
        )


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], *, secret: bool = False) -> str | None:
    value = _secret(env, name) if secret else env.get(name)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        hosts = hosts_of(parts) if parts.netloc else []
    except ValueError as error:
        # The text of the error is omitted, because it may quote part of a password.
        raise SettingsError(
            f"{name} is not an address: its port is not a number, or a character is not percent-encoded"
        ) from error
    if len(hosts) > 1 and not SEVERAL_HOSTS.issuperset(schemes):
        raise SettingsError(f"{name} has to name one host")
    if parts.scheme not in schemes or not hosts:
        raise SettingsError(f"{name} has to look like {schemes[0]}://host:port…")
    return value


def _secret(env: Mapping[str, str], name: str) -> str | None:
    """The value of a setting that may contain a password, or of the file named by `<NAME>_FILE`, a mounted secret."""
    value, file = env.get(name), env.get(f"{name}_FILE")
    if not file:
        return value
    if value:
        raise SettingsError(f"{name} and {name}_FILE are both set: remove one")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE cannot be read ({type(error).__name__})") from error


def _keys(env: Mapping[str, str]) -> str | None:
    """The address of the issuer's keys, set or by discovery; None without an issuer."""
    issuer, keys = env.get("ENTRAIDE_ISSUER"), env.get("ENTRAIDE_JWKS")
    if keys and not issuer:
        raise SettingsError("ENTRAIDE_JWKS needs ENTRAIDE_ISSUER, the issuer of these keys")
    for name, value in (("ENTRAIDE_ISSUER", issuer), ("ENTRAIDE_JWKS", keys)):
        if (value or "").startswith("http:") and urlsplit(value or "").hostname not in LOOPBACK:
            raise SettingsError(f"{name} has to be https://: keys could be changed in transit")
    return keys or (issuer.rstrip("/") + DISCOVERY if issuer else None)


def _scope(env: Mapping[str, str]) -> str:
    scope = env.get("ENTRAIDE_SIGN_IN_SCOPE") or SCOPE
    if SCOPE not in scope.split():
        raise SettingsError(
            "ENTRAIDE_SIGN_IN_SCOPE has to contain openid: otherwise the issuer does not identify the person"
        )
    return scope


def _client_issuer(env: Mapping[str, str]) -> str:
    """The issuer of API clients' tokens: the directory, under a name other than the issuer of people."""
    name = env.get("ENTRAIDE_API_CLIENT_ISSUER") or CLIENT_ISSUER
    if name == (env.get("ENTRAIDE_ISSUER") or EMBEDDED_ISSUER):
        raise SettingsError(
            "ENTRAIDE_API_CLIENT_ISSUER and ENTRAIDE_ISSUER cannot be the same: people are not machines"
        )
    return name


def _one_of(env: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    value = env.get(name) or choices[0]
    if value not in choices:
        raise SettingsError(f"{name} has to be one of {', '.join(choices)}")
    return value


def _texts(env: Mapping[str, str], pattern: str, services: tuple[str, ...]) -> dict[str, str]:
    found = {service: env.get(pattern.format(service.upper())) for service in services}
    return {service: text for service, text in found.items() if text}


def _clients(env: Mapping[str, str], services: tuple[str, ...]) -> dict[str, str]:
    """The client id of each service that has a subject, because a person may have the same subject."""
    found = _texts(env, "ENTRAIDE_{}_CLIENT", services)
    for service in _texts(env, "ENTRAIDE_{}_SUBJECT", services):
        if service not in found:
            name = service.upper()
            raise SettingsError(f"ENTRAIDE_{name}_SUBJECT needs ENTRAIDE_{name}_CLIENT: the client_id of that token")
    return found


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _per_service(
    env: Mapping[str, str], pattern: str, services: tuple[str, ...], schemes: tuple[str, ...], *, secret: bool = False
) -> dict[str, str]:
    found = {service: _url(env, pattern.format(service.upper()), schemes, secret=secret) for service in services}
    return {service: url for service, url in found.items() if url}


def _number(env: Mapping[str, str], name: str, default: int, *, lowest: int, highest: int) -> int:
    value = env.get(name, "")
    if not value:
        return default
    if not value.isdigit() or not lowest <= int(value) <= highest:
        raise SettingsError(f"{name} has to be a whole number from {lowest} to {highest}")
    return int(value)


def _rate_limit(env: Mapping[str, str], per_minute: str, burst: str, default: RateLimit) -> RateLimit:
    return RateLimit(
        per_minute=_number(env, per_minute, default.per_minute, lowest=1, highest=1_000_000),
        burst=_number(env, burst, default.burst, lowest=1, highest=100_000),
    )


def _names(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Comma-separated host names."""
    found = tuple(one.strip().lower() for one in env.get(name, "").split(",") if one.strip())
    if not all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", one) for one in found):
        raise SettingsError(f"{name} has to look like hooks.example.org,example.net")
    return found


def _periods(env: Mapping[str, str], name: str) -> dict[str, int | str]:
    """Comma-separated `source=days`, `source=month` or `source=off`."""
    found: dict[str, int | str] = {}
    for one in (part.strip() for part in env.get(name, "").split(",")):
        source, _, period = one.partition("=")
        days = re.fullmatch(r"[0-9]{1,3}", period)
        if not one:
            continue
        if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", source) or source in found:
            raise SettingsError(f"{name} has to name each source once, as in ecb=7,un_operational=month")
        if period not in {"month", "off"} and (not days or int(period) > RATE_DAYS_MAX):
            raise SettingsError(f"{name} needs for each source days from 0 to {RATE_DAYS_MAX}, month or off")
        found[source] = int(period) if days else period
    return found


def _retention(env: Mapping[str, str], name: str) -> dict[str, int | None]:
    """Comma-separated `kind=days` or `kind=off`; kinds left out keep their default."""
    found: dict[str, int | None] = dict(RETENTION_DAYS)
    for one in (part.strip() for part in env.get(name, "").split(",")):
        kind, _, days = one.partition("=")
        if not one:
            continue
        if kind not in RETENTION_DAYS:
            raise SettingsError(f"{name} has no kind {kind!r}: it has {', '.join(RETENTION_DAYS)}")
        if days != "off" and not (re.fullmatch(r"[0-9]{1,5}", days) and int(days) >= RETENTION_DAYS_MIN):
            raise SettingsError(f"{name} needs for each kind days from {RETENTION_DAYS_MIN} to 99999, or off")
        found[kind] = None if days == "off" else int(days)
    return found


def _networks(env: Mapping[str, str], name: str) -> tuple[Network, ...]:
    """Comma-separated addresses or networks."""
    try:
        return tuple(ip_network(one.strip()) for one in env.get(name, "").split(",") if one.strip())
    except ValueError as error:
        raise SettingsError(f"{name} has to look like 10.0.0.7,192.168.3.0/24,fd00::/64") from error


def _switch(env: Mapping[str, str], name: str) -> bool:
    """True unless the setting is `off`."""
    value = env.get(name) or "on"
    if value not in {"on", "off"}:
        raise SettingsError(f"{name} has to be on or off")
    return value == "on"


def _test_only(env: Mapping[str, str], name: str) -> bool:
    """True if the setting is `on`, which is allowed only with the embedded issuer."""
    value = env.get(name) or "off"
    if value not in {"on", "off"}:
        raise SettingsError(f"{name} has to be on or off")
    if value == "on" and env.get("ENTRAIDE_ISSUER"):
        raise SettingsError(f"{name} is for tests: it cannot be on together with ENTRAIDE_ISSUER")
    return value == "on"


def _contact(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and not re.fullmatch(r"(mailto:[!-~]+@[!-~]+|https://[!-~]+)", value):
        raise SettingsError(f"{name} has to look like mailto:name@domain or https://…")
    return value or None


def _scanner(env: Mapping[str, str], name: str) -> str | None:
    """The scanner; None for `off`. The default is `none` with the embedded issuer, otherwise `off`."""
    value = env.get(name) or ("off" if env.get("ENTRAIDE_ISSUER") else NOTHING)
    if value == "off":
        return None
    try:
        scanner_of(value)
    except ValueError as error:
        raise SettingsError(
            f"{name} has to look like clamd://host:3310, clamd:///path/of/socket, command:…, {NOTHING} or off"
        ) from error
    return value


def _iati_organization(env: Mapping[str, str], name: str) -> str:
    value = env.get(name) or IATI_ORGANIZATION
    if not re.fullmatch(r"[A-Z]{2,3}(-[A-Za-z0-9.]+)+", value) or len(value) > 64:
        raise SettingsError(f"{name} has to be an agency and its number for the organization: {IATI_ORGANIZATION}")
    return value


def _mailbox(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name) or default
    address = parseaddr(value)[1]
    if "@" not in address or any(not letter.isprintable() for letter in value):
        raise SettingsError(f"{name} has to look like Name <name@domain>")
    return value


def _listener(env: Mapping[str, str], name: str) -> tuple[str, int] | None:
    """The host and port to listen on; None if not set. An IPv6 address is in brackets."""
    value = env.get(name)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]", host) or not port.isdigit() or int(port) > 65_535:
        raise SettingsError(f"{name} has to look like 0.0.0.0:2525")
    return host.strip("[]"), int(port)


def _address(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name) or default
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}@[A-Za-z0-9.-]{1,189}", value):
        raise SettingsError(f"{name} has to look like name@domain")
    return value.lower()


def _host(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and not re.fullmatch(r"[A-Za-z0-9.-]{1,255}", value):
        raise SettingsError(f"{name} has to look like mx.example.org")
    return value or None


def _key(env: Mapping[str, str], name: str) -> str | None:
    value = _secret(env, name)
    if value and len(value) < KEY_LENGTH_MIN:
        raise SettingsError(f"{name} has to have at least {KEY_LENGTH_MIN} characters")
    return value or None
