from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from workbench.domain import Prompt
from workbench.errors import Cancelled, ModelError
from workbench.models import Decoding, LanguageModel
from workbench.models.generation import TextStream
from workbench.models.sampling import choose
from workbench.prompts import render

PROMPTS = ["The quick brown fox", "The quick brown dog and", "# Query:\n```\nWhat"]


def quiet(index: int, text: str) -> None:
    return None


def reference(model: LanguageModel, prompt: str, **options: Any) -> str:
    ids = model.tokenizer.encode(prompt).ids
    rows = torch.tensor([ids])
    made = model._model.generate(  # type: ignore[attr-defined]
        rows, attention_mask=torch.ones_like(rows), max_new_tokens=24, do_sample=False, pad_token_id=1, **options
    )
    return model.tokenizer.decode(made[0, len(ids) :].tolist())


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_equals_transformers_generate(loaded: LanguageModel, penalty: float) -> None:
    found = loaded.generate(PROMPTS, Decoding(max_tokens=24, repetition_penalty=penalty), quiet)
    assert found == [reference(loaded, prompt, repetition_penalty=penalty) for prompt in PROMPTS]
    assert len(set(found)) > 1


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


def draws(decoding: Decoding, count: int = 4000) -> Counter[int]:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, -9.0])
    generator = torch.Generator().manual_seed(0)
    return Counter(choose(logits[None], [torch.tensor([4])], [decoding], [generator])[0] for _ in range(count))


def test_tokens_are_drawn_as_often_as_the_softmax_says() -> None:
    found = draws(Decoding(temperature=2.0))
    expected = (torch.tensor([2.0, 1.0, 0.0, -1.0, -9.0]) / 2).softmax(-1)
    for token in range(4):
        assert found[token] / 4000 == pytest.approx(float(expected[token]), abs=0.03)


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
