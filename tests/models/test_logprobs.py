"""Shared computation against the plain one, architecture by architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models import tiny_models
from workbench.domain import ModelRef
from workbench.errors import Cancelled, ModelError
from workbench.models import LanguageModel, ScoredSequence, load
from workbench.models.passes import Cached
from workbench.models.walk import Walker

# (name, model type, settings, the way that has to be chosen)
ARCHITECTURES: list[tuple[str, str, dict[str, Any], str]] = [
    ("multi-head", "llama", {"num_key_value_heads": 4}, "cascade"),
    ("grouped queries", "llama", {"num_key_value_heads": 2}, "cascade"),
    ("one key head, tied", "llama", {"num_key_value_heads": 1, "tie_word_embeddings": True}, "cascade"),
    ("qwen2 with biases", "qwen2", {"num_key_value_heads": 2}, "cascade"),
    ("qwen3 with normed queries", "qwen3", {"num_key_value_heads": 2, "head_dim": 16}, "cascade"),
    ("gpt2 with learned positions", "gpt2", {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 512}, "cascade"),
    ("gpt_neox with parallel layers", "gpt_neox", {}, "cascade"),
    ("gemma", "gemma", {"num_key_value_heads": 1, "head_dim": 8}, "cascade"),
    ("sliding window", "mistral", {"num_key_value_heads": 2, "sliding_window": 7}, "cached"),
    ("soft caps and windows", "gemma2", {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 6,
                                        "attn_logit_softcapping": 5.0, "final_logit_softcapping": 9.0}, "cached"),
    ("attention sinks", "gpt_oss", {"num_key_value_heads": 2, "head_dim": 8, "num_local_experts": 4,
                                    "sliding_window": 6, "num_experts_per_tok": 2}, "cached"),
]  # fmt: skip


def sequences(rng: np.random.Generator, vocabulary: int) -> list[ScoredSequence]:
    """Rules, three demonstrations, six ragged questions; with a duplicate, a prefix and a one-token answer."""
    def ids(count: int) -> tuple[int, ...]:
        return tuple(int(x) for x in rng.integers(2, vocabulary, count))

    rules, tail, questions = ids(90), ids(15), [(ids(int(rng.integers(2, 9))), ids(n)) for n in (1, 2, 3, 5, 9, 14)]
    found = []
    for _ in range(3):
        prompt = rules + ids(int(rng.integers(3, 30))) + tail
        for question, answer in questions:
            whole = prompt + question + answer
            found.append(ScoredSequence(whole, len(prompt + question), len(whole)))
    longest = found[-1]
    found.append(longest)
    found.append(ScoredSequence(longest.ids[:-4], longest.start, longest.end - 4))
    found.append(ScoredSequence(ids(4), 1, 4))
    return found


@pytest.mark.parametrize(
    ("model_type", "config", "way"), [a[1:] for a in ARCHITECTURES], ids=[a[0] for a in ARCHITECTURES]
)
def test_what_is_shared_changes_no_result(tmp_path: Path, model_type: str, config: dict[str, Any], way: str) -> None:
    ref = tiny_models.save(tmp_path / "m", model_type=model_type, **config)
    model = load(ref)
    work = sequences(np.random.default_rng(1), 300)
    assert model.facts["attention"] == way
    for found, expected in zip(model.logprobs(work), tiny_models.plain_logprobs(ref.path, work), strict=True):
        assert found == pytest.approx(expected, abs=1e-4)


def test_the_start_is_computed_once(loaded: LanguageModel) -> None:
    work = sequences(np.random.default_rng(2), 300)
    walker: Walker = loaded._walker  # type: ignore[attr-defined]
    before = walker.computed
    loaded.logprobs(work)
    assert walker.computed - before < sum(sequence.end for sequence in work) / 3


def test_order_and_batch_size_change_no_result(llama: ModelRef) -> None:
    work = sequences(np.random.default_rng(3), 300)
    model = load(llama)
    expected = model.logprobs(work)
    order = np.random.default_rng(4).permutation(len(work))
    shuffled = load(llama).logprobs([work[i] for i in order])
    for place, index in enumerate(order):
        assert shuffled[place] == pytest.approx(expected[index], abs=1e-4)
    small = load(llama)
    small._walker.budget = 40  # type: ignore[attr-defined]
    for found, wanted in zip(small.logprobs(work), expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-4)
    one_by_one = [model.logprobs([sequence])[0] for sequence in work]
    for found, wanted in zip(one_by_one, expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-4)


def test_what_is_kept_from_the_last_call_is_not_changed_by_the_next(llama: ModelRef) -> None:
    work = sequences(np.random.default_rng(5), 300)
    model = load(llama)
    first = model.logprobs(work)
    model.logprobs(sequences(np.random.default_rng(6), 300))
    half = [ScoredSequence(s.ids[:50] + s.ids[80:], s.start - 30, s.end - 30) for s in work if s.start > 90]
    assert model.logprobs(half) == [pytest.approx(v, abs=1e-4) for v in load(llama).logprobs(half)]
    again = model.logprobs(work)
    assert [pytest.approx(values, abs=1e-4) for values in first] == again


token = st.integers(2, 6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.tuples(st.lists(token, min_size=2, max_size=40), st.integers(1, 39)), min_size=1, max_size=12),
       pass_cost=st.sampled_from([0, 8, 64]))  # fmt: skip
def test_any_tree_gives_what_each_sequence_alone_gives(
    loaded: LanguageModel, data: list[tuple[list[int], int]], pass_cost: int
) -> None:
    any_tree_gives_what_each_sequence_alone_gives(loaded, data, pass_cost)


@pytest.fixture(scope="module")
def windowed(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return load(tiny_models.save(tmp_path_factory.mktemp("models") / "w", model_type="mistral", num_key_value_heads=2,
                                 sliding_window=7))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.tuples(st.lists(token, min_size=2, max_size=40), st.integers(1, 39)), min_size=1, max_size=8),
       pass_cost=st.sampled_from([0, 8, 64]))  # fmt: skip
def test_any_tree_through_a_cache_gives_what_each_sequence_alone_gives(
    windowed: LanguageModel, data: list[tuple[list[int], int]], pass_cost: int
) -> None:
    any_tree_gives_what_each_sequence_alone_gives(windowed, data, pass_cost)


def any_tree_gives_what_each_sequence_alone_gives(
    loaded: LanguageModel, data: list[tuple[list[int], int]], pass_cost: int
) -> None:
    from workbench.models import token_tree, walk

    work = [ScoredSequence(tuple(ids), min(start, len(ids) - 1), len(ids)) for ids, start in data]
    original = walk.plan
    walk.plan = lambda sequences: token_tree.plan(sequences, pass_cost=pass_cost)  # type: ignore[assignment]
    try:
        found = loaded.logprobs(work)
    finally:
        walk.plan = original
    plain = Walker(Cached(loaded._model), vocabulary=400, budget=1)  # type: ignore[attr-defined]
    loaded._use("sdpa")  # type: ignore[attr-defined]
    for sequence, values in zip(work, found, strict=True):
        assert values == pytest.approx(plain.logprobs([sequence], lambda done: None)[0], abs=1e-4)


@pytest.mark.parametrize(("model_type", "config", "way"), [
    ("llama", {}, "cascade"), ("llama", {"num_key_value_heads": 2, "tie_word_embeddings": True}, "cascade"),
    ("mistral", {"num_key_value_heads": 2, "sliding_window": 7}, "cached"),
])
def test_bfloat16_stays_close(tmp_path: Path, model_type: str, config: dict[str, Any], way: str) -> None:
    ref = tiny_models.save(tmp_path / "m", model_type=model_type, initializer_range=0.05, **config)
    work = sequences(np.random.default_rng(7), 300)
    exact = load(ref).logprobs(work)
    rough = load(ModelRef(ref.name, ref.path, dtype="bfloat16", device="cpu"))
    assert (rough.facts["dtype"], rough.facts["attention"]) == ("bfloat16", way)
    for found, wanted in zip(rough.logprobs(work), exact, strict=True):
        assert found == pytest.approx(wanted, abs=0.15)


def test_half_of_the_batch_is_tried_when_memory_runs_out(llama: ModelRef) -> None:
    work = sequences(np.random.default_rng(8), 300)
    model = load(llama)
    expected = model.logprobs(work)
    short = load(llama)
    run, failed = short._walker.way._run, []  # type: ignore[attr-defined]

    def full(nodes: Any, past: Any, keep: bool) -> Any:
        if sum(len(node.ids) for node in nodes) > 60 and len(nodes) > 1:
            failed.append(len(nodes))
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return run(nodes, past, keep)

    short._walker.way._run = full  # type: ignore[attr-defined]
    for found, wanted in zip(short.logprobs(work), expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-4)
    assert failed


def test_memory_too_small_for_one_prompt_is_said(llama: ModelRef) -> None:
    model = load(llama)

    def full(nodes: Any, past: Any, keep: bool) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory")

    model._walker.way._run = full  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="memory is not enough"):
        model.logprobs(sequences(np.random.default_rng(9), 300))


def test_a_sequence_longer_than_the_context_is_refused(loaded: LanguageModel) -> None:
    with pytest.raises(ModelError, match="does not fit"):
        loaded.logprobs([ScoredSequence((3,) * 513, 500, 513)])


def test_progress_counts_up_and_stops_the_work_when_it_raises(loaded: LanguageModel) -> None:
    work = sequences(np.random.default_rng(10), 300)
    seen: list[int] = []
    loaded.logprobs(work, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(work)

    def stop(done: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        loaded.logprobs(work, stop)


def test_inspected_tokens_have_the_same_logprobs_with_rank_and_alternatives(loaded: LanguageModel) -> None:
    sequence = sequences(np.random.default_rng(11), 300)[5]
    tokens = loaded.inspect(sequence, alternatives=3)
    assert [t.logprob for t in tokens] == pytest.approx(loaded.logprobs([sequence])[0], abs=1e-4)
    for found in tokens:
        assert len(found.alternatives) == 3
        likelier = sum(value > found.logprob for _, value in found.alternatives)
        assert likelier == min(found.rank, 3)


def test_nothing_to_score_gives_nothing(loaded: LanguageModel) -> None:
    assert loaded.logprobs([ScoredSequence((0, 5, 6), 3, 3)]) == [()]
    assert loaded.logprobs([]) == []
