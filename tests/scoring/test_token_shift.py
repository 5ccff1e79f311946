from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers

from tests.jobs.listening import result_of
from tests.models import tiny_models
from workbench.bench.matches import GivenAnswers
from workbench.domain import Contestant, Demonstration, ModelRef, Prompt, Question
from workbench.errors import JobError
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Judged
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.shift import ShiftResult, ShiftSpec
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import decode_spec, encode_spec
from workbench.models import load
from workbench.models.base import ScoredSequence
from workbench.scoring.token_shift import TokenShift, token_shifts


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return tiny_models.save(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return tiny_models.save(tmp_path_factory.mktemp("models") / "tuned", seed=1)


def logprobs(ref: ModelRef, ids: tuple[int, ...]) -> torch.Tensor:
    model = transformers.AutoModelForCausalLM.from_pretrained(ref.path, dtype=torch.float32).eval()
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)


def test_a_model_is_not_shifted_from_itself_in_the_same_context(base: ModelRef) -> None:
    model = load(base)
    given = ScoredSequence((0, 5, 9, 40, 41, 42), 3, 6)
    found = token_shifts(model, given, model, given.ids[:3])
    assert [token.kl for token in found] == pytest.approx([0, 0, 0], abs=1e-6)
    assert [token.logprob for token in found] == [token.base_logprob for token in found]


def test_divergence_and_rank_are_those_of_torch(base: ModelRef, tuned: ModelRef) -> None:
    aligned, other = load(tuned), load(base)
    given, context = ScoredSequence((0, 5, 9, 40, 41, 42), 3, 6), (0, 7)
    found = token_shifts(aligned, given, other, context)
    p = logprobs(tuned, given.ids)[2:5]
    q = logprobs(base, (*context, *given.ids[3:]))[1:4]
    kl = torch.nn.functional.kl_div(q, p, log_target=True, reduction="none").sum(-1)
    assert [token.kl for token in found] == pytest.approx(kl.tolist(), abs=1e-4)
    assert min(token.kl for token in found) > 0.01
    for place, token in enumerate(found):
        id = given.ids[3 + place]
        assert token.rank == sorted(q[place].tolist(), reverse=True).index(float(q[place, id]))
        expected = (float(p[place, id]), float(q[place, id]))
        assert (token.logprob, token.base_logprob) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("rank", "shift"), [(0, "unshifted"), (1, "marginal"), (2, "marginal"), (3, "shifted")])
def test_the_kinds_are_those_of_the_urial_paper(rank: int, shift: str) -> None:
    assert TokenShift("x", 0.1, rank, -1.0, -2.0).shift == shift


def test_another_vocabulary_and_a_short_context_are_refused(base: ModelRef, tmp_path: Path) -> None:
    model = load(base)
    other = load(tiny_models.save(tmp_path / "other", tokenizer=tiny_models.sentencepiece()))
    given = ScoredSequence((0, 5, 9, 40), 2, 4)
    with pytest.raises(JobError, match="different vocabularies"):
        token_shifts(model, given, other, (0,))
    with pytest.raises(JobError, match="does not fit"):
        token_shifts(model, given, model, (0,) * 600)


def test_a_job_compares_prompts_and_models_and_is_resumed_by_answer(base: ModelRef, tuned: ModelRef) -> None:
    prompt = Prompt("Be exact.", (Demonstration.pair("Hi?", "Hello."),), name="one shot")
    contestants = (Contestant("prompted", base, prompt, id=1), Contestant("tuned", tuned, None, id=2),
                   Contestant("bare", base, None, id=3))
    given = tuple(GivenAnswers(c, 1, 0, (10 * c, 10 * c + 1), ("Two is two.", "Three.")) for c in (1, 2, 3))
    spec = ShiftSpec(base, contestants, (Question(("Two?", "Three?"), id=1),), given)
    said: list[Event] = []

    def run(spec: ShiftSpec) -> None:
        run_job(decode_spec(encode_spec(spec)), Run(said.append, Control(), LoadedModel()))

    run(spec)
    found = {event.judgement.answer_id: event.judgement for event in said if isinstance(event, Judged)}
    assert sorted(found) == [10, 11, 20, 21, 30, 31]
    assert found[10].score is not None
    assert found[10].score > 0.001
    assert found[20].score is not None
    assert found[20].score > 0.01
    assert found[30].score == pytest.approx(0, abs=1e-6)                # the base model itself
    assert "".join(row[0] for row in found[10].details["tokens"]).replace("Ġ", " ") == "Two is two."
    result = result_of(said, ShiftResult)
    assert result.unshifted + result.marginal + result.shifted == sum(
        len(one.details["tokens"]) for one in found.values())
    said.clear()
    run(replace(spec, done=(10, 11, 20, 30, 31)))
    assert [event.judgement.answer_id for event in said if isinstance(event, Judged)] == [21]
