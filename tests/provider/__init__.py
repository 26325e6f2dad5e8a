"""A certified third-party OpenID Connect provider (`oidc-provider` of npm), and a person signing in with a browser."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
from joserfc import jwk

from chassis.embedded import free_port
from services.composition import NAMES
from tests.node import installed

NODE = Path(__file__).parent / "node"
CLIENT = "entraide-cli"
SERVER = "console+web"
SERVER_REDIRECT = "https://console.example/callback"
RESOURCE = "urn:entraide"
PASSWORD = "of a server & more, in a test that nobody keeps"
STEPS_MAX = 10


def a_key(algorithm: str, kid: str) -> jwk.Key:
    parameters: dict[str, Any] = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm.startswith("RS"):
        return jwk.RSAKey.generate_key(2048, parameters=parameters)
    return jwk.OKPKey.generate_key("Ed25519", parameters=parameters)


@dataclass
class Provider:
    """A process of the provider. The services are its clients too, each by its own name."""

    algorithm: str
    redirect: str = SERVER_REDIRECT
    """Where the client that is a server receives its answers."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, keys: Sequence[jwk.Key]) -> None:
        """Sign with the first of the keys from now on, and publish them all; everybody has to sign in again."""
        self.close()
        code, password = {"response_types": ["code"]}, {"client_secret": PASSWORD}
        clients = [
            self._client(CLIENT, "none", "authorization_code", "refresh_token")
            | code
            | {"application_type": "native", "redirect_uris": ["http://127.0.0.1/callback"]},
            self._client(SERVER, "client_secret_basic", "authorization_code")
            | code
            | password
            | {"redirect_uris": [self.redirect]},
            *(
                self._client(name, "client_secret_basic", "client_credentials")
                | password
                | {"redirect_uris": [], "response_types": []}
                for name in NAMES
            ),
        ]
        reported = {
            "issuer": self.issuer,
            "port": self.port,
            "algorithm": self.algorithm,
            "audience": "entraide",
            "resource": RESOURCE,
            "clients": clients,
            "keys": [key.as_dict(private=True) for key in keys],
        }
        self.process = subprocess.Popen(
            ["node", "provider.mjs"],
            cwd=installed(NODE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(reported) + "\n")
        self.process.stdin.flush()
        assert "ready\n" == self.process.stdout.readline()

    def _client(self, name: str, method: str, *grants: str) -> dict[str, Any]:
        return {
            "client_id": name,
            "token_endpoint_auth_method": method,
            "grant_types": grants,
            "id_token_signed_response_alg": self.algorithm,
        }

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def service_token(self, name: str) -> str:
        """Return the token that a service gets with its own password (client credentials)."""
        answer = httpx.post(
            f"{self.issuer}/token",
            data={"grant_type": "client_credentials"},
            auth=(name, quote_plus(PASSWORD)),
            timeout=30,
            trust_env=False,
        )
        return str(answer.raise_for_status().json()["access_token"])


class Browser:
    """A person with a browser: fills in the provider's forms, and stops where it is redirected to the client."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=30, trust_env=False)

    async def signs_in(self, address: str, name: str) -> str:
        """Sign in and return the address to which the provider redirects the browser."""
        shown = await self._follow(await self._client.get(address))
        while not isinstance(shown, str):
            form = {"prompt": _first(r'name="prompt" value="(\w+)"', shown), "login": name, "password": "any"}
            shown = await self._follow(await self._client.post(_first(r'action="([^"]+)"', shown), data=form))
        return shown

    async def refuses(self, address: str) -> str:
        """Cancel the sign-in and return the address to which the provider redirects the browser."""
        shown = await self._follow(await self._client.get(address))
        assert not isinstance(shown, str)
        shown = await self._follow(await self._client.get(_first(r'href="([^"]+/abort)"', shown)))
        assert isinstance(shown, str), shown.text
        return shown

    async def close(self) -> None:
        await self._client.aclose()

    async def _follow(self, answer: httpx.Response) -> httpx.Response | str:
        """Follow redirects; return what the provider shows in the end, or the address to which it leads away."""
        for _ in range(STEPS_MAX):
            if not answer.has_redirect_location:
                return answer
            target = answer.url.join(answer.headers["Location"])
            if target.netloc != answer.url.netloc:
                return str(target)
            answer = await self._client.get(target)
        raise AssertionError("the provider leads in a circle")


def _first(pattern: str, shown: httpx.Response) -> str:
    found = re.search(pattern, shown.text)
    assert found is not None, shown.text
    return found[1]
