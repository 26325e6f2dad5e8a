"""Records of intake and desk in the sample world: alerts, translations, a public summary, the mail and its file."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.builders import a_request

KENYA, COORDINATOR = "KEN:focal_point", "UNODC:coordinator"
ALERTS = {"UNODC-SHERLOC:provider_officer": "requests", "NOR:donor_officer": "funding"}
LANGUAGES = ("ar", "fr")
TEXT = {"title": "[Exemple fictif] Formation"}
OFFERINGS = 3
FILES = 3
SCAN_SECONDS = 20

Headers = Callable[[str], Mapping[str, str]]


def create(client: httpx.Client, headers: Headers) -> None:
    for appointment, subject in ALERTS.items():
        client.post("/v1/alerts", json={"subject": subject}, headers=headers(appointment)).raise_for_status()
    view = {"name": "[Fictitious sample] To acknowledge", "query": {"step": ["acknowledge"]}}
    client.post("/v1/views", json=view, headers=headers(COORDINATOR)).raise_for_status()
    observed = {"article": "UNTOC:18", "language": "en", "text": "[Fictitious sample] Answers come late."}
    client.post("/v1/observations", json=observed, headers=headers(KENYA)).raise_for_status()
    page = client.get("/v1/offerings", headers=headers(COORDINATOR)).raise_for_status().json()
    for one in page["offerings"][:OFFERINGS]:
        _translate(client, f"/v1/offerings/{one['offering_id']}", one, COORDINATOR, headers)
    _publish(client, page["offerings"], headers)
    _summarize(client, headers)


def of_the_mail(client: httpx.Client, headers: Headers) -> dict[str, list[str]]:
    """Return the ids of the demo's mail and of its files, which only a coordinator or auditor may list."""
    (mail,) = client.get("/v1/intake/mails", headers=headers(COORDINATOR)).raise_for_status().json()["mails"]
    path = f"/v1/intake/mails/{mail['mail_id']}"
    files = client.get(path, headers=headers(COORDINATOR)).raise_for_status().json()["files"]
    return {"mail_id": [mail["mail_id"]], "file_id": [one["file_id"] for one in files]}


def of_the_delivery(client: httpx.Client, headers: Headers, content: bytes) -> dict[str, list[str]]:
    """Add messages and files to a delivery to Kenya; return their ids once the files have been scanned."""
    page = client.get("/v1/deliveries?limit=1", headers=headers(KENYA)).raise_for_status().json()
    path = f"/v1/deliveries/{page['deliveries'][0]['delivery_id']}"
    as_file = {"Content-Type": "application/octet-stream", "File-Name": "plan.pdf"}
    message = {"text": "[Fictitious sample] When can you come?", "language": "en"}
    messages = []
    for _ in range(FILES):
        client.post(
            f"{path}/files?purpose=message", content=content, headers=headers(KENYA) | as_file
        ).raise_for_status()
        sent = client.post(f"{path}/messages", json=message, headers=headers(KENYA)).raise_for_status()
        messages.append(sent.json()["message_id"])
    deadline = time.monotonic() + SCAN_SECONDS
    while time.monotonic() < deadline:
        files = client.get(f"{path}/files", headers=headers(KENYA)).raise_for_status().json()["files"]
        if {one["status"] for one in files} == {"unscanned"}:
            return {"message_id": messages, "file_id": [one["file_id"] for one in files]}
        time.sleep(0.1)
    raise AssertionError("the files of the delivery are not scanned")


def _publish(client: httpx.Client, offerings: list[dict[str, Any]], headers: Headers) -> None:
    """Publish an offering of a unit in the public catalogue, with a contact point."""
    one = next(one for one in offerings if one["provider"] == "UNODC-SHERLOC" and one["status"] == "available")
    path = f"/v1/offerings/{one['offering_id']}"
    given = {**headers("UNODC-SHERLOC:provider_officer"), "If-Match": f'"{one["revision"]}"'}
    contact = {"name": "[Fictitious sample] Person", "email": "person@unodc.example"}
    named = client.put(f"{path}/contact", json=contact, headers=given).raise_for_status().json()
    given["If-Match"] = f'"{named["revision"]}"'
    words = {"language": "en", "title": "[Fictitious sample] Training", "summary": "[Fictitious sample] For judges."}
    client.post(f"{path}/publish", json=words, headers=given).raise_for_status()


def _summarize(client: httpx.Client, headers: Headers) -> None:
    """Open a request, translate it, and add a summary that its State approves."""

    def step(who: str, method: str, path: str, body: Any, revision: int) -> Any:
        given = {**headers(who), "If-Match": f'"{revision}"'}
        return client.request(method, path, json=body, headers=given).raise_for_status().json()

    body = a_request(visibility="public_summary")
    request = client.post("/v1/requests", json=body, headers=headers(KENYA)).raise_for_status().json()
    path = f"/v1/requests/{request['request_id']}"
    for move in ("register", "open"):
        request = step(COORDINATOR, "POST", f"{path}/{move}", {}, request["revision"])
    _translate(client, path, request, KENYA, headers)
    words = {"title": "[Fictitious sample] Training", "body": "[Fictitious sample] Training of judges."}
    source = words | {"language": "en"}
    summary = client.post(f"{path}/summary", json=source, headers=headers(KENYA)).raise_for_status().json()
    summary = step(KENYA, "PUT", f"{path}/summary/translations/fr", words, summary["revision"])
    step(KENYA, "POST", f"{path}/summary/approve", {}, summary["revision"])


def _translate(client: httpx.Client, path: str, record: Mapping[str, Any], who: str, headers: Headers) -> None:
    for language in LANGUAGES:
        body = TEXT | {"language": language, "source_revision": record["revision"]}
        client.post(f"{path}/translations", json=body, headers=headers(who)).raise_for_status()
