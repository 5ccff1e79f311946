"""Which architectures there are: those that the installed transformers itself maps to causal language models."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_MAPPING = "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"


@cache
def causal_language_models() -> Mapping[str, str]:
    """Each ``model_type`` with the name of its class. Read from transformers' source, as importing it takes seconds and
    the window does without."""
    spec = find_spec("transformers")
    assert spec is not None
    for folder in spec.submodule_search_locations or ():
        source = Path(folder, "models", "auto", "modeling_auto.py")
        tree = ast.parse(source.read_text("utf-8")) if source.is_file() else ast.Module([], [])
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and [ast.unparse(name) for name in statement.targets] == [_MAPPING]:
                assert isinstance(statement.value, ast.Call)
                return dict(ast.literal_eval(statement.value.args[0]))
    from transformers.models.auto import modeling_auto

    return dict(getattr(modeling_auto, _MAPPING))
