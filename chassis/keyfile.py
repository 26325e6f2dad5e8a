"""A secret in a file of its own, made on first use."""

from collections.abc import Callable
from pathlib import Path

from chassis.ids import new_id


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
