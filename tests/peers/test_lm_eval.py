"""Our log-likelihoods against lm-evaluation-harness's, with its own transformers model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.models import tiny_models
from workbench.domain import Demonstration, Prompt, Question
from workbench.models import load
from workbench.prompts import add, render
from workbench.scoring import SetObjective
from workbench.scoring.sequences import conversation

pytestmark = pytest.mark.peers

QUESTIONS = tuple(
    Question((f"What is {n} plus {n}?", "Sure?"), (f"It is {n + n}.", "  Yes,\n  quite."), id=n) for n in range(1, 9)
)
# lm-eval moves white space at a context's end into the continuation, so this template's contexts end without any.
TEMPLATE = (
    "{{ rules }}{% for d in demonstrations %}\nQ>{{ d.instruction }}\nA>{{ d.answer }}{% endfor %}"
    "{% for t in turns %}\n{% if t.role == 'user' %}Q>{% else %}A>{% endif %}{{ t.text }}{% endfor %}"
    "{% if open %}\nA>{% endif %}"
)
BASE = Prompt("Be exact.", (Demonstration.pair("Hi?", "Hello."),), TEMPLATE)
CANDIDATES = (Demonstration.pair("What is 9 plus 9?", "It is 18.", id=1), Demonstration.pair("Dog?", "Cat.", id=2))


def lm_eval_loglikelihoods(folder: str, pairs: list[tuple[str, str]]) -> list[float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        instance = pytest.importorskip("lm_eval.api.instance", reason="lm-eval is not installed (the dev extra has it)")
        huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not installed")
        model = huggingface.HFLM(pretrained=folder, device="cpu", dtype="float32", batch_size=4)
        requests = [instance.Instance("loglikelihood", {}, pair, place) for place, pair in enumerate(pairs)]
        found: list[tuple[float, Any]] = model.loglikelihood(requests, disable_tqdm=True)
    return [value for value, _ in found]


@pytest.mark.parametrize("settings", [{"num_key_value_heads": 2}, {"model_type": "gpt2", "n_embd": 32, "n_layer": 2,
                         "n_head": 4, "n_positions": 512}], ids=["llama", "gpt2"])  # fmt: skip
def test_sums_equal_those_of_lm_evaluation_harness(tmp_path: Path, settings: dict[str, Any]) -> None:
    ref = tiny_models.save(tmp_path / "m", **settings)
    objective = SetObjective(load(ref), BASE, CANDIDATES, QUESTIONS, turns="all")
    pairs, ours = [], []
    for ids in ((), (1,), (2, 1)):
        prompt = add(BASE, [next(c for c in CANDIDATES if c.id == id) for id in ids])
        (answers,) = objective.evaluate([ids])
        for answer in answers:
            question = QUESTIONS[answer.question_id - 1]
            talk = conversation(question.turns[: answer.turn + 1], question.references[: answer.turn])
            pairs.append((render(prompt, talk).text, question.references[answer.turn]))
            ours.append(answer.logprob)
    assert ours == pytest.approx(lm_eval_loglikelihoods(ref.path, pairs), abs=1e-3)
