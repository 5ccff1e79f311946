"""A model's own chat template: Jinja by strangers, run within bounds, with what transformers offers such templates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import jinja2

from workbench.bounded_templates import BoundedEnvironment
from workbench.errors import PromptError


def render_chat(
    template: str, messages: Sequence[Mapping[str, str]], tokens: Mapping[str, str], *, open_answer: bool
) -> str:
    """``tokens`` are the special tokens by name (``bos_token`` …). Raises PromptError: no template, or it fails."""
    if not template:
        raise PromptError("The model has no chat template.", remedy="Choose the URIAL or the plain template.")
    environment = BoundedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False)
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    variables = {"messages": [dict(message) for message in messages], "add_generation_prompt": open_answer,
                 "tools": None, "documents": None, **tokens}
    try:
        return environment.text(environment.from_string(template), variables)
    except Exception as error:       # the code that runs here is the template's, and may raise whatever it likes
        raise PromptError(
            f"The model's chat template refuses this conversation: {error or type(error).__name__}.",
            remedy="Choose the URIAL or the plain template, or leave out demonstrations without an answer.",
        ) from error


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)
