"""Adapters on top of their base, and what is said where packages for quantised weights are missing."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import LoraConfig, get_peft_model

from tests.models import tiny_models
from workbench.domain import ModelFacts, ModelRef
from workbench.errors import ModelError
from workbench.models import Decoding, ScoredSequence, load, load_tokenizer, quantised, read_facts
from workbench.models.adapters import find_base, is_adapter
from workbench.models.memory import estimate

SEQUENCE = ScoredSequence(tuple(range(2, 40)), 10, 38)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return tiny_models.save(tmp_path_factory.mktemp("adapters") / "base")


@pytest.fixture(scope="module")
def made(base: ModelRef) -> tuple[Path, list[float]]:
    """A LoRA adapter's folder, and what peft itself says of SEQUENCE with it."""
    torch.manual_seed(1)
    plain = transformers.AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = get_peft_model(plain, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    folder = Path(base.path).parent / "adapter"
    model.save_pretrained(folder)
    with torch.inference_mode():
        logprobs = model(input_ids=torch.tensor([SEQUENCE.ids])).logits[0].log_softmax(-1)
    return folder, [float(logprobs[place - 1, SEQUENCE.ids[place]]) for place in range(SEQUENCE.start, SEQUENCE.end)]


def ref_of(folder: Path, base: ModelRef) -> ModelRef:
    return ModelRef("a", str(folder), sha256=read_facts(folder).sha256, device="cpu", base=base.path)


def change(folder: Path, **settings: Any) -> None:
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))


def test_an_adapter_scores_as_peft_does(made: tuple[Path, list[float]], base: ModelRef) -> None:
    folder, wanted = made
    model = load(ref_of(folder, base))
    assert model.logprobs([SEQUENCE])[0] == pytest.approx(wanted, abs=1e-4)
    assert load(base).logprobs([SEQUENCE])[0] != pytest.approx(wanted, abs=0.1)
    assert model.generate(["The quick"], Decoding(max_tokens=3), lambda index, text: None)
    assert model.facts["attention"] == "cascade"


def test_its_base_is_found_where_its_settings_say(made: tuple[Path, list[float]], base: ModelRef) -> None:
    folder, _ = made
    assert is_adapter(folder)
    assert not is_adapter(Path(base.path))
    assert find_base(folder) == Path(base.path)
    facts, own = read_facts(folder), read_facts(Path(base.path))
    assert facts.parameters > own.parameters
    assert (facts.layers, facts.context, facts.files) == (3, 512, ("adapter_config.json", "adapter_model.safetensors"))
    assert load_tokenizer(ref_of(folder, base)).encode("fox") == load_tokenizer(base).encode("fox")


def test_an_adapter_without_its_base_says_which_is_wanted(
    made: tuple[Path, list[float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    folder = Path(shutil.copytree(made[0], tmp_path / "adapter"))
    change(folder, base_model_name_or_path="org/elsewhere")
    with pytest.raises(ModelError, match="adapter for “org/elsewhere”"):
        read_facts(folder)


@pytest.mark.parametrize("what", ["adapter", "base"])
def test_an_adapter_or_a_base_that_changed_is_refused(
    made: tuple[Path, list[float]], base: ModelRef, tmp_path: Path, what: str
) -> None:
    adapter = Path(shutil.copytree(made[0], tmp_path / "adapter"))
    own = Path(shutil.copytree(base.path, tmp_path / "base"))
    change(adapter, base_model_name_or_path=str(own))
    ref = replace(ref_of(adapter, base), base=str(own), sha256=read_facts(adapter, base=own).sha256)
    weights = next((adapter if what == "adapter" else own).glob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelError, match="changed since it was registered"):
        load(ref)


def test_other_kinds_and_pickled_adapters_are_refused(made: tuple[Path, list[float]], tmp_path: Path) -> None:
    other = Path(shutil.copytree(made[0], tmp_path / "other"))
    change(other, peft_type="PROMPT_TUNING")
    assert any("only LoRA" in problem for problem in read_facts(other).problems)
    pickled = Path(shutil.copytree(made[0], tmp_path / "pickled"))
    (pickled / "adapter_model.safetensors").rename(pickled / "adapter_model.bin")
    assert any("other weights are never read" in problem for problem in read_facts(pickled).problems)


def test_an_adapter_that_names_a_module_to_import_is_refused(made: tuple[Path, list[float]], base: ModelRef,
                                                            tmp_path: Path) -> None:
    folder = shutil.copytree(made[0], tmp_path / "adapter")
    change(folder, megatron_config={"x": 1}, megatron_core="antigravity")
    assert "never run" in read_facts(folder, base=Path(base.path)).problems[0]
    with pytest.raises(ModelError, match="never run"):
        load(replace(ref_of(folder, base), base=base.path))


def test_an_adapter_of_another_shape_is_refused(made: tuple[Path, list[float]], tmp_path: Path) -> None:
    smaller = tiny_models.save(tmp_path / "smaller", hidden_size=16, intermediate_size=24)
    facts = read_facts(made[0], base=Path(smaller.path))
    with pytest.raises(ModelError, match="does not fit its base"):
        load(ModelRef("a", str(made[0]), sha256=facts.sha256, device="cpu", base=smaller.path))


@pytest.mark.parametrize(("dtype", "config", "package"), [
    ("int8", None, "bitsandbytes"), ("nf4", None, "bitsandbytes"),
    ("auto", {"quant_method": "gptq", "bits": 4}, "gptqmodel"),
    ("auto", {"quant_method": "awq", "bits": 4}, "gptqmodel"),
    ("auto", {"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
])  # fmt: skip
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    base: ModelRef, tmp_path: Path, dtype: str, config: dict[str, Any] | None, package: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantised, "find_spec", lambda name: None)
    folder = Path(shutil.copytree(base.path, tmp_path / "m"))
    if config is not None:
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "quantization_config": config}))
    facts = read_facts(folder)
    assert not facts.problems
    assert facts.quantisation == (config or {}).get("quant_method", "")
    with pytest.raises(ModelError, match=f"pip install.*{package}"):
        load(ModelRef("m", str(folder), device="cpu", dtype=dtype))


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
@pytest.mark.parametrize("dtype", ["int8", "nf4"])
def test_weights_are_quantised_while_loading(tmp_path: Path, dtype: str) -> None:
    ref = tiny_models.save(tmp_path / "wide", hidden_size=64, intermediate_size=128)     # blocks of 64 weights
    plain, model = load(ref), load(replace(ref, dtype=dtype))
    assert model.facts["quantisation"] == dtype
    found = model.logprobs([SEQUENCE])[0]
    assert all(number <= 0 for number in found)
    assert found != pytest.approx(plain.logprobs([SEQUENCE])[0], abs=1e-4)


def test_quantised_weights_need_less_memory() -> None:
    plain = ModelFacts("L", 7_000_000_000, 32, 4096, 32, 8, 32000, 8192, "bfloat16", 14 * 10**9, (), "")
    assert estimate(plain, "int8", 4096).weights == 7 * 10**9
    assert estimate(plain, "nf4", 4096).weights < 4 * 10**9
    assert estimate(plain, "nf4", 4096).cache == estimate(plain, "bfloat16", 4096).cache
    packed = replace(plain, dtype="4 bit", quantisation="gptq", size_bytes=4 * 10**9)
    assert estimate(packed, "auto", 4096).weights == 4 * 10**9
    assert estimate(replace(plain, dtype="Q4_K", size_bytes=5 * 10**9), "auto", 4096).weights == 5 * 10**9
