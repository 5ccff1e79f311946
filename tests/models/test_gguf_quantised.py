"""Weights in few bits: the same numbers whatever stands beside a text, and the weights written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models import tiny_models
from tests.models.gguf_files import quantised
from tests.models.test_logprobs import sequences
from workbench.domain import Backend, ModelRef
from workbench.models import Decoding, Draw, LanguageModel, ScoredSequence, load, read_facts
from workbench.models.gguf_writer import convert

pytestmark = [
    pytest.mark.gguf,
    pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"),
]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("quantised") / "m"
    tiny_models.save(folder, hidden_size=256, intermediate_size=512, num_key_value_heads=2, initializer_range=0.08)
    convert(folder, folder.with_suffix(".gguf"))
    return folder.with_suffix(".gguf")


@pytest.fixture(scope="module", params=["Q4_K_M", "Q4_0", "Q8_0"])
def ref(request: pytest.FixtureRequest, plain: Path) -> ModelRef:
    return ModelRef("m", str(quantised(plain, request.param)), Backend.LLAMA_CPP, device="cpu")


@pytest.fixture(scope="module")
def model(ref: ModelRef) -> Iterator[LanguageModel]:
    loaded = load(ref)
    yield loaded
    loaded.close()


def test_what_is_scored_beside_a_text_changes_nothing(model: LanguageModel) -> None:
    work = sequences(np.random.default_rng(1), 300)
    together = model.logprobs(work)
    assert [model.logprobs([sequence])[0] for sequence in work] == together
    order = np.random.default_rng(2).permutation(len(work))
    assert model.logprobs([work[place] for place in order]) == [together[place] for place in order]
    assert model.facts["noise"] == "0.0000"


token = st.integers(2, 6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.tuples(st.lists(token, min_size=2, max_size=40), st.integers(1, 39)), min_size=1, max_size=8))
def test_any_tree_gives_exactly_what_each_text_alone_gives(
    model: LanguageModel, data: list[tuple[list[int], int]]
) -> None:
    work = [ScoredSequence(tuple(ids), min(start, len(ids) - 1), len(ids)) for ids, start in data]
    assert model.logprobs(work) == [model.logprobs([sequence])[0] for sequence in work]


def test_a_text_longer_than_a_pass_has_the_same_numbers_in_any_parts(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.models import llama_cpp_sequences

    ids = tuple(np.random.default_rng(3).integers(2, 300, 500).tolist())
    work = [ScoredSequence(ids, 120, 500)]
    expected = model.logprobs(work)
    for tokens in (8, 56, 200):
        model._walker.forget()  # type: ignore[attr-defined]
        monkeypatch.setattr(llama_cpp_sequences, "BATCH", tokens)
        assert model.logprobs(work) == expected


def test_an_answer_is_the_same_whatever_is_drawn_beside_it(model: LanguageModel) -> None:
    wanted = [Draw(f"# Rules: be good.\n{'The dog ' * (n % 3)}fox {n}", Decoding(4 + n % 9, temperature=n % 2, seed=n))
              for n in range(11)]
    found, alone = model.draw(wanted), [model.draw([one])[0] for one in wanted]
    assert [(one.text, one.logprob) for one in found] == [(one.text, one.logprob) for one in alone]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_weights_can_be_written_out_and_are_kept(
    ref: ModelRef, plain: Path, dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.models import dequantised

    monkeypatch.setattr(dequantised, "folder", lambda: tmp_path)
    work = sequences(np.random.default_rng(4), 300)[:4]
    exact = load(replace(ref, dtype=dtype))
    facts = read_facts(Path(ref.path))
    assert (exact.facts["dtype"], exact.facts["quantisation"]) == (dtype, facts.dtype)
    assert exact.facts["sha256"] == facts.sha256
    found = np.concatenate(exact.logprobs(work))
    # The rounding of activations is gone: two types, and transformers with these weights, agree far more closely.
    (written,) = tmp_path.iterdir()
    assert written.stat().st_size == pytest.approx(dequantised.size(facts, dtype), rel=0.3)
    rough = load(replace(ref, dtype="auto"))
    assert 1e-4 < np.abs(found - np.concatenate(rough.logprobs(work))).max() < 0.5
    before = written.stat().st_mtime_ns
    assert np.concatenate(load(replace(ref, dtype=dtype)).logprobs(work)) == pytest.approx(found, abs=1e-6)
    assert written.stat().st_mtime_ns == before
