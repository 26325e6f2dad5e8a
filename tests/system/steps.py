"""Steps for tests of the deployment."""

import re
import subprocess
from collections.abc import Mapping

import asyncpg

from chassis.embedded.postgres import installations
from services.composition import NAMES
from tests.system.deployment import DEPLOY, environment

PASSWORDS = {f"POSTGRES_PASSWORD_{who.upper()}": f"secret-of-{who}" for who in ("migrator", *NAMES)}


def program(name: str) -> str:
    return next(str(bin_ / name) for bin_ in installations() if (bin_ / name).exists())


def psql(url: str, file: str, passwords: Mapping[str, str] = PASSWORDS) -> subprocess.CompletedProcess[str]:
    command = [program("psql"), "--no-psqlrc", "--quiet", "--file", str(DEPLOY / file), url]
    return subprocess.run(command, env=environment(**passwords), capture_output=True, text=True, timeout=60)


def address(superuser: str, user: str, password: str | None = None, database: str | None = None) -> str:
    """Return a superuser's address changed to another user's."""
    name = database or superuser.rpartition("/")[2]
    at = re.sub(r"//[^@]+@", f"//{user}:{password or 'secret-of-' + user.split('_')[1]}@", superuser)
    return at.rpartition("/")[0] + "/" + name


def login(superuser: str, service: str) -> str:
    return address(superuser, f"entraide_{service}_login")


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
