from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models import tiny_models
from workbench.domain import Prompt
from workbench.errors import Cancelled, ModelError
from workbench.models import Decoding, Draw, LanguageModel, ScoredSequence, devices, load
from workbench.models.generation import TextStream
from workbench.models.packed_rows import PackedRows
from workbench.models.sampling import choose
from workbench.prompts import render

PROMPTS = ["The quick brown fox", "The quick brown dog and", "# Query:\n```\nWhat"]


def quiet(index: int, text: str) -> None:
    return None


def reference(model: LanguageModel, prompt: str, **options: Any) -> str:
    ids = model.tokenizer.encode(prompt).ids
    rows = torch.tensor([ids])
    model._model.set_attn_implementation("sdpa")  # type: ignore[attr-defined]
    made = model._model.generate(  # type: ignore[attr-defined]
        rows, attention_mask=torch.ones_like(rows), do_sample=False, pad_token_id=1, **{"max_new_tokens": 24, **options}
    )
    return model.tokenizer.decode(made[0, len(ids) :].tolist())


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_equals_transformers_generate(loaded: LanguageModel, penalty: float) -> None:
    found = loaded.generate(PROMPTS, Decoding(max_tokens=24, repetition_penalty=penalty), quiet)
    assert found == [reference(loaded, prompt, repetition_penalty=penalty) for prompt in PROMPTS]
    assert len(set(found)) > 1


LONG = [f"{'The quick brown ' * (n % 4)}fox {n} jumps over" for n in range(12)]


