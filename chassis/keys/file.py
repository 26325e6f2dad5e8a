"""A secret in a file of its own, made on first use."""

import json
from collections.abc import Callable
from pathlib import Path

from joserfc import jwk

from chassis.ids import new_id
from chassis.keys.issuer import ALGORITHM


def made_once(path: Path, make: Callable[[], str]) -> str:
    """What stands in the file, readable by its owner alone; of two that make it at once both get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{new_id()}")
        temporary.touch(mode=0o600)
        temporary.write_text(make(), encoding="utf-8")
        # link() does not replace: the first one wins.
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text(encoding="utf-8")


def new_key(service: str | None = None) -> str:
    """A private key (JWK, RFC 8037) as the text of its file; one service's alone, if that is named."""
    kid = f"{service}.{new_id()}" if service else str(new_id())
    key = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": kid, "use": "sig", "alg": ALGORITHM})
    return json.dumps(key.as_dict(private=True))


def key_made_once(path: Path) -> jwk.OKPKey:
    """The key in the file, made on first use."""
    return jwk.OKPKey.import_key(json.loads(made_once(path, new_key)))
