"""Signing keys of the tokens of API clients, and their rotation."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc import jwk

from chassis.db.database import Database
from chassis.keys.file import new_key
from chassis.keys.issuer import JWKS
from chassis.settings import CLIENT_ISSUER, EMBEDDED_ISSUER, Settings, SettingsError
from services.composition import NAMES
from services.directory.clients.tokens import Tokens
from tests.directory.clients.steps import beside, registered, token_headers, until_answered
from tests.platform.steps import directory


def with_keys(settings: Settings, folder: Path, *keys: str) -> Settings:
    file = folder / f"{len(list(folder.iterdir()))}.keys"
    file.write_text(json.dumps({"keys": [json.loads(key) for key in keys]}), encoding="utf-8")
    return replace(settings, api_client_keys=file)


async def test_token_of_the_previous_key_is_valid_while_the_key_is_published(
    db: Database, without_a_broker: Settings, tmp_path: Path
) -> None:
    old, new = new_key(), new_key()
    async with directory(with_keys(without_a_broker, tmp_path, old)) as api:
        client = await registered(api)
        first = await token_headers(api, client)
    both = with_keys(without_a_broker, tmp_path, new, old)
    async with directory(both) as api, beside(both, "requests") as other:
        published = (await api.get(JWKS)).json()["keys"]
        for head in (first, await token_headers(api, client)):
            await until_answered(other, head, 200)
    assert [json.loads(key)["kid"] for key in (new, old)] == [key["kid"] for key in published]
    assert not any("d" in key for key in published)

    alone = with_keys(without_a_broker, tmp_path, new)
    async with directory(alone) as api, beside(alone, "requests") as other:
        await until_answered(other, await token_headers(api, client), 200)
        await until_answered(other, first, 401)


def public(key: str) -> str:
    return json.dumps({name: value for name, value in json.loads(key).items() if name != "d"})


@pytest.mark.parametrize(
    "keys",
    [
        (),
        (public(new_key()), new_key()),
        (json.dumps({name: value for name, value in json.loads(new_key()).items() if name != "kid"}),),
        (json.dumps(jwk.OKPKey.generate_key("X25519", parameters={"kid": "1"}).as_dict(private=True)),),
        ('{"kty": "oct", "k": "c2VjcmV0", "kid": "1"}',),
    ],
    ids=["none", "the first a public half", "without an id", "of another curve", "a shared secret"],
)
def test_unusable_signing_keys_are_reported_at_start(settings: Settings, tmp_path: Path, keys: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_API_CLIENT_KEYS"):
        Tokens(with_keys(settings, tmp_path, *keys)).check()


def test_two_issuers_with_the_same_name_are_rejected(tmp_path: Path) -> None:
    one = "https://issuer.example"
    for env in (
        {"ENTRAIDE_ISSUER": one, "ENTRAIDE_API_CLIENT_ISSUER": one},
        {"ENTRAIDE_ISSUER": CLIENT_ISSUER},
        {"ENTRAIDE_API_CLIENT_ISSUER": EMBEDDED_ISSUER},
    ):
        with pytest.raises(SettingsError, match="ENTRAIDE_API_CLIENT_ISSUER"):
            Settings.from_env(env, NAMES, state=tmp_path)
    assert one == Settings.from_env({"ENTRAIDE_API_CLIENT_ISSUER": one}, NAMES, state=tmp_path).api_client_issuer
