"""Templates that a person writes: a small, safe part of Jinja.

A template sees ``rules`` (text), ``demonstrations`` (each with ``instruction``, ``answer`` and ``turns``), ``turns``
(of the question asked, each with ``role`` and ``text``; an answer to be scored is not among them) and ``open`` (whether
an answer is to follow). It has to end where that answer begins.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.filters import FILTERS

from workbench.bounded_templates import BoundedEnvironment
from workbench.domain import Prompt, Rendered, SpanKind, Turn
from workbench.errors import PromptError
from workbench.prompts.located import Texts, lay_out
from workbench.prompts.pieces import awaits_answer, labelled_conversation, labelled_demonstration

MAX_SOURCE = 20_000          # characters of a template

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Name, nodes.NSRef,
    nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Add, nodes.Sub, nodes.Mod, nodes.Concat, nodes.Slice,
)  # fmt: skip
_FILTERS = ("trim", "length", "upper", "lower", "title", "capitalize", "first", "last", "default", "replace")


def is_source(template: str) -> bool:
    """Whether ``Prompt.template`` holds a template's source and not a name."""
    return "{{" in template or "{%" in template


def build(prompt: Prompt, turns: Sequence[Turn]) -> Rendered:
    """Raises PromptError: see ``check_source`` and ``located.lay_out``."""
    environment, template = _compiled(prompt.template)
    given = turns if awaits_answer(turns) else turns[:-1]
    labelled = [*labelled_conversation(turns)]

    def run(texts: Texts) -> str:
        variables = _variables(prompt, given, bool(turns), texts)
        try:
            return environment.text(template, variables)
        except Exception as error:   # the code that runs here is the template's, and may raise whatever it likes
            raise PromptError(f"The template failed: {error or type(error).__name__}.",
                              remedy="Mend it on the Prompt page.") from error

    pieces = lay_out(run)
    if len(given) < len(turns):
        _, kind, index = labelled[-1]
        pieces.part(turns[-1].text, kind, index)
    return pieces.rendered(_stop_strings(prompt, pieces.text))


def check_source(source: str) -> None:
    """Raises PromptError: too long, not Jinja, or uses what a template of ours may not (loops inside loops inside
    loops, macros, includes, calls, powers and products)."""
    _compiled(source)


@functools.lru_cache(maxsize=32)
def _compiled(source: str) -> tuple[BoundedEnvironment, jinja2.Template]:
    if len(source) > MAX_SOURCE:
        raise PromptError(f"The template is longer than {MAX_SOURCE:,} characters.", remedy="Shorten it.")
    environment = _environment()
    try:
        tree = environment.parse(source)
        _check(tree, loops=0)
        return environment, environment.from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise PromptError(f"Line {error.lineno} of the template: {error.message}.", remedy="Mend that line.") from error
    except RecursionError as error:
        raise PromptError("The template is nested too deep.", remedy="Simplify it.") from error


def _environment() -> BoundedEnvironment:
    environment = BoundedEnvironment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    environment.globals.clear()
    environment.offer({name: FILTERS[name] for name in _FILTERS})
    return environment


def _check(node: nodes.Node, *, loops: int) -> None:
    if not isinstance(node, _ALLOWED):
        raise PromptError(
            f"Line {node.lineno} of the template uses {type(node).__name__.lower()}, which is not allowed here.",
            remedy="Variables, conditions, loops, set and a few filters can be used.",
        )
    if isinstance(node, nodes.For):
        loops += 1
        if loops > 2 or not isinstance(node.iter, nodes.Name | nodes.Getattr) or node.recursive:
            raise PromptError(
                f"The loop in line {node.lineno} of the template is not allowed.",
                remedy="Loop over demonstrations, turns, or a demonstration's turns.",
            )
    for child in node.iter_child_nodes():
        _check(child, loops=loops)


def _variables(prompt: Prompt, given: Sequence[Turn], open_answer: bool, texts: Texts) -> dict[str, Any]:
    def turn(item: tuple[Turn, SpanKind, int]) -> dict[str, str]:
        return {"role": item[0].role.value, "text": texts.add(item[0].text, item[1], item[2])}

    rules = texts.add(prompt.rules, SpanKind.RULES, 0)
    demonstrations = []
    for index, demonstration in enumerate(prompt.demonstrations):
        turns = [turn(item) for item in labelled_demonstration(demonstration, index)]
        demonstrations.append({
            "instruction": next((t["text"] for t in turns if t["role"] == "user"), ""),
            "answer": next((t["text"] for t in turns if t["role"] == "assistant"), ""),
            "turns": turns,
        })
    asked = [turn(item) for item in labelled_conversation(given)]
    return {
        "rules": rules, "demonstrations": demonstrations, "turns": asked,
        "open": open_answer,
    }  # fmt: skip


def _stop_strings(prompt: Prompt, text: str) -> tuple[str, ...]:
    """What the template writes right before an instruction ends an answer: the model goes on as the prompt does."""
    if not prompt.demonstrations:
        return ()
    first = prompt.demonstrations[0].instruction
    before = text[: text.find(first)] if first and first in text else ""
    line = next((line for line in reversed(before.split("\n")) if line.strip()), "")
    return ("\n" + line.rstrip(),) if line else ()
