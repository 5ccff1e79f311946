"""A representative dozen of ``make test-architectures``."""

from __future__ import annotations

import pytest

from tests.models.architectures import walk
from workbench.models.architectures import causal_language_models


@pytest.mark.parametrize(("kind", "way"), [
    ("llama", "cascade"), ("gpt2", "cascade"), ("olmo2", "cascade"), ("mixtral", "cascade"), ("phi3", "cascade"),
    ("gemma3_text", "cached"), ("gpt_oss", "cached"), ("bloom", "cached"), ("qwen3_next", "cached"),
    ("mamba", "whole"), ("lfm2", "cached"), ("deepseek_v3", "cached"),
])  # fmt: skip
def test_scores_equal_the_plain_forward_pass_and_answers_equal_generate(kind: str, way: str) -> None:
    row = walk(kind)
    assert (row.outcome, row.way) == ("loads", way)
    assert row.right


def test_what_reads_in_both_directions_is_refused() -> None:
    assert walk("cpmant").outcome == "refused: reads in both directions"


def test_the_installed_transformers_says_which_there_are() -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    assert dict(causal_language_models()) == dict(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
