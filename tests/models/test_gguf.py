"""GGUF files: the same numbers as transformers, and damaged files refused."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import AddedToken

import workbench_resources as resources
from tests.models import tiny_models
from tests.models.test_logprobs import sequences
from workbench.domain import Backend, ModelRef
from workbench.errors import Cancelled, ModelError
from workbench.models import Decoding, Draw, LanguageModel, ScoredSequence, load, load_tokenizer, read_facts
from workbench.models.gguf_writer import convert

needs_llama_cpp = pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = tiny_models.byte_level()
    tokenizer.add_tokens([AddedToken("\n\n# Query:\n```\n", normalized=False), AddedToken("\n```", normalized=False)])
    where: Path = tmp_path_factory.mktemp("gguf") / "m"
    tiny_models.save(where, tokenizer=tokenizer, num_key_value_heads=2)
    return where


@pytest.fixture(scope="module")
def gguf(folder: Path) -> ModelRef:
    file = folder.parent / "m.gguf"
    convert(folder, file)
    return ModelRef("m", str(file), Backend.LLAMA_CPP, read_facts(file).sha256, device="cpu")


@pytest.fixture(scope="module")
def model(gguf: ModelRef) -> Iterator[LanguageModel]:
    loaded = load(gguf)
    yield loaded
    loaded.close()


def test_facts_are_read_without_loading(folder: Path, gguf: ModelRef) -> None:
    found, same = read_facts(Path(gguf.path)), read_facts(folder)
    assert found.architecture == "llama"
    for name in ("parameters", "layers", "hidden_size", "heads", "kv_heads", "vocabulary", "context", "dtype"):
        assert getattr(found, name) == getattr(same, name)
    assert not found.problems


@pytest.mark.gguf
@needs_llama_cpp
def test_logprobs_equal_transformers(folder: Path, model: LanguageModel) -> None:
    work = sequences(np.random.default_rng(1), 300)
    for found, wanted in zip(model.logprobs(work), tiny_models.plain_logprobs(str(folder), work), strict=True):
        assert found == pytest.approx(wanted, abs=1e-3)


@pytest.mark.gguf
@needs_llama_cpp
@pytest.mark.parametrize("name", ["tiny-teacher", "tiny-student"])
def test_the_models_that_come_along_agree_as_gguf(name: str, tmp_path: Path) -> None:
    ours = resources.path("models", name)
    file = tmp_path / "m.gguf"
    convert(ours, file)
    folder, converted = load(ModelRef(name, str(ours))), load(ModelRef(name, str(file), Backend.LLAMA_CPP))
    text = resources.path("sample", "base_prompt.txt").read_text("utf-8")
    encoded = folder.tokenizer.encode(text)
    assert converted.tokenizer.encode(text) == encoded
    half = len(encoded.ids) // 2
    sequence = ScoredSequence(encoded.ids, half, len(encoded.ids))
    assert converted.logprobs([sequence])[0] == pytest.approx(folder.logprobs([sequence])[0], abs=1e-3)


@pytest.mark.gguf
@needs_llama_cpp
def test_a_prompt_longer_than_a_batch_is_scored_in_parts(folder: Path, model: LanguageModel) -> None:
    model._walker.budget = 64  # type: ignore[attr-defined]
    work = sequences(np.random.default_rng(2), 300)
    for found, wanted in zip(model.logprobs(work), tiny_models.plain_logprobs(str(folder), work), strict=True):
        assert found == pytest.approx(wanted, abs=1e-3)


@pytest.mark.gguf
@needs_llama_cpp
def test_the_start_is_computed_once_and_every_sequence_is_given_back(model: LanguageModel) -> None:
    work = sequences(np.random.default_rng(3), 300)
    before = model._walker.computed  # type: ignore[attr-defined]
    model.logprobs(work)
    assert model._walker.computed - before < sum(s.end for s in work) / 3  # type: ignore[attr-defined]
    model._walker.forget()  # type: ignore[attr-defined]
    assert not model._sequences._lengths  # type: ignore[attr-defined]


@pytest.mark.gguf
@needs_llama_cpp
def test_work_that_was_broken_off_leaves_nothing_behind(model: LanguageModel) -> None:
    def stop(done: int) -> None:
        raise Cancelled

    work = sequences(np.random.default_rng(4), 300)
    with pytest.raises(Cancelled):
        model.logprobs(work, stop)
    assert not model._sequences._lengths  # type: ignore[attr-defined]
    assert model.logprobs(work[:1]) == [pytest.approx(model.logprobs(work)[0], abs=1e-3)]


@pytest.mark.gguf
@needs_llama_cpp
def test_tokens_and_offsets_equal_the_folders(folder: Path, gguf: ModelRef) -> None:
    ours, theirs = load_tokenizer(gguf), load_tokenizer(ModelRef("m", str(folder)))
    texts = [*tiny_models.TEXT, "", "a\n\n# Query:\n```\nb\n```", "日本語 🙂 x", "  two  spaces "]
    for text in texts:
        assert ours.encode(text) == theirs.encode(text)
        assert ours.decode(ours.encode(text).ids) == text
    assert ours.start == theirs.start


@pytest.mark.gguf
@needs_llama_cpp
def test_greedy_answers_equal_transformers(folder: Path, model: LanguageModel) -> None:
    other = load(ModelRef("m", str(folder), device="cpu"))
    prompts = ["The quick brown fox", "The quick dog", "# Query:\n```\nWhat"]
    options = Decoding(max_tokens=16, repetition_penalty=1.1)
    assert model.generate(prompts, options, lambda i, t: None) == other.generate(prompts, options, lambda i, t: None)


@pytest.mark.gguf
@needs_llama_cpp
def test_many_answers_at_a_time_are_those_of_each_alone(model: LanguageModel) -> None:
    wanted = [Draw(f"# Rules: be good.\n{'The dog ' * (n % 3)}fox {n}", Decoding(max_tokens=2 + n % 7, stop=("e",),
                   temperature=n % 2, seed=n)) for n in range(11)]
    found, alone = model.draw(wanted), [model.draw([one])[0] for one in wanted]
    assert [(one.text, one.tokens, one.finish) for one in found] == [(o.text, o.tokens, o.finish) for o in alone]
    assert [one.logprob for one in found] == [one.logprob for one in alone]


@pytest.mark.gguf
@needs_llama_cpp
def test_inspected_tokens_equal_transformers(folder: Path, model: LanguageModel) -> None:
    other = load(ModelRef("m", str(folder), device="cpu"))
    sequence = ScoredSequence(tuple(range(2, 40)), 20, 38)
    for ours, theirs in zip(model.inspect(sequence), other.inspect(sequence), strict=True):
        assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-3)
        assert (ours.text, ours.rank) == (theirs.text, theirs.rank)


def test_a_corrupted_header_is_refused_or_changes_nothing_that_counts(gguf: ModelRef, tmp_path: Path) -> None:
    """Every flipped byte of the header is either found there or by the hash that was recorded."""
    data, rng = bytearray(Path(gguf.path).read_bytes()), random.Random(0)
    refused = 0
    for _ in range(40):
        place, bit = rng.randrange(0, 3000), 1 << rng.randrange(8)
        data[place] ^= bit
        file = tmp_path / "bad.gguf"
        file.write_bytes(data)
        data[place] ^= bit
        try:
            assert read_facts(file).sha256 != gguf.sha256
        except ModelError:
            refused += 1
    assert refused > 5


@pytest.mark.parametrize("size", [0, 3, 20, 100, 5000, -1])
def test_a_truncated_file_is_refused(gguf: ModelRef, tmp_path: Path, size: int) -> None:
    file = tmp_path / "short.gguf"
    file.write_bytes(Path(gguf.path).read_bytes()[:size])
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read_facts(file)


@pytest.mark.gguf
@needs_llama_cpp
def test_a_file_that_changed_since_it_was_registered_is_refused(gguf: ModelRef, tmp_path: Path) -> None:
    file = Path(shutil.copy(gguf.path, tmp_path / "m.gguf"))
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match="changed since it was registered"):
        load(replace(gguf, path=str(file)))


def test_only_a_plain_llama_is_converted(tmp_path: Path) -> None:
    tiny_models.save(tmp_path / "m", model_type="gpt2", n_embd=32, n_layer=1, n_head=4, n_positions=64)
    with pytest.raises(ModelError, match="not a plain Llama"):
        convert(tmp_path / "m", tmp_path / "m.gguf")
    assert not (tmp_path / "m.gguf").exists()


@pytest.mark.gguf
@needs_llama_cpp
def test_without_support_for_a_card_the_processor_computes_and_the_facts_say_so(gguf: ModelRef) -> None:
    import llama_cpp

    if llama_cpp.llama_supports_gpu_offload():
        pytest.skip("this llama.cpp supports a graphics card")
    model = load(replace(gguf, device="auto"))
    assert model.facts["device"] == "cpu"
    model.close()
    with pytest.raises(ModelError, match="without support for cuda:0"):
        load(replace(gguf, device="cuda:0"))
