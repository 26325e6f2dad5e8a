"""JSON merge patches (RFC 7396)."""

from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)
MERGE_PATCH_TYPE = b"application/merge-patch+json"


def patched(target: S, patch: msgspec.Struct) -> S:
    """Return a copy of `target` with the fields of `patch` that are set; null resets a field to its default.

    Raises msgspec.ValidationError if the result is not a valid struct of that type.
    """
    return msgspec.convert(merge_patch(msgspec.to_builtins(target), msgspec.to_builtins(patch)), type(target))


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7396 section 2): objects are merged, a null removes a member, all else is replaced."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
