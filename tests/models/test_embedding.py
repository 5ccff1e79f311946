from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from tests.models import tiny_models
from workbench.domain import ModelRef
from workbench.models import LanguageModel
from workbench.models.embedding import Embedder, hidden_states
from workbench.models.transformers_model import TransformersModel

TEXTS = [*tiny_models.TEXT, "", "x", "naïve " * 400]


def test_embeddings_are_the_last_hidden_states_of_each_text_alone(llama: ModelRef, loaded: LanguageModel) -> None:
    assert isinstance(loaded, Embedder)
    found = loaded.embed(TEXTS)
    model = transformers.AutoModelForCausalLM.from_pretrained(llama.path, dtype=torch.float32).eval()
    for text, rows in zip(TEXTS, found, strict=True):
        ids = [0, *loaded.tokenizer.encode(text, special=False).ids][:512]
        with torch.inference_mode():
            states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0].numpy()
        np.testing.assert_allclose(rows, states[1:] if len(ids) > 1 else states, atol=1e-4)


@pytest.mark.parametrize("budget", [1, 700, 10**6])
def test_how_many_go_together_changes_nothing(loaded: LanguageModel, budget: int) -> None:
    assert isinstance(loaded, Embedder)
    rows = hidden_states(loaded._model, loaded.tokenizer, TEXTS, context=512, budget=budget)  # type: ignore[attr-defined]
    for some, others in zip(rows, loaded.embed(TEXTS), strict=True):
        np.testing.assert_allclose(some, others, atol=1e-5)


def test_half_as_many_are_tried_when_memory_runs_out(llama: ModelRef, loaded: LanguageModel) -> None:
    assert isinstance(loaded, Embedder)
    tried: list[int] = []

    def small(module: torch.nn.Module, positional: tuple[torch.Tensor, ...], named: dict[str, torch.Tensor]) -> None:
        tried.append(len(named["input_ids"]))
        if tried[-1] > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    network = TransformersModel.load(llama).network
    network.base_model.register_forward_pre_hook(small, with_kwargs=True)
    rows = hidden_states(network, loaded.tokenizer, TEXTS, context=512, budget=10**6)
    for some, others in zip(rows, loaded.embed(TEXTS), strict=True):
        np.testing.assert_allclose(some, others, atol=1e-4)
    assert tried[:3] == [9, 4, 2]
