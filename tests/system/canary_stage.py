"""A platform with its callers, who write a distinct text into every free field."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests import builders
from tests.files import FLOWS, PDF
from tests.personas import persona_id
from tests.system.canaries import NO_READERS, Canaries, Canary, Readers
from tests.system.platform import Platform

ADMINISTRATOR, COLLEAGUE = "UNODC:administrator", "UNODC:administrator (the other)"
KENYA, OFFICIAL, COORDINATOR = "KEN:focal_point", "KEN:official", "UNODC:coordinator"
FINANCE, AUDITOR, SERVICE = "UNODC:finance_officer", "UNODC:auditor", "service:notifications"
NORWAY, DONOR, NORWAYS = "NOR:provider_officer", "NOR:donor_officer", "NOR:focal_point"
UNIT, FRANCE, UGANDA = "UNODC:provider_officer", "FRA:provider_officer", "UGA:focal_point"
APPOINTED = (KENYA, OFFICIAL, COORDINATOR, FINANCE, AUDITOR, NORWAY, DONOR, NORWAYS, UNIT, FRANCE, UGANDA)
EVERYBODY: Readers = frozenset({ADMINISTRATOR, COLLEAGUE, SERVICE, *APPOINTED})
OVERSEERS: Readers = frozenset({COORDINATOR, AUDITOR, SERVICE})
STATE: Readers = OVERSEERS | {KENYA, OFFICIAL}
OF_NORWAY: Readers = frozenset({NORWAY, DONOR, NORWAYS})
FUND = "TA-REQUESTS"
PATIENCE_SECONDS = 120
IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOT_HEARD = {"person-not-known", "not-appointed", "identity-unavailable"}
"""Temporary refusals: a new appointment is known everywhere within two seconds, on a busy machine later."""


@dataclass
class Stage:
    """A running platform, its callers, and what they wrote."""

    platform: Platform
    client: httpx.AsyncClient
    canaries: Canaries
    passed: list[str] = field(default_factory=list)
    """All that passed the broker: subject, headers and body."""
    attachments: set[str] = field(default_factory=set)
    """Ids of attachments, which no list without parameters contains."""
    files: set[str] = field(default_factory=set)
    """Ids of files of mails and deliveries, which no such list contains either."""
    laws: set[str] = field(default_factory=set)
    """Ids of records of the register of legislation, which no such list contains either."""
    written_about: set[str] = field(default_factory=set)
    """The ids in answers to commands with a text."""
    database_url: str = ""
    """Address by which the test makes changes that the clock would make only in months."""

    def headers(self, who: str, revision: int | None = None) -> dict[str, str]:
        key = Canary(f"canary-{len(self.canaries.planted):04x}-key", "Idempotency-Key", (), NO_READERS)
        self.canaries.keep([key])
        condition = {} if revision is None else {"If-Match": f'"{revision}"'}
        return {"Authorization": f"Bearer {token(who)}", "Idempotency-Key": key.text, **condition}

    async def say(
        self,
        who: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        about: Mapping[str, Any] | None = None,
        to: Readers = NO_READERS,
        **by_field: Readers,
    ) -> Any:
        """Call until it succeeds, since other services apply events later. `to`: who may find the texts."""
        filled, new = self.canaries.in_body(method, path, body, to, by_field)
        record = about or {}
        address = self.platform.addresses["requests"] + path.format(**record)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            headers = self.headers(who, record.get("revision"))
            answer = await self.client.request(method, address, json=filled, headers=headers)
            if answer.is_success:
                self.canaries.keep(new)
                if new:
                    self.written_about.update(IDS.findall(answer.text))
                return answer.json() if answer.content else None
            assert not [one for one in new if one.text in answer.text], "a refusal repeats no text"
            unheard = answer.status_code == 409 or answer.json()["slug"] in NOT_HEARD
            assert unheard, (who, path, answer.text)
            assert time.monotonic() < deadline, (who, path, answer.text)
            await asyncio.sleep(0.1)

    async def attach(
        self, who: str, request: Mapping[str, Any], to: Readers, path: str = "/v1/requests/{request_id}/attachments"
    ) -> str:
        """Attach a file with a text in its name and another in its content; return its id."""
        planted = len(self.canaries.planted)
        name, content = (
            Canary(f"canary-{planted + number:04x}-{place}", f"POST {path}", (place,), to)
            for number, place in enumerate(("File-Name", "body"))
        )
        headers = {"Content-Type": "application/octet-stream", "File-Name": f"{name.text}.pdf"}
        self.canaries.keep([name, content])
        answer = await self.client.post(
            self.platform.addresses["requests"] + path.format(**request),
            content=PDF + content.text.encode(),
            headers=self.headers(who, request["revision"]) | headers,
        )
        assert answer.status_code == 201, answer.text
        attachment_id = str(answer.json()["attachment_id"])
        self.attachments.add(attachment_id)
        return attachment_id

    async def add_file(self, who: str, delivery: Mapping[str, Any], to: Readers, *, private: bool) -> str:
        """Add a file for a message, with a text in its name and another in its content; return its id once scanned."""
        path, planted = "/v1/deliveries/{delivery_id}/files", len(self.canaries.planted)
        name, content = (
            Canary(f"canary-{planted + number:04x}-{place}", f"POST {path}", (place,), to)
            for number, place in enumerate(("File-Name", "body"))
        )
        headers = {"Content-Type": "application/octet-stream", "File-Name": f"{name.text}.pdf"}
        self.canaries.keep([name, content])
        address = self.platform.addresses["requests"] + path.format(**delivery)
        answer = await self.client.post(
            address,
            params={"purpose": "message", "private": private},
            content=PDF + content.text.encode(),
            headers=self.headers(who) | headers,
        )
        assert answer.status_code == 201, answer.text
        file_id = str(answer.json()["file_id"])
        self.files.add(file_id)

        async def is_scanned() -> Any:
            found = await self.see(who, path.format(**delivery))
            return next(
                (one for one in found["files"] if one["file_id"] == file_id and one["status"] != "pending"), None
            )

        await until(is_scanned)
        return file_id

    async def import_table(self, who: str, to: Readers) -> Any:
        """Import a table of one pledge, with a text in its file name, which is not stored, and another in the row."""
        path, planted = "/v1/imports", len(self.canaries.planted)
        name = Canary(f"canary-{planted:04x}-File-Name", f"POST {path}", ("File-Name",), NO_READERS)
        row = Canary(f"canary-{planted + 1:04x}-body", f"POST {path}", ("body",), to)
        self.canaries.keep([name, row])
        answer = await self.client.post(
            self.platform.addresses["requests"] + path,
            content=FLOWS.replace(b"Fictitious sample", row.text.encode()).replace(b",paid,", b",pledge,"),
            headers=self.headers(who) | {"Content-Type": "application/octet-stream", "File-Name": f"{name.text}.csv"},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def import_records(self, who: str, path: str, table: str, to: Readers) -> None:
        """Import a table of one record, with a text in its file name, which is not stored, and another as its title."""
        planted = len(self.canaries.planted)
        name = Canary(f"canary-{planted:04x}-File-Name", f"POST {path}", ("File-Name",), NO_READERS)
        title = Canary(f"canary-{planted + 1:04x}-body", f"POST {path}", ("body",), to)
        self.canaries.keep([name, title])
        answer = await self.client.post(
            self.platform.addresses["requests"] + path,
            content=table.format(title.text).encode(),
            headers=self.headers(who) | {"Content-Type": "text/csv", "File-Name": f"{name.text}.csv"},
        )
        assert answer.status_code == 201, answer.text

    async def check_connection(self, client_id: str) -> None:
        """Ask for a token as a machine with a wrong secret."""
        secret = Canary(f"canary-{len(self.canaries.planted):04x}-body", "POST /v1/token", ("body",), NO_READERS)
        self.canaries.keep([secret])
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret.text}
        answer = await self.client.post(self.platform.addresses["requests"] + "/v1/token", data=form)
        assert answer.status_code == 401, answer.text

    async def upload_invalid_table(self) -> None:
        path = "/v1/rates/csv"
        word = Canary(f"canary-{len(self.canaries.planted):04x}-body", f"POST {path}", ("body",), NO_READERS)
        self.canaries.keep([word])
        answer = await self.client.post(
            self.platform.addresses["requests"] + path,
            content=f"currency,valid_from,units_per_usd\n{word.text},2026-02-01,1\nEUR,{word.text},1\nEUR,2026-02-01,{word.text}\n",
            headers=self.headers(FINANCE) | {"Content-Type": "text/csv"},
        )
        assert answer.status_code == 400, answer.text
        assert word.text not in answer.text, "a refusal repeats no text"

    async def see(self, who: str, path: str) -> Any:
        answer = await self.client.get(self.platform.addresses["requests"] + path, headers=self.headers(who))
        assert answer.status_code == 200, (who, path, answer.text)
        return answer.json()


def token(who: str) -> str:
    assert builders.issuer is not None
    if who == COLLEAGUE:
        return builders.issuer.token(persona_id(COLLEAGUE))
    return builders.token(who)


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (answer := await ask()) is None:
            await asyncio.sleep(0.1)
    return answer
