"""Feed-forward layers that keep less give the same outputs and gradients."""

import copy

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from workbench.alignment.lean_mlp import make_lean

SIZE = {"vocab_size": 50, "hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2}


def model(kind: str) -> torch.nn.Module:
    torch.manual_seed(0)
    if kind == "llama":
        return LlamaForCausalLM(LlamaConfig(**SIZE))
    if kind == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**SIZE))
    return LlamaForCausalLM(LlamaConfig(**SIZE, mlp_bias=True))


def kept_bytes(model: torch.nn.Module, ids: torch.Tensor) -> int:
    """Bytes of distinct tensors that the graph of a loss keeps, weights aside."""
    weights = {p.data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(ids).logits.square().mean()
    assert loss.requires_grad
    return sum(kept.values())


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
@pytest.mark.parametrize("precision", [None, torch.bfloat16])
def test_outputs_and_gradients_stay_the_same(kind: str, precision: torch.dtype | None) -> None:
    plain = model(kind)
    lean = copy.deepcopy(plain)
    assert make_lean(lean) == 2
    ids = torch.randint(0, 50, (3, 7), generator=torch.Generator().manual_seed(1))
    for one in (plain, lean):
        with torch.autocast("cpu", dtype=precision, enabled=precision is not None):
            loss = one(ids).logits.float().square().mean()
        loss.backward()
    tolerance = {"rtol": 1e-6, "atol": 1e-8} if precision is None else {"rtol": 0.05, "atol": 1e-4}
    for (name, a), (_, b) in zip(plain.named_parameters(), lean.named_parameters(), strict=True):
        assert a.grad is not None, name
        torch.testing.assert_close(b.grad, a.grad, **tolerance, msg=lambda text, name=name: f"{name}: {text}")


def test_less_is_kept_for_the_backward_pass() -> None:
    plain = model("llama")
    ids = torch.randint(0, 50, (4, 64), generator=torch.Generator().manual_seed(1))
    before = kept_bytes(plain, ids)
    make_lean(plain)
    inner = 4 * 64 * SIZE["intermediate_size"] * 4
    assert before - kept_bytes(plain, ids) >= 2 * SIZE["num_hidden_layers"] * inner * 0.9


def test_other_layers_stay_as_they_are() -> None:
    assert make_lean(model("with biases")) == 0
    assert make_lean(GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=50))) == 0


def test_a_copy_of_a_lean_model_runs_on_its_own_weights() -> None:
    first = model("llama")
    make_lean(first)
    second = copy.deepcopy(first)
    ids = torch.tensor([[1, 2, 3]])
    before = first(ids).logits
    with torch.no_grad():
        for weights in second.parameters():
            weights.mul_(1.5)
    torch.testing.assert_close(first(ids).logits, before)
    assert not torch.allclose(second(ids).logits, before)