@pytest.mark.parametrize("start", ["", "# Rules that all share: be good.\n"])
def test_many_rows_that_come_and_go_are_answered_as_each_alone(
    loaded: LanguageModel, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    """Of different lengths, with and without a common start, more than there are places, ended at different times."""
    monkeypatch.setattr(devices, "most_rows", lambda device: 5)
    wanted = [Draw(start + prompt, Decoding(max_tokens=3 + n % 9, stop=("e",))) for n, prompt in enumerate(LONG)]
    found = loaded.draw(wanted)
    alone = [loaded.draw([one])[0] for one in wanted]
    assert [(one.text, one.tokens, one.finish) for one in found] == [(o.text, o.tokens, o.finish) for o in alone]
    assert {one.finish for one in found} == {"stop", "length"}
    for one, other in zip(found, alone, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-3)


def test_the_log_likelihood_of_an_answer_is_what_scoring_says(loaded: LanguageModel) -> None:
    prompts = LONG * 4
    drawn = loaded.draw([Draw(prompt, Decoding(2, temperature=1.3, seed=n)) for n, prompt in enumerate(prompts)])
    for prompt, one in zip(prompts, drawn, strict=True):
        start, whole = loaded.tokenizer.encode(prompt).ids, loaded.tokenizer.encode(prompt + one.text).ids
        if one.finish == "length" and whole[: len(start)] == start and len(whole) == len(start) + 2:
            (scored,) = loaded.logprobs([ScoredSequence(whole, len(start), len(whole))])
            assert one.logprob == pytest.approx(sum(scored), abs=1e-3)
            break
    else:
        raise AssertionError("no answer is made of the same tokens when it is read again")


def test_answers_of_every_architecture_are_those_of_transformers(tmp_path: Path) -> None:
    """Sliding windows go another way than full attention; grouped queries and tied heads go the batched one."""
    for name, config in (
        ("mistral", {"sliding_window": 8, "num_key_value_heads": 2}),
        ("qwen2", {"num_key_value_heads": 1, "tie_word_embeddings": True}), ("gpt_neox", {}),
    ):  # fmt: skip
        model = load(tiny_models.save(tmp_path / name, model_type=name, **config))
        found = model.draw([Draw(prompt, Decoding(max_tokens=8)) for prompt in PROMPTS])
        assert [one.text for one in found] == [reference(model, prompt, max_new_tokens=8) for prompt in PROMPTS]
        model.close()


def test_rows_are_halved_where_the_memory_is_not_enough(loaded: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    begin = PackedRows.add

    def small(self: PackedRows, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        calls.append(len(prompts))
        if len(prompts) > 3:
            raise MemoryError
        return begin(self, prompts)

    wanted = [Draw(prompt, Decoding(max_tokens=4)) for prompt in LONG]
    expected = [one.text for one in loaded.draw(wanted)]
    monkeypatch.setattr(PackedRows, "add", small)
    assert [one.text for one in loaded.draw(wanted)] == expected
    assert calls[:3] == [12, 6, 3]
    monkeypatch.setattr(PackedRows, "add", lambda self, prompts: _no_memory())
    with pytest.raises(ModelError, match="not enough"):
        loaded.draw(wanted)


def _no_memory() -> torch.Tensor:
    raise MemoryError


def test_what_is_streamed_is_what_is_returned(loaded: LanguageModel) -> None:
    parts: dict[int, list[str]] = {}
    found = loaded.generate(PROMPTS, Decoding(max_tokens=24), lambda i, text: parts.setdefault(i, []).append(text))
    assert ["".join(parts[i]) for i in range(3)] == found


def test_the_answer_ends_before_the_stop_string(loaded: LanguageModel) -> None:
    (whole,) = loaded.generate(PROMPTS[:1], Decoding(max_tokens=24), quiet)
    stop = whole[5:8]
    shown: list[str] = []
    (cut,) = loaded.generate(PROMPTS[:1], Decoding(max_tokens=24, stop=(stop,)), lambda i, text: shown.append(text))
    assert cut == whole[: whole.index(stop)]
    assert "".join(shown) == cut


def test_the_same_seed_gives_the_same_answer_whatever_stands_beside_it(loaded: LanguageModel) -> None:
    options = Decoding(max_tokens=12, temperature=1.0, top_p=0.9, seed=5)
    first, second = loaded.generate(PROMPTS[:1], options, quiet), loaded.generate(PROMPTS[:2], options, quiet)
    assert first[0] == second[0]
    assert first != loaded.generate(PROMPTS[:1], Decoding(max_tokens=12, temperature=1.0, seed=6), quiet)


def test_generation_stops_when_the_listener_raises(loaded: LanguageModel) -> None:
    def stop(index: int, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        loaded.generate(PROMPTS, Decoding(max_tokens=24), stop)


def test_a_prompt_longer_than_the_context_is_refused(loaded: LanguageModel) -> None:
    with pytest.raises(ModelError, match="does not fit"):
        loaded.generate(["x y " * 600], Decoding(max_tokens=2), quiet)


def draws(decoding: Decoding, count: int = 1500) -> Counter[int]:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, -9.0])
    generator = torch.Generator().manual_seed(0)
    return Counter(choose(logits[None], [torch.tensor([4])], [decoding], [generator])[0] for _ in range(count))


def test_tokens_are_drawn_as_often_as_the_softmax_says() -> None:
    found = draws(Decoding(temperature=2.0))
    expected = (torch.tensor([2.0, 1.0, 0.0, -1.0, -9.0]) / 2).softmax(-1)
    for token in range(4):
        assert found[token] / 1500 == pytest.approx(float(expected[token]), abs=0.04)


def test_top_k_top_p_and_min_p_leave_the_tail_out() -> None:
    assert set(draws(Decoding(temperature=1.0, top_k=2))) == {0, 1}
    # The two likeliest have 0.64 + 0.24 = 0.88 of the mass: one is not enough for 0.7, two are.
    assert set(draws(Decoding(temperature=1.0, top_p=0.7))) == {0, 1}
    assert set(draws(Decoding(temperature=1.0, top_p=0.01))) == {0}
    # exp(-1) = 0.37 of the likeliest's probability, exp(-2) = 0.14.
    assert set(draws(Decoding(temperature=1.0, min_p=0.2))) == {0, 1}


class Letters:
    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode("utf-8", errors="replace")


def test_a_stop_string_that_comes_in_pieces_is_never_shown() -> None:
    shown: list[str] = []
    stream = TextStream(Letters(), ("\n##", "END"), shown.append)  # type: ignore[arg-type]
    stopped = [stream.add(byte) for byte in b"an E`N answer\n#x\n##"]
    assert stopped[-1]
    assert not any(stopped[:-1])
    assert "".join(shown) == stream.text == "an E`N answer\n#x"


def test_half_a_character_waits_for_its_other_half() -> None:
    shown: list[str] = []
    stream = TextStream(Letters(), (), shown.append)  # type: ignore[arg-type]
    for byte in "né🙂".encode():
        stream.add(byte)
    assert shown == ["n", "é", "🙂"]


def test_what_was_held_back_is_given_out_at_the_end() -> None:
    stream = TextStream(Letters(), ("\n# Query:",), lambda text: None)  # type: ignore[arg-type]
    for byte in b"x\n# Q":
        stream.add(byte)
    assert stream.text == "x"
    stream.finish()
    assert stream.text == "x\n# Q"


@pytest.mark.parametrize(("made", "answer"), [
    ("Four.\n```\n\n# Query:", "Four."), ("Four.\n```", "Four."), ("Four.\n```Dear friend.", "Four."),
    ("See:\n```python\nx\n```\nDone.\n```\n\n# Query", "See:\n```python\nx\n```\nDone."),
    ("See:\n```python\nx\n```\n```", "See:\n```python\nx\n```"), ("See:\n```c++\nx\n```", "See:\n```c++\nx\n```"),
    ("```python\nx\n```\n```\n", "```python\nx\n```"), ("```\n", ""), ("no end ``` here", "no end ``` here"),
    ("See:\n```python", "See:\n```python"), ("a\n# Query: b", "a"),
])  # fmt: skip
def test_a_urial_answer_ends_at_its_closing_fence_and_keeps_its_code(made: str, answer: str) -> None:
    shown: list[str] = []
    stream = TextStream(Letters(), render(Prompt()).stop, shown.append)  # type: ignore[arg-type]
    if not any(stream.add(byte) for byte in made.encode()):
        stream.finish()
    assert "".join(shown) == stream.text == answer
