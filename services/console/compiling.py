"""How templates become Python: Jinja's own way, without what our templates never need and every value would pay for."""

from keyword import iskeyword
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame

from chassis import escaping

TAKE_THE_CONTEXT = frozenset({"ngettext", "pgettext", "npgettext"})
"""Functions of templates that want to know where they are called; none of ours does."""

OF_DICTIONARIES = frozenset(dir(dict))


class Generator(CodeGenerator):
    """Calls functions directly, not by `Context.call`, and writes values with `Templates.text`."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        called = node.node
        takes_context = isinstance(called, nodes.Name) and called.name in TAKE_THE_CONTEXT
        # Python would not read `return=` among arguments.
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

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.text(")


class Templates(Environment):
    """Jinja's templates with this generator."""

    code_generator_class = Generator
    text = staticmethod(escaping.text)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's, which looks for an attribute first, and in answers of the API there is none."""
        if type(obj) is dict and attribute not in OF_DICTIONARIES:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class Compiled(BytecodeCache):
    """The compiled templates: the same in all languages, so each is compiled once."""

    def __init__(self) -> None:
        self._found: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._found.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._found[bucket.key] = bucket.code


COMPILED = Compiled()
