"""Layers that keep less and compute less give the same outputs and gradients."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from tests.alignment.small import CharacterTokenizer
from workbench.alignment.forward import answer_logprobs, hidden_at
from workbench.alignment.lean_layers import make_lean
from workbench.alignment.recomputed import made_again, recomputed
from workbench.alignment.samples import Padded, pad
from workbench.models.base import ScoredSequence

SIZE = {"vocab_size": 128, "hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.2}
LAYERS = SIZE["num_hidden_layers"]


def model(kind: str) -> Any:
    torch.manual_seed(0)
    if kind == "gpt2":
        return GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=128)).eval()    # no dropout
    if kind == "qwen3":
        return Qwen3ForCausalLM(Qwen3Config(**SIZE))
    return LlamaForCausalLM(LlamaConfig(**SIZE, mlp_bias=kind == "llama with biases"))


def batch() -> Padded:
    """Three rows of different lengths, with answers of different lengths."""
    texts = ["one two three four = five", "a = b", "short question = long answer here"]
    ids = [CharacterTokenizer().encode(text).ids for text in texts]
    return pad([ScoredSequence(i, t.index("=") + 1, len(t)) for i, t in zip(ids, texts, strict=True)], 0)


@contextmanager
def kept_bytes(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, int]]:
    """Bytes of distinct tensors that graphs made inside keep, in a lean pass or not, by address."""
    kept: dict[int, int] = {}
    usual = torch.autograd.graph.saved_tensors_hooks

    def hooks(pack: Callable[[Tensor], Any], unpack: Callable[[Any], Tensor]) -> Any:
        def counted(tensor: Tensor) -> Any:
            packed = pack(tensor)
            for tensor in (packed,) if isinstance(packed, Tensor) else packed.recipe._inputs:
                kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return packed
        return usual(counted, unpack)

    with monkeypatch.context() as patch, hooks(lambda tensor: tensor, lambda tensor: tensor):
        patch.setattr(torch.autograd.graph, "saved_tensors_hooks", hooks)
        yield kept


@pytest.mark.parametrize("kind", ["llama", "llama with biases", "qwen3", "gpt2"])
@pytest.mark.parametrize("precision", [None, torch.bfloat16])
def test_outputs_and_gradients_stay_the_same(kind: str, precision: torch.dtype | None) -> None:
    plain = model(kind)
    lean = copy.deepcopy(plain)
    assert make_lean(lean) == {"gpt2": 0, "qwen3": 5 * LAYERS + 1}.get(kind, 3 * LAYERS + 1)
    found = []
    for one in (plain, lean):
        with torch.autocast("cpu", dtype=precision, enabled=precision is not None):
            total, _ = answer_logprobs(one, batch())
        total.square().mean().backward()
        found.append(total.detach())
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if precision is None else {"rtol": 0.05, "atol": 0.5}
    torch.testing.assert_close(found[0], found[1], **tolerance)
    for (name, a), (_, b) in zip(plain.named_parameters(), lean.named_parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None), name
        if a.grad is not None:
            allowed = (1e-4 if precision is None else 0.03) * a.grad.norm() + 1e-6
            assert (a.grad - b.grad).norm() <= allowed, name


def test_less_is_kept_for_the_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each layer: two norms with their inner product, act(gate) and the product; of the last layer at the answers
    only, its feed-forward as well."""
    network, some = model("llama"), batch()
    every = torch.ones_like(some.predicts)
    kept, graphs = [], []
    for needed in (every, every, some.answer):
        with kept_bytes(monkeypatch) as tally:
            graphs.append(hidden_at(network, some, needed))          # kept, so that no address is used twice
        kept.append(sum(tally.values()))
        make_lean(network)
    plain, lean, answers = kept
    tokens, width, inner = some.ids.numel(), SIZE["hidden_size"], SIZE["intermediate_size"]
    assert plain - lean >= 4 * tokens * LAYERS * (4 * width + 2 * inner) * 0.9
    assert lean - answers >= 4 * (tokens - int(some.answer.sum())) * 2 * inner * 0.8


def test_hidden_states_are_right_where_they_are_needed() -> None:
    network, some = model("llama"), batch()
    plain = hidden_at(network, some, some.answer)
    make_lean(network)
    make_lean(network)                                               # two trainers of one model prepare it twice
    torch.testing.assert_close(hidden_at(network, some, some.answer), plain)


def test_checkpointed_layers_are_left_alone() -> None:
    """They are run again in the backward pass, where nobody says which positions are needed."""
    network, some = model("llama").train(), batch()
    expected, _ = answer_logprobs(network, some)
    expected.sum().backward()
    gradients = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    make_lean(network)
    network.activation_checkpointing_enable()
    answer_logprobs(network, some)[0].sum().backward()
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)


def test_a_copy_of_a_lean_model_runs_on_its_own_weights() -> None:
    first, some = model("llama"), batch()
    make_lean(first)
    second = copy.deepcopy(first)
    before = hidden_at(first, some, some.answer)
    with torch.no_grad():
        for weights in second.parameters():
            weights.mul_(1.5)
    torch.testing.assert_close(hidden_at(first, some, some.answer), before)
    assert not torch.allclose(hidden_at(second, some, some.answer), before)


def test_memory_that_is_used_again_is_not_taken_for_what_was_there() -> None:
    memory = np.empty(8, np.float32)
    x = torch.linspace(-1, 1, 8).requires_grad_()
    with made_again():
        recomputed(lambda t: torch.from_numpy(memory).copy_(t.sin()), x)             # dropped at once: nobody reads it
        other = torch.from_numpy(memory).fill_(3).requires_grad_()
        square = other * other
    square.sum().backward()
    assert other.grad is not None
    torch.testing.assert_close(other.grad, torch.full((8,), 6.0))
