"""Compilation of templates as in Jinja, without features that they never use and that slow down every value."""

from keyword import iskeyword
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame

from chassis import escaping

TAKE_THE_CONTEXT = frozenset({"pgettext", "npgettext"})
"""Functions in templates that take Jinja's context. The project's own functions do not."""

OF_DICTIONARIES = frozenset(dir(dict))


class Generator(CodeGenerator):
    """Code generator that calls functions directly, not by `Context.call`, and writes values with `Templates.text`."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        called = node.node
        takes_context = isinstance(called, nodes.Name) and called.name in TAKE_THE_CONTEXT
        # Python does not accept a keyword, as in `return=`, as the name of an argument.
        is_plain = not (node.dyn_args or node.dyn_kwargs or any(iskeyword(pair.key) for pair in node.kwargs))
        if forward_caller or takes_context or not is_plain:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(called, frame)
        self.write("(")
        for arg in node.args:
            self.visit(arg, frame)
            self.write(", ")
        for pair in node.kwargs:
            self.visit(pair, frame)
            self.write(", ")
        self.write(")")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> str:
        # A filter of a constant writes it in one language, and the compiled template is that of all.
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.text(")


class Templates(Environment):
    """Jinja's environment with this generator."""

    code_generator_class = Generator
    text = staticmethod(escaping.text)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Like Jinja's, but read dictionaries by key first: answers of the API have no attributes to look for."""
        if type(obj) is dict and attribute not in OF_DICTIONARIES:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class Compiled(BytecodeCache):
    """Cache of compiled templates. They are the same in all languages, so each is compiled once."""

    def __init__(self) -> None:
        self._found: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._found.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._found[bucket.key] = bucket.code


COMPILED = Compiled()
