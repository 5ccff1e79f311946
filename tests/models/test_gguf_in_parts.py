"""A model whose GGUF is in several files is all of them."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.models import tiny_models
from tests.models.gguf_files import split
from workbench.domain import Backend, ModelRef
from workbench.errors import ModelError
from workbench.models import ScoredSequence, load, load_tokenizer, read_facts
from workbench.models.gguf_writer import convert

needs_llama_cpp = pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("parts") / "m"
    tiny_models.save(folder, num_key_value_heads=2)
    convert(folder, folder.with_suffix(".gguf"))
    return folder.with_suffix(".gguf")


@pytest.fixture
def parts(whole: Path, tmp_path: Path) -> list[Path]:
    copy = tmp_path / "m.gguf"
    copy.write_bytes(whole.read_bytes())
    return split(copy, 3)


@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_whichever_part_is_chosen_all_are_counted_and_hashed(whole: Path, parts: list[Path], chosen: int) -> None:
    facts, one = read_facts(parts[chosen]), read_facts(whole)
    assert (facts.parameters, facts.layers, facts.vocabulary) == (one.parameters, one.layers, one.vocabulary)
    assert facts.files == tuple(part.name for part in parts)
    assert facts.size_bytes == sum(part.stat().st_size for part in parts)
    assert not facts.problems
    data = bytearray(parts[1].read_bytes())
    data[-40] ^= 1
    parts[1].write_bytes(data)
    assert read_facts(parts[chosen]).sha256 != facts.sha256


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_part_is_named(parts: list[Path], missing: int) -> None:
    parts[missing].unlink()
    assert read_facts(parts[missing - 1]).problems == (
        f"1 of its 3 parts is missing: {parts[missing].name}. Put all parts in one folder.",)


def test_a_part_under_another_name_is_said_to_be_one(parts: list[Path], tmp_path: Path) -> None:
    parts[0].rename(tmp_path / "model.gguf")
    assert "one of 3 parts" in read_facts(tmp_path / "model.gguf").problems[0]


def test_parts_of_different_models_are_refused(parts: list[Path]) -> None:
    parts[1].write_bytes(parts[2].read_bytes())
    with pytest.raises(ModelError, match="repeats tensors"):
        read_facts(parts[0])


@pytest.mark.gguf
@needs_llama_cpp
def test_a_model_in_parts_scores_as_the_whole_file(whole: Path, parts: list[Path]) -> None:
    sequence = [ScoredSequence(tuple(range(2, 60)), 20, 50)]
    ref = ModelRef("m", str(parts[1]), Backend.LLAMA_CPP, read_facts(parts[0]).sha256, device="cpu")
    assert load(ref).logprobs(sequence) == load(replace(ref, path=str(whole), sha256="")).logprobs(sequence)
    assert load_tokenizer(ref).count("The quick brown fox") > 3
    parts[2].unlink()
    with pytest.raises(ModelError, match=parts[2].name):
        load(ref)
