"""Division of amounts into whole parts."""

from collections.abc import Mapping


def apportion(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divide a total into whole parts by weight and largest remainder, ties by name. Empty without total or weight."""
    heavy = {name: weight for name, weight in weights.items() if weight > 0}
    whole = sum(heavy.values())
    if not whole or total <= 0:
        return {}
    parts = {name: total * weight // whole for name, weight in heavy.items()}
    first = sorted(heavy, key=lambda name: (-(total * heavy[name] % whole), name))
    for name in first[: total - sum(parts.values())]:
        parts[name] += 1
    return parts
