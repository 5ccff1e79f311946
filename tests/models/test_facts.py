from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models import tiny_models
from workbench.domain import ModelFacts, ModelRef
from workbench.errors import ModelError
from workbench.models import ScoredSequence, load, read_facts
from workbench.models.memory import check, estimate, pass_tokens


@pytest.fixture
def folder(llama: ModelRef, tmp_path: Path) -> Path:
    return Path(shutil.copytree(llama.path, tmp_path / "copy"))


def change_config(folder: Path, **changes: Any) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_facts_are_those_of_the_model(llama: ModelRef) -> None:
    facts, model = read_facts(Path(llama.path)), load(llama)
    assert facts.architecture == "LlamaForCausalLM"
    assert facts.parameters == sum(p.numel() for p in model._model.parameters())  # type: ignore[attr-defined]
    assert (facts.layers, facts.hidden_size, facts.heads, facts.kv_heads, facts.context) == (3, 32, 4, 2, 512)
    assert facts.dtype == "float32"
    assert not facts.problems


def test_facts_need_neither_torch_nor_transformers(llama: ModelRef) -> None:
    code = ("import sys; from pathlib import Path; from workbench.models import read_facts, load_tokenizer;"
            "from workbench.domain import ModelRef;"
            f"read_facts(Path({llama.path!r})); load_tokenizer(ModelRef('m', {llama.path!r})).encode('a');"
            "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)")  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_model_whose_files_changed_is_refused(llama: ModelRef, folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b" " if name.endswith("json") else content[:-1] + b"x")
    with pytest.raises(ModelError, match="changed since it was registered"):
        load(replace(llama, path=str(folder)))


@pytest.mark.parametrize(("changes", "reason"), [
    ({"model_type": "made_up"}, "not one that the workbench loads"),
    ({"auto_map": {"AutoModelForCausalLM": "evil.Model"}}, "asks for code"),
    ({"_attn_implementation_internal": "someone/kernels"}, "asks for code"),
    ({"sub": {"auto_map": {"AutoConfig": "evil.Config"}}}, "asks for code"),
    ({"quantization_config": {"quant_method": "made_up"}}, "quantised in a way"),
])  # fmt: skip
def test_what_is_not_allowed_is_refused_with_the_reason(folder: Path, changes: dict[str, Any], reason: str) -> None:
    change_config(folder, **changes)
    assert any(reason in problem for problem in read_facts(folder).problems)
    with pytest.raises(ModelError, match=reason):
        load(ModelRef("m", str(folder)))


