"""Escape values as text of a page like markupsafe, without creating an object for each."""

from markupsafe import Markup, escape

from chassis.http.private_parts import escape_inner


def text(value: object) -> str:
    """The text of a value in a page: markup unchanged, anything else escaped."""
    if type(value) is str:
        return escape_inner(value)
    return value if type(value) is Markup else escape(value)


def markup(template: str, *values: object) -> Markup:
    """Insert values in place of each `{}` of `template`, a constant. `Markup.format` takes ten times as long."""
    return Markup(template.format(*map(text, values)))
