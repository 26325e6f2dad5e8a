"""Pages escape values like markupsafe and Jinja, with shorter code."""

from typing import Any

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from chassis.escaping import markup, text
from services.console.compiling import OF_DICTIONARIES, TAKE_THE_CONTEXT, Generator, Templates
from services.console.rendering import environment
from services.console.translations import LANGUAGES

HOSTILE = "<b onclick=\"x\" title='y'>&amp;{}"
ESCAPED = "&lt;b onclick=&#34;x&#34; title=&#39;y&#39;&gt;&amp;amp;{}"


class Word(str):
    """A text of a subclass of str, like the values of enumerations."""

    __slots__ = ()


class Drawn:
    def __html__(self) -> str:
        return "<svg></svg>"


@pytest.mark.parametrize("value", [HOSTILE, Word(HOSTILE), Markup("<p>"), Drawn(), [HOSTILE], None, 12, 1.5, True, ""])
def test_text_of_a_value_is_what_markupsafe_makes_of_it(value: object) -> None:
    assert str(escape(value)) == str(text(value))


def test_values_in_markup_are_escaped_and_not_filled_in_themselves() -> None:
    made = markup('<a title="{}">{}</a>{}', HOSTILE, Markup("<b>"), 3)

    assert f'<a title="{ESCAPED}"><b></a>3' == made
    assert isinstance(made, Markup)


TEMPLATES = {
    "macros": "{% macro part(a, b='&') %}<i>{{ a }}{{ b }}</i>{{ caller() if caller is defined }}{% endmacro %}",
    "base": "{% block first %}[{{ said }}]{% endblock %}{% block last %}{{ record.title }}{% endblock %}",
    "page": """{% extends "base" %}{% from "macros" import part %}
        {% block last %}{{ super() }}{{ part(said) }}{{ part(said, b=record.title) }}{{ part(html) }}
        {% call part(said) %}<u>{{ said }}</u>{% endcall %}
        {% set kept %}<em>{{ said }}</em>{% endset %}{{ kept }}{{ kept ~ said }}{{ said|upper }}{{ html|length }}
        {% for one in [said, html, 1, none, true] %}{{ one }}{{ loop.index }}{{ loop.cycle("<", ">") }}{% endfor %}
        {% filter upper %}{{ said }}{% endfilter %}{{ record.items()|list }}{{ record.get("title") }}{{ record["title"] }}
        {{ record.none is defined }}{{ part(*[said]) }}{{ part(**{"a": said}) }}{{ say(said) }}{{ turn(return=said) }}
        {% autoescape false %}{{ said }}{% endautoescape %}{{ ngettext("%(num)s <b>", "%(num)s <i>", 2) }}
        {% trans name=said %}By {{ name }} <br>{% endtrans %}{% endblock %}""",
}


def _rendered(of: type[Environment], context: dict[str, Any]) -> str:
    made = of(loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n"])
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    made.globals["gettext"] = lambda message, **values: Markup(message) % values
    made.globals["ngettext"] = lambda _one, many, number: Markup(many) % {"num": number}
    return made.get_template("page").render(context)


def test_templates_write_the_same_as_with_the_generator_of_jinja() -> None:
    context = {
        "said": HOSTILE,
        "html": Markup("<hr>"),
        "record": {"title": HOSTILE, "items": 3},
        "say": lambda said: f"<{said}>",
        "turn": lambda **said: said["return"],
    }

    shown = _rendered(Templates, context)

    assert _rendered(Environment, context) == shown
    assert shown.count(ESCAPED) > 15


def test_every_template_compiles() -> None:
    made = environment("en")

    assert 100 < len([made.get_template(path) for path in made.list_templates(filter_func=_is_ours)])


def _is_ours(path: str) -> bool:
    return not path.startswith("govuk_frontend_jinja/")


def test_field_that_is_not_there_is_undefined() -> None:
    made = Templates(undefined=StrictUndefined)

    assert "yes" == made.from_string("{{ 'yes' if record.title is not defined }}").render(record={})
    with pytest.raises(UndefinedError, match="has no attribute 'title'"):
        made.from_string("{{ record.title }}").render(record={})


@pytest.mark.parametrize("name", sorted(OF_DICTIONARIES))
def test_field_named_as_a_method_does_not_hide_it(name: str) -> None:
    record = {name: "typed"}

    assert getattr(record, name) == Templates().getattr(record, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_function_of_templates_takes_the_context(language: str) -> None:
    made = environment(language)

    assert made.code_generator_class is Generator
    take = {name for name, one in made.globals.items() if hasattr(one, "jinja_pass_arg")}
    assert TAKE_THE_CONTEXT >= take
