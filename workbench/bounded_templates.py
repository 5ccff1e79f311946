"""Jinja by strangers, within bounds: a sandbox that also counts, so that no template runs for ever or fills the memory.

Loops and calls are counted, and the length of every text is looked at where it is made. What it raises are Jinja's own
errors (SecurityError), but a template may raise whatever Python does.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 1_000_000       # turns of all loops together
CALL = 20                    # steps that a call counts for
MOST_CHARACTERS = 10_000_000
WIDEST = 1_000_000           # what a number may ask for: a text's width, a power
_WIDE = re.compile(r"\d{7}")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """``text`` renders a template of this environment; ``steps`` are those of the rendering under way."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.steps = 0
        self.globals.pop("lipsum", None)
        self.offer(self.filters)

    def offer(self, filters: Mapping[str, Callable[..., Any]]) -> None:
        """These filters, and no others."""
        self.filters = {name: _bounded(name, run) for name, run in filters.items()}
        self.filters |= {_COUNTED: self._counted, _JOINED: _joined, _CHECKED: _checked}

    def text(self, template: Template, variables: Mapping[str, Any]) -> str:
        """Raises what the template raises, which may be anything."""
        self.steps, chunks, length = 0, [], 0
        for chunk in template.generate(variables):
            chunks.append(chunk)
            length += len(chunk)
            _check_length(length)
        return "".join(chunks)

    def _generate(self, source: nodes.Template, *more: Any, **options: Any) -> str:
        return super()._generate(_Counting().visit(source), *more, **options)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:   # noqa: N805 (names may be taken)
        __self._step(CALL)
        _check_made(getattr(__obj, "__name__", ""), (getattr(__obj, "__self__", None), *args), kwargs)
        return _checked(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator in ("*", "**") and _product(operator, left, right) > MOST_CHARACTERS:
            raise SecurityError("a product is too large")
        if operator == "%" and isinstance(left, str):
            _check_made("format", (left, *(right if isinstance(right, tuple) else (right,))), {})
        if operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
            _check_length(len(left) + len(right))
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        made = super().wrap_str_format(value)
        if made is not None and _WIDE.search(value.__self__):
            raise SecurityError("a text is too wide")
        return made

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._step()
            yield item

    def _step(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise SecurityError(f"its loops go round more than {MOST_STEPS:,} times")


_COUNTED, _JOINED, _CHECKED = "counted items", "joined texts", "checked text"      # no template can name these


class _Counting(NodeTransformer):
    """Every loop goes over counted items; ``~`` looks at the lengths before it joins, ``set`` blocks after."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, _COUNTED, [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, _JOINED, [], [], None, None, lineno=node.lineno)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.filter = nodes.Filter(node.filter, _CHECKED, [], [], None, None, lineno=node.lineno)
        return node


def _joined(parts: list[Any]) -> str:
    texts = [str(part) for part in parts]
    _check_length(sum(map(len, texts)))
    return "".join(texts)


def _bounded(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that looks at what it is given before, and at what it made after; Jinja's marks on it are kept."""
    @functools.wraps(run)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        _check_made(name, args, kwargs)
        return _checked(run(*args, **kwargs))

    return bounded


def _check_made(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """``args`` begins with what the method belongs to, or what a filter is given."""
    numbers = [value for value in (*args, *kwargs.values()) if isinstance(value, int)]
    if max(map(abs, numbers), default=0) > WIDEST:
        raise SecurityError(f"a number is larger than {WIDEST:,}")
    texts = [value for value in args if isinstance(value, str)]
    if name == "format" and texts:
        _check_length(sum(map(len, texts)))
        if _WIDE.search(texts[0]):
            raise SecurityError("a text is too wide")
    if name == "replace" and len(texts) >= 3:
        _check_length(len(texts[0]) + texts[0].count(texts[1]) * len(texts[2]))
    if name == "join":
        lists = [value for value in args if isinstance(value, list | tuple)]
        _check_length(sum(len(str(item)) + sum(map(len, texts)) for value in lists for item in value))


def _product(operator: str, left: Any, right: Any) -> int:
    """Characters of a text, or digits of a number, that would come of it."""
    if isinstance(left, int) and isinstance(right, int):
        return left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
    if isinstance(right, str | list | tuple):
        left, right = right, left
    return len(left) * right if isinstance(left, str | list | tuple) and isinstance(right, int) else 0


def _checked(value: Any) -> Any:
    if isinstance(value, str | list | tuple):
        _check_length(len(value))
    return value


def _check_length(length: int) -> None:
    if length > MOST_CHARACTERS:
        raise SecurityError(f"a text is longer than {MOST_CHARACTERS:,} characters")
