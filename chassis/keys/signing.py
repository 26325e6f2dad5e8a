"""Signing keys of the operator, in a file named by a setting."""

import json
from collections.abc import Sequence
from pathlib import Path

from joserfc import jwk
from joserfc.errors import JoseError

from chassis.keys.issuer import ALGORITHM
from chassis.settings import SettingsError


def key_set(path: Path, setting: str) -> Sequence[jwk.OKPKey]:
    """The keys in the file that a setting names; the first one signs. Raises SettingsError."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        keys = [jwk.OKPKey.import_key(key) for key in read.get("keys", [read])]
    except (OSError, ValueError, AttributeError, TypeError, JoseError) as error:
        raise SettingsError(f"{setting} holds no key (JWK or JWK set): {type(error).__name__}") from error
    if not keys or not all(key.kid and key.curve_name == ALGORITHM for key in keys):
        raise SettingsError(f"the keys of {setting} have to be Ed25519, each with its kid")
    return keys


def signing_key_of(keys: Sequence[jwk.OKPKey], setting: str) -> jwk.OKPKey:
    """The first key. Raises SettingsError if it is only a public key."""
    if not keys[0].is_private:
        raise SettingsError(f"the first key of {setting} has to be a private one")
    return keys[0]
