from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tests.models import tiny_models
from workbench.domain import Demonstration, ModelRef, Prompt, Question, Role, Turn
from workbench.errors import Cancelled, JobError
from workbench.models import LanguageModel, ScoredSequence, load
from workbench.prompts import add, render
from workbench.scoring.probe import MOST_LABELS, GeneratedProbe, labels_of

BASE = Prompt("Judge.")
POOL = tuple(Demonstration.pair(f"film {n}", "good" if n % 2 else "bad", id=n) for n in (1, 2, 3))
ORDERS = list(permutations((1, 2, 3)))
LABELS = ("bad", "good")


@pytest.fixture(scope="module")
def model(llama: ModelRef) -> LanguageModel:
    return load(llama)


@pytest.fixture(scope="module")
def probe(model: LanguageModel) -> GeneratedProbe:
    return GeneratedProbe(model, BASE, POOL, LABELS, ORDERS, seed=4)


def test_the_examples_are_made_up_once_each_and_follow_the_seed(model: LanguageModel, probe: GeneratedProbe) -> None:
    assert 1 <= len(probe.examples) == len(set(probe.examples)) <= len(ORDERS)
    assert all(example.strip() == example != "" for example in probe.examples)
    assert GeneratedProbe(model, BASE, POOL, LABELS, ORDERS, seed=4).examples == probe.examples
    assert GeneratedProbe(model, BASE, POOL, LABELS, ORDERS, seed=50).examples != probe.examples


def test_labels_are_scored_as_answers_under_the_order(model: LanguageModel, probe: GeneratedProbe) -> None:
    order = (3, 1, 2)
    found = probe.label_logprobs(order)
    assert found.shape == (len(probe.examples), 2)
    prompt = add(BASE, [POOL[id - 1] for id in order])
    example, label = probe.examples[0], LABELS[1]
    text = render(prompt, (Turn(Role.USER, example), Turn(Role.ASSISTANT, label)), tokenizer=model.tokenizer)
    tokens, span = model.tokenizer.encode(text.text), text.spans[-1]
    first = next(at for at, (_, end) in enumerate(tokens.offsets) if end > span.start)
    last = next((at for at, (start, _) in enumerate(tokens.offsets) if start >= span.end), len(tokens.ids))
    plain = tiny_models.plain_logprobs(model.ref.path, [ScoredSequence(tokens.ids, first, last)])[0]
    assert found[0, 1] == pytest.approx(sum(plain), abs=1e-4)
    assert not np.allclose(found, probe.label_logprobs((1, 2, 3)), atol=1e-3)


def test_a_cancel_is_heeded_between_the_pieces_of_work(model: LanguageModel) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        GeneratedProbe(model, BASE, POOL, LABELS, ORDERS, step=stop)


def test_questions_whose_answers_are_no_labels_are_refused() -> None:
    def asked(count: int) -> list[Question]:
        return [Question((f"q {n}",), (f"answer {n}",), id=n) for n in range(count)]

    assert labels_of([*asked(3), *asked(2), Question(("no reference",))]) == ("answer 0", "answer 1", "answer 2")
    for count in (0, 1, MOST_LABELS + 1):
        with pytest.raises(JobError, match=f"these have {count}"):
            labels_of(asked(count))