def test_pickled_weights_are_never_read(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickle"):
        load(ModelRef("m", str(folder)))


def test_missing_shards_are_named(folder: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert any("model-00001-of-00002" in problem for problem in read_facts(folder).problems)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model.safetensors"}}))
    assert any("in none of the files: a." in problem for problem in read_facts(folder).problems)


@pytest.mark.parametrize("damage", [
    lambda data: data[:-10], lambda data: data[:5], lambda data: struct.pack("<Q", 2**60) + data[8:],
    lambda data: data[:8] + b"x" + data[9:], lambda data: data + b"more",
])  # fmt: skip
def test_a_truncated_or_damaged_weight_file_is_refused(folder: Path, damage: Any) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read_facts(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", "\xff"])
def test_a_damaged_config_is_refused(folder: Path, content: str) -> None:
    (folder / "config.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(ModelError):
        read_facts(folder)


def test_the_estimate_counts_weights_cache_and_work() -> None:
    seven = ModelFacts("L", 7_000_000_000, 32, 4096, 32, 8, 32000, 8192, "bfloat16", 14 * 10**9, (), "")
    found = estimate(seven, "auto", 4096, 1)
    assert found.weights == 14 * 10**9
    assert found.cache == 2 * 32 * 8 * 128 * 4096 * 2
    assert estimate(seven, "float32", 4096, 1).weights == 28 * 10**9
    assert estimate(seven, "auto", 4096, 4).cache == 4 * found.cache


def test_a_pass_takes_a_quarter_of_the_memory_that_is_left() -> None:
    seven = ModelFacts("L", 7_000_000_000, 32, 4096, 32, 8, 32000, 8192, "bfloat16", 14 * 10**9, (), "")
    each = 2 * 32 * 8 * 128 * 2 + 12 * 4096 * 2                   # keys and values, and activations, in bf16
    assert pass_tokens(seven, "bfloat16", 80 * 2**30, 16384) == 16384
    assert pass_tokens(seven, "bfloat16", 2 * 2**30, 16384) == 2**29 // each
    assert pass_tokens(seven, "bfloat16", 0, 16384) == 64


def test_a_model_too_large_for_the_memory_is_refused_before_loading() -> None:
    large = ModelFacts("L", 7 * 10**13, 32, 4096, 32, 32, 32000, 8192, "float16", 0, (), "")
    with pytest.raises(ModelError, match="GiB"):
        check(estimate(large, "float16", 4096), 16 * 2**30, where="cpu")


@pytest.mark.parametrize(("device", "dtype", "reason"), [
    ("cuda:7", "auto", "has no cuda:7"), ("gpu", "auto", "not a device"), ("cpu", "float8", "not a dtype"),
])  # fmt: skip
def test_a_device_or_dtype_that_is_not_there_is_refused(
    llama: ModelRef, device: str, dtype: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        load(replace(llama, device=device, dtype=dtype))


def test_half_precision_weights_are_computed_in_float32_on_the_cpu(tmp_path: Path) -> None:
    ref = tiny_models.save(tmp_path / "m", dtype=torch.float16)
    assert read_facts(tmp_path / "m").dtype == "float16"
    assert load(ref).facts["dtype"] == "float32"


def test_the_memory_check_can_be_overridden(llama: ModelRef, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.models import devices

    monkeypatch.setattr(devices, "free_memory", lambda device: 1000)
    with pytest.raises(ModelError, match="WORKBENCH_IGNORE_MEMORY"):
        load(replace(llama, dtype="float32"))
    load(replace(llama, dtype="float32"), ignore_memory=True).close()
    monkeypatch.setenv("WORKBENCH_IGNORE_MEMORY", "1")
    load(replace(llama, dtype="float32")).close()


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


OUTPUT = "model.layers.0.self_attn.o_proj.weight"


@pytest.mark.parametrize(("change", "told"), [
    (lambda tensors: tensors.pop(OUTPUT), f"1 missing ({OUTPUT})"),
    (lambda tensors: tensors.pop("lm_head.weight"), "1 missing (lm_head.weight)"),
    (lambda tensors: tensors.update({OUTPUT: torch.zeros(32, 16)}),
     f"1 of another shape ({OUTPUT} is (32, 16), not (32, 32))"),
    (lambda tensors: tensors.update({"model.layers.0.self_attn.q_proj.bias": torch.zeros(32)}),
     "1 left over (model.layers.0.self_attn.q_proj.bias)"),
    (lambda tensors: tensors.update({OUTPUT.replace("0", "3"): torch.zeros(32, 32)}), "1 left over (model.layers.3."),
])  # fmt: skip
def test_weights_that_do_not_fit_their_configuration_are_refused_by_name(folder: Path, change: Any, told: str) -> None:
    change_tensors(folder, change)
    with pytest.raises(ModelError, match=re.escape(told)):
        load(ModelRef("m", str(folder), device="cpu"))


def test_a_head_for_another_task_changes_no_result(llama: ModelRef, folder: Path) -> None:
    change_tensors(folder, lambda tensors: tensors.update({"v_head.summary.weight": torch.ones(1, 32)}))
    sequence = [ScoredSequence(tuple(range(2, 30)), 10, 28)]
    assert load(ModelRef("m", str(folder), device="cpu")).logprobs(sequence) == load(llama).logprobs(sequence)


@pytest.mark.parametrize("kept", ["model.embed_tokens.weight", "lm_head.weight", "both", "both, different"])
def test_a_tied_head_is_the_embedding_whatever_the_file_calls_it(tmp_path: Path, kept: str) -> None:
    """Of two that differ the head counts, as it was trained apart."""
    ref = tiny_models.save(tmp_path / "m", tie_word_embeddings=True)
    sequence = [ScoredSequence(tuple(range(2, 30)), 10, 28)]
    expected = load(ref).logprobs(sequence)
    apart = kept == "both, different"

    def change(tensors: dict[str, torch.Tensor]) -> None:
        embedding = tensors.pop("model.embed_tokens.weight")
        names = [kept] if "weight" in kept else ["model.embed_tokens.weight", "lm_head.weight"]
        tensors.update({name: embedding.clone() for name in names})
        if apart:
            tensors["lm_head.weight"] *= 2

    change_tensors(tmp_path / "m", change)
    found = load(ModelRef("m", ref.path, device="cpu")).logprobs(sequence)
    assert (found == expected) is not apart
