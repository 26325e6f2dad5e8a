"""Values as text of a page: escaped, as markupsafe does it, without an object for each."""

from markupsafe import Markup, escape

from chassis.http.private_parts import escape_inner


def text(value: object) -> str:
    """What stands for a value in a page: markup as it is, anything else escaped."""
    if type(value) is str:
        return escape_inner(value)
    return value if type(value) is Markup else escape(value)


def markup(template: str, *values: object) -> Markup:
    """`template`, a constant, with values in place of each `{}`: `Markup.format` takes ten times as long."""
    return Markup(template.format(*map(text, values)))
