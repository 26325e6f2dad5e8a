"""A secret in its own file, created on first use."""

import json
from collections.abc import Callable
from pathlib import Path

from joserfc import jwk

from chassis.ids import new_id
from chassis.keys.issuer import ALGORITHM


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """Return the content of the file, readable only by its owner. Concurrent creators get the same content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{new_id()}")
        temporary.touch(mode=0o600)
        temporary.write_text(make(), encoding="utf-8")
        # link() does not replace an existing file, so the first creator wins.
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text(encoding="utf-8")


def new_key(service: str | None = None) -> str:
    """A new private key (JWK, RFC 8037) as JSON; `service` limits it to one service."""
    kid = f"{service}.{new_id()}" if service else str(new_id())
    key = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": kid, "use": "sig", "alg": ALGORITHM})
    return json.dumps(key.as_dict(private=True))


def read_or_create_key(path: Path) -> jwk.OKPKey:
    """The key in the file, created on first use."""
    return jwk.OKPKey.import_key(json.loads(read_or_create(path, new_key)))
