"""The image and the compose files, checked by their tools and against the program's settings."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.db.database import POOL_MAX
from chassis.embedded import free_port
from chassis.http.application import routed
from chassis.http.uploads import UNDER_WAY_MAX, routes_of_files
from chassis.settings import Settings
from chassis.version import VERSION
from services.composition import NAMES, all_services
from tests.system.deployment import DEPLOY, ROOT, debian_program, environment, folder, settings_read

COMPOSE = ("compose.yaml", "compose.all-in-one.yaml")
OURS = "entraide"
MEBIBYTE = 1024 * 1024
KEEPS_FILES = {"requests": "files", "delivery": "delivery-files"}
"""Maps each service that keeps attached files to its volume."""
LOCKS = ("requirements.lock", "requirements-meaning.lock")
Container = dict[str, Any]


def compose(file: str) -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / file).read_text()))


def containers(file: str = "compose.yaml") -> dict[str, Container]:
    return dict(compose(file)["services"])


def example_environment() -> dict[str, str]:
    """Return each variable of .env.example with a value of the right form."""
    names = re.findall(r"^([A-Z_]+)=$", (DEPLOY / ".env.example").read_text(), re.MULTILINE)
    shapes = {
        "SMTP_URL": "smtp://mail.example:25",
        "ENTRAIDE_ISSUER": "https://issuer.example",
        "ENTRAIDE_TOKEN_ALGORITHM": "RS256",
        "ENTRAIDE_MAIL_FROM": "Entraide <no-reply@entraide.example>",
        "ENTRAIDE_PUBLIC_URL": "https://entraide.example",
        "ENTRAIDE_SECURITY_CONTACT": "mailto:security@entraide.example",
        "TOKENS": "./tokens",
        "AUDIT_KEYS": "./audit",
        "AUTHORITY": "./ca.pem",
        **{f"{of}_{what}": f"./{of.lower()}.pem" for of in ("NATS", "POSTGRES") for what in ("CERTIFICATE", "KEY")},
        "EDGE_CERTIFICATE": "./edge.pem",
        "FRONT_SUBNET": "172.30.84.0/24",
        "ENTRAIDE_SCANNER": "clamd://clamav:3310",
        "ENTRAIDE_INTAKE_ADDRESS": "requests@entraide.example",
        "ENTRAIDE_INTAKE_AUTHSERV_ID": "mx.entraide.example",
        "ENTRAIDE_REPLY_KEY": 32 * "k",
        "ENTRAIDE_SESSION_KEY": 32 * "s",
    }
    return {name: shapes.get(name, f"secret-{name.lower()}") for name in names}


def filled(value: str) -> str:
    given = example_environment()
    return re.sub(r"\$\{(\w+):\?\}", lambda found: given[found[1]], value)


def environment_of(container: Container) -> dict[str, str]:
    return {name: filled(str(value)) for name, value in container.get("environment", {}).items()}


# -- the image --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    instructions: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        return [rest for instruction, rest in self.instructions if instruction == name]

    def one(self, name: str) -> str:
        (rest,) = self.all(name)
        return rest

    @property
    def env(self) -> dict[str, str]:
        return dict(re.findall(r"(\w+)=(\S+)", " ".join(self.all("ENV"))))


@pytest.fixture(scope="module")
def image() -> Image:
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
    return Image([(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in (line.strip() for line in lines)])


@pytest.fixture(scope="module")
def laid_out(image: Image) -> Iterator[Path]:
    """The working folder of the image, made by its own COPY lines from the files that .dockerignore admits."""
    with folder() as place:
        for copy in image.all("COPY"):
            source, target = copy.split()
            for file in _context(source):
                goal = place / target / file.relative_to(ROOT / source) if (ROOT / source).is_dir() else place / source
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, goal)
        yield place


def _context(source: str) -> list[Path]:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*", "files that are not named are left out"
    assert f"!{source}" in rules, f"{source} is not let through"
    hidden = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    paths = [ROOT / source] if (ROOT / source).is_file() else [p for p in (ROOT / source).rglob("*") if p.is_file()]
    return [p for p in paths if not any(fnmatch.fnmatch(part, rule) for part in p.parts for rule in hidden)]


def test_image_has_only_known_instructions_and_names_no_registry(image: Image) -> None:
    known = {"FROM", "ARG", "RUN", "WORKDIR", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}

    assert known >= {instruction for instruction, _ in image.instructions}
    assert re.fullmatch(r"python:3\.\d+-slim", image.one("FROM"))
    assert not re.search(r"https?://|\w\.\w+/\w", (DEPLOY / "Containerfile").read_text().replace("deploy/", ""))


def test_image_is_not_root_and_verifies_every_package(image: Image) -> None:
    names = [instruction for instruction, _ in image.instructions]

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", image.one("USER"))
    assert names.index("USER") > max(n for n, name in enumerate(names) if name in {"RUN", "COPY"})
    installs = [set(run.split()) for run in image.all("RUN") if "pip install" in run]
    assert [True, True] == [{"--require-hashes", "--no-deps"} <= install for install in installs]
    assert [True, True] == [lock in install for lock, install in zip(LOCKS, installs, strict=True)]


@pytest.mark.parametrize(("meaning", "installed"), [("no", False), ("yes", True)])
def test_image_has_the_optional_model_on_request(image: Image, tmp_path: Path, meaning: str, installed: bool) -> None:
    run = next(run for run in image.all("RUN") if LOCKS[1] in run)
    (tmp_path / "python").write_text("#!/bin/sh\ntouch installed\n")
    (tmp_path / "python").chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", "-ec", run], cwd=tmp_path, env={"PATH": f"{tmp_path}:{os.defpath}", "MEANING": meaning}
    )

    assert 0 == done.returncode
    assert "MEANING=no" == image.one("ARG")
    assert installed == (tmp_path / "installed").exists()


def test_program_runs_with_only_the_files_of_the_image(image: Image, laid_out: Path) -> None:
    entry = json.loads(image.one("ENTRYPOINT"))
    assert entry[0] == "python"
    env = environment(**image.env | {"PYTHONPATH": str(laid_out)})
    command = [sys.executable, *entry[1:], *json.loads(image.one("CMD"))]

    said = subprocess.run(command, cwd=laid_out / "services", env=env, capture_output=True, text=True, timeout=60)

    assert said.returncode == 0, said.stderr
    assert "streams" in said.stdout
    assert sorted(p.name for p in laid_out.iterdir()) == sorted(["chassis", "contracts", "services", *LOCKS])
    where = [sys.executable, "-c", "import services, chassis, contracts; print(services.__file__, chassis.__file__)"]
    found = subprocess.run(where, cwd=laid_out, env=env, capture_output=True, text=True, timeout=60).stdout.split()
    assert [str(laid_out / name / "__init__.py") for name in ("services", "chassis")] == found


def test_every_setting_of_the_image_exists(image: Image) -> None:
    assert {name for name in image.env if not name.startswith("PYTHON")} <= settings_read()
    assert image.env["ENTRAIDE_PORT"] == image.one("EXPOSE")
    Settings.from_env(image.env, NAMES, state=Path())


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_health_check_of_the_image_detects_failure(image: Image, status: int | None, code: int) -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live" and status else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    command = json.loads(image.one("HEALTHCHECK").partition("CMD ")[2])
    port = free_port()
    env = environment(ENTRAIDE_PORT=str(port), HTTP_PROXY="http://127.0.0.1:1")
    if status is None:
        done = subprocess.run([sys.executable, *command[1:]], env=env, capture_output=True)
    else:
        with HTTPServer(("127.0.0.1", port), Health) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            done = subprocess.run([sys.executable, *command[1:]], env=env, capture_output=True)
            thread.join()

    assert code == done.returncode


def test_hadolint_finds_nothing_in_the_containerfile() -> None:
    hadolint = shutil.which("hadolint", path=environment()["PATH"])
    if hadolint is None:
        pytest.skip("no hadolint here: the Containerfile is not linted")

    said = subprocess.run([hadolint, str(DEPLOY / "Containerfile")], capture_output=True, text=True)

    assert (0, "") == (said.returncode, said.stdout)


# -- compose ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def docker_compose() -> tuple[str, dict[str, str]]:
    return debian_program("docker-compose", "usr/libexec/docker/cli-plugins/docker-compose")


@pytest.mark.parametrize("file", COMPOSE)
def test_docker_compose_accepts_the_file(docker_compose: tuple[str, dict[str, str]], file: str, tmp_path: Path) -> None:
    program, env = docker_compose
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in example_environment().items()))
    command = [program, "--env-file", str(tmp_path / "env"), "--file", str(DEPLOY / file), "config", "--quiet"]

    said = subprocess.run(command, env=env | {"HOME": str(tmp_path)}, capture_output=True, text=True)

    assert (0, "") == (said.returncode, said.stderr)


def test_every_service_has_a_container_with_its_peers(image: Image) -> None:
    for service in all_services():
        container = containers()[service.name]
        env = environment_of(container)
        read = Settings.from_env(image.env | env, NAMES, state=Path())

        assert [OURS, ["run", service.name]] == [container["image"], container["command"]]
        with_api = [other.name for other in all_services() if other.routes]
        assert {name: f"http://{name}:{read.port}" for name in with_api} == read.peers
        assert ([service.name], [service.name]) == (list(read.database_urls), list(read.nats_urls))
        assert (None, None) == (read.database_url, read.nats_url), "the operator's addresses are not a service's"
        assert read.database_urls[service.name].startswith(f"postgresql://entraide_{service.name}_login:")
        assert read.nats_urls[service.name].startswith(f"tls://{service.name}:")
        assert read.keys == "https://issuer.example/.well-known/openid-configuration"
        assert {name: f"secret-entraide_{name}_subject" for name in NAMES} == read.subjects
        assert ("secret-entraide_token_acr",) == read.strengths
        assert example_environment()["ENTRAIDE_PUBLIC_URL"] == read.public_url, "mails, catalogues and files link to it"
        assert [example_environment()["FRONT_SUBNET"]] == [str(network) for network in read.trusted_proxies]
        assert str(read.service_token_file).startswith("/run/entraide/")
        token, checkpoints, key, authority, *files = container["volumes"]
        assert f"${{TOKENS:?}}/{service.name}:/run/entraide:ro" == token
        assert (f"audit:{read.audit_dir}", f"${{AUDIT_KEYS:?}}/{service.name}.jwk:{read.audit_key_file}:ro") == (
            checkpoints,
            key,
        )
        assert authority == "${AUTHORITY:?}:/run/secrets/ca.pem:ro"
        assert [f"{volume}:{read.files}" for name, volume in KEEPS_FILES.items() if name == service.name] == files
    assert environment_of(containers()["notifications"]).keys() > {"SMTP_URL", "ENTRAIDE_PUBLIC_URL"}
    names = ("requests", "notifications", "matching", "delivery", "sherloc")
    signing = {environment_of(containers()[name])["ENTRAIDE_REPLY_KEY"] for name in names}
    assert 1 == len(signing)


def test_every_service_that_takes_files_can_store_them(image: Image) -> None:
    """Its container is read-only but for volumes and temporary files, which need room for all uploads at once."""
    for service in all_services():
        container = containers()[service.name]
        read = Settings.from_env(image.env | environment_of(container), NAMES, state=Path())
        rules = routes_of_files(routed((service,), (), VERSION))

        assert bool(rules) == (read.files is not None), service.name
        if service.name in KEEPS_FILES:
            assert "ENTRAIDE_SCANNER" in environment_of(container)
        elif rules:
            mebibytes = int(re.fullmatch(r"/tmp:size=(\d+)m,mode=1777", container["tmpfs"][0])[1])
            assert str(read.files).startswith("/tmp/")
            assert mebibytes * MEBIBYTE > UNDER_WAY_MAX * max(rule.bytes_max for rule in rules.values())


def test_limits_of_connections_fit_the_pools() -> None:
    """Four processes of a service, as the edge serves; one of each service and six more in all."""
    of_a_login = re.findall(r"CONNECTION LIMIT (\d+)', login", (DEPLOY / "postgres-roles.sql").read_text())
    in_all = re.findall(r"^max_connections = (\d+)$", (DEPLOY / "postgresql.conf").read_text(), re.MULTILINE)

    assert [str(4 * POOL_MAX + 1)] == of_a_login
    assert int(in_all[0]) > (len(NAMES) + 6) * POOL_MAX


def test_jobs_have_only_the_addresses_of_the_operator() -> None:
    migrate, streams = containers()["migrate"], containers()["streams"]

    assert ["migrate"] == migrate["command"]
    assert {"DATABASE_URL", "ENTRAIDE_AUDIT_DIR", "ENTRAIDE_AUDIT_KEY_FILE"} == environment_of(migrate).keys()
    assert all(volume.endswith(":ro") for volume in migrate["volumes"]), "the job verifies, and writes no checkpoint"
    assert [] == [v for v in migrate["volumes"] if ".jwk" in v and not v.startswith("${AUDIT_KEYS:?}/public.jwk:")]
    assert "://entraide_migrator:" in environment_of(migrate)["DATABASE_URL"]
    assert "python -m services streams ensure" in streams["command"][0]
    assert environment_of(streams)["NATS_URL"].startswith("tls://streams:")
    assert "NATS_URL_REQUESTS" not in environment_of(streams)


@pytest.mark.parametrize("file", COMPOSE)
def test_every_variable_of_the_containers_exists(file: str) -> None:
    for container in containers(file).values():
        if container["image"] == OURS:
            assert environment_of(container).keys() <= settings_read()


@pytest.mark.parametrize("file", COMPOSE)
def test_every_container_is_hardened(file: str) -> None:
    for name, container in containers(file).items():
        assert container["read_only"] is True, name
        assert ["ALL"] == container["cap_drop"], name
        assert ["no-new-privileges:true"] == container["security_opt"], name
        assert container["restart"] in {"unless-stopped", "on-failure"}, name
        assert container["mem_limit"], name
        assert container["pids_limit"], name
        assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & container.keys(), name


def test_only_the_edge_is_published_without_access_to_database_or_broker() -> None:
    published = {name: container["ports"] for name, container in containers().items() if "ports" in container}
    inside = {name for name, network in compose("compose.yaml")["networks"].items() if network}

    assert {"edge": ["443:8443"]} == published
    assert {"front", "data"} == inside
    assert all(compose("compose.yaml")["networks"][name]["internal"] is True for name in inside)
    assert {"public", "front"} == set(containers()["edge"]["networks"])
    assert all(["data"] == containers()[name]["networks"] for name in ("postgres", "nats", "migrate", "streams"))
    assert all("public" not in containers()[name]["networks"] for name in NAMES)
    (port,) = containers("compose.all-in-one.yaml")["entraide"]["ports"]
    assert port.startswith("127.0.0.1:")


def test_every_secret_is_required_and_not_empty() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    asked = re.findall(r"(?<!\$)\$\{?(\w+)([^}]*)", text)

    assert {":?"} == {guard for _, guard in asked}
    assert {name for name, _ in asked} == example_environment().keys()


def test_broker_and_database_get_the_passwords_of_their_files() -> None:
    broker = set(re.findall(r"\$(NATS_\w+)", (DEPLOY / "nats-users.conf").read_text()))
    database = set(re.findall(r"\\getenv \w+ (\w+)", (DEPLOY / "postgres-roles.sql").read_text()))

    assert broker == environment_of(containers()["nats"]).keys()
    assert database == {n for n in environment_of(containers()["postgres"]) if n.startswith("POSTGRES_PASSWORD_")}


@pytest.mark.parametrize("file", COMPOSE)
def test_every_mounted_file_exists(file: str) -> None:
    for container in containers(file).values():
        for volume in container.get("volumes", []):
            source = str(volume).split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).is_file(), source


def test_service_stops_before_its_container_is_killed() -> None:
    for name in NAMES:
        assert int(containers()[name]["stop_grace_period"].removesuffix("s")) > 20


# -- the guide --------------------------------------------------------------------------------------------------------


def test_guide_lists_every_setting_with_its_default() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_<>]+)` \| (.+?) \|", guide, re.MULTILINE))
    pattern = re.compile("|".join(f"(?<=_){name.upper()}(?=_|$)" for name in NAMES))
    read = {pattern.sub("<SERVICE>", name) for name in settings_read()}
    defaults = Settings.from_env({}, NAMES, state=Path())

    assert read == rows.keys()
    for name, value in {
        "ENTRAIDE_HOST": defaults.host,
        "ENTRAIDE_PORT": defaults.port,
        "ENTRAIDE_ISSUER": defaults.issuer,
        "ENTRAIDE_CATCH_UP_SECONDS": defaults.catch_up_seconds,
        "ENTRAIDE_STREAM_REPLICAS": defaults.replicas,
        "ENTRAIDE_WRITES_PER_MINUTE": defaults.writes.per_minute,
        "ENTRAIDE_WRITES_BURST": defaults.writes.burst,
        "ENTRAIDE_READS_PER_MINUTE": defaults.reads.per_minute,
        "ENTRAIDE_READS_BURST": defaults.reads.burst,
        "ENTRAIDE_MAIL": "on" if defaults.mail else "off",
        "ENTRAIDE_MAIL_FROM": defaults.mail_from,
        "ENTRAIDE_MAIL_RETRY_SECONDS": defaults.mail_retry_seconds,
        "ENTRAIDE_MAIL_HOURLY_MAX": defaults.mail_hourly_max,
        "ENTRAIDE_LOG_LEVEL": defaults.log_level,
    }.items():
        assert f"`{value}`" == rows[name], name


def test_files_and_metrics_named_by_the_guide_exist() -> None:
    from chassis import telemetry
    from services.notifications.notices import sender

    guide = (ROOT / "docs" / "operations.md").read_text()
    kept = (
        telemetry.REQUESTS,
        telemetry.PENDING,
        telemetry.PUBLISHED,
        telemetry.RECEIVED,
        telemetry.PARKED,
        telemetry.UNSEALED,
        telemetry.CHECKPOINTED,
        telemetry.EVENT_STREAMS,
        telemetry.CONNECTIONS,
        telemetry.CONNECTIONS_REFUSED,
        sender.OVERDUE,
    )
    measures = {metric._name for metric in kept}

    assert {name.removesuffix("_total") for name in re.findall(r"`(entraide_(?!migrator)[a-z_]+)\b", guide)} - {
        "entraide_"
    } == measures
    for file in re.findall(r"deploy/[\w.-]*\w", guide):
        assert (ROOT / file).exists() or file == "deploy/.env", file
