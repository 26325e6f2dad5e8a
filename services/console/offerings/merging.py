"""Merge of two people's changes of one offering, without losing what was typed."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from services.console.fields import Field, Typed

Values = tuple[tuple[str, ...], ...]


class Change(Struct, frozen=True):
    """A field that another person has changed. `kept` if it was changed here too, so that the person has to choose."""

    field: Field
    before: Values
    now: Values
    kept: bool


def merge(
    groups: Sequence[tuple[Field, Sequence[str]]], base: Typed, now: Typed, typed: Typed
) -> tuple[dict[str, Sequence[str]], Sequence[Change]]:
    """Return what the form shows next, and what another person has changed.

    `base` is what the form showed at first, `now` what the record says. Fields that were not changed here follow the
    record.
    """
    merged: dict[str, Sequence[str]] = dict(typed)
    changes = []
    for field, names in groups:
        before, current, mine = (_values(field, names, one) for one in (base, now, typed))
        if current == before:
            continue
        touched = mine not in (before, current)
        if mine != current:
            changes.append(Change(field, before, current, touched))
        if not touched:
            merged |= {name: now.get(name, ()) for name in names}
    return merged, changes


def same(groups: Sequence[tuple[Field, Sequence[str]]], base: Typed, typed: Typed) -> bool:
    """Check whether nothing was changed: an approved offering that is sent again would need approval again."""
    return all(_values(field, names, base) == _values(field, names, typed) for field, names in groups)


def _values(field: Field, names: Sequence[str], typed: Typed) -> Values:
    return tuple(_plain(field, typed.get(name, ())) for name in names)


def _plain(field: Field, values: Sequence[str]) -> tuple[str, ...]:
    plain = [one.replace("\r\n", "\n").strip() for one in values]
    if field.kind == "choices":
        return tuple(sorted(one for one in plain if one))
    return tuple(plain) if any(plain) else ()


def shown_values(change: Change, values: Values, labels: Mapping[str, str]) -> Sequence[str]:
    """Return values as text: a code as its label, the columns of a row beside each other."""
    if change.field.name == "capacity":
        return [f"{starts} – {ends} ({units})" for starts, ends, units in zip(*values, strict=False)]
    if change.field.kind == "money":
        return [" ".join(one for column in values for one in column)] if values and values[0] else []
    return [labels.get(one, one) for one in values[0]]
