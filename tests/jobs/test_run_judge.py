from __future__ import annotations

from dataclasses import replace

import pytest

from tests.jobs.listening import result_of
from workbench.bench.matches import GivenAnswers, all_pairs, single
from workbench.domain import DecodingSettings, ModelRef, Question
from workbench.domain.bench import UNREADABLE
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import Cancelled, JobError
from workbench.jobs.control import Control
from workbench.jobs.events import Event, Finished, Judged
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.judge import JudgeResult, JudgeSpec, Price
from workbench.jobs.run import LoadedModel, Run
from workbench.jobs.wire import decode_spec, encode_spec

PROMPTS = (JudgePrompt("one", "single", "Be fair.", "{question}|{answer}", "[[rating]]"),
           JudgePrompt("two", "pairwise", "Be fair.", "{question}|{answer_a}|{answer_b}", "[[A]]"))
QUESTIONS = tuple(Question((f"Why {n}?",), (f"Because {n}.",), "writing", id=n) for n in range(1, 5))
GIVEN = tuple(GivenAnswers(c, n, 0, (10 * c + n,), (f"{c} {n}",)) for c in (1, 2) for n in range(1, 5))


def run(spec: JudgeSpec, said: list[Event], control: Control | None = None) -> None:
    run_job(decode_spec(encode_spec(spec)), Run(said.append, control or Control(), LoadedModel()))


def spec_of(model: ModelRef, **more: object) -> JudgeSpec:
    made = JudgeSpec(model, QUESTIONS, GIVEN, tuple(single(GIVEN)), prompts=PROMPTS,
                     decoding=DecodingSettings(max_tokens=3))
    return replace(made, **more)        # type: ignore[arg-type]


def judged(said: list[Event]) -> list[int]:
    return [event.judgement.answer_id for event in said if isinstance(event, Judged)]


def test_the_cost_is_held_below_its_limit_and_a_resumed_job_judges_nothing_twice(model: ModelRef) -> None:
    spec, said = spec_of(model, price=Price(1e6, 1e6, 130)), list[Event]()
    with pytest.raises(JobError, match=r"The judge has cost 1\d\d\.00; the limit is 130\.00"):
        run(spec, said)
    first = judged(said)
    assert 0 < len(first) < 8
    run(replace(spec, done=tuple((id, 0, "one") for id in first), price=Price()), said)
    assert sorted(judged(said)) == sorted(answers.answer_ids[0] for answers in GIVEN)
    finished = said[-1]
    assert isinstance(finished, Finished)
    assert result_of([finished], JudgeResult).judgements == 8
    assert result_of([finished], JudgeResult).unreadable == 8 - len(first)


def test_the_limit_counts_what_earlier_starts_have_spent(model: ModelRef) -> None:
    said: list[Event] = []
    with pytest.raises(JobError, match=r"The judge has cost 130\.00; the limit is 130\.00"):
        run(spec_of(model, price=Price(1e6, 1e6, 130), done=((11, 0, "one"),), spent=(100, 30)), said)
    assert judged(said) == []                            # nothing was asked


def test_pairs_are_asked_twice_and_unreadable_words_are_kept(model: ModelRef) -> None:
    said: list[Event] = []
    run(spec_of(model, matches=tuple(all_pairs(GIVEN))), said)
    pairs = [event.judgement for event in said if isinstance(event, Judged)]
    assert {(p.answer_id, p.other_answer_id) for p in pairs} == {(10 + n, 20 + n) for n in range(1, 5)}
    assert {p.verdict for p in pairs} == {"error"}
    assert all(p.words and p.words_swapped and p.details["completion_tokens"] for p in pairs)


def test_a_request_that_does_not_fit_is_not_judged_and_says_why(model: ModelRef) -> None:
    long = replace(GIVEN[0], texts=("word " * 2000,))
    said: list[Event] = []
    run(spec_of(model, given=(long, *GIVEN[1:])), said)
    one = next(e.judgement for e in said if isinstance(e, Judged) and e.judgement.answer_id == long.answer_ids[0])
    assert one.score == UNREADABLE
    assert "tokens and the judge's context holds 1,024" in one.details["problem"]
    assert any(event.kind == "log" and event.level == "warning" for event in said)


def test_likelihoods_of_the_references_are_measures(model: ModelRef) -> None:
    said: list[Event] = []
    run(spec_of(model, judge="reference", prompts=()), said)
    found = [event.judgement for event in said if isinstance(event, Judged)]
    assert [one.answer_id for one in found] == [answers.answer_ids[0] for answers in GIVEN]
    assert [one.score for one in found[:4]] == pytest.approx([one.score for one in found[4:]])
    assert all(one.score is not None and one.score < -10 for one in found)


def test_a_cancelled_judge_stops(model: ModelRef) -> None:
    control, said = Control(), list[Event]()
    control.cancel()
    with pytest.raises(Cancelled):
        run(spec_of(model), said, control)
    assert judged(said) == []


def test_nothing_to_judge_and_a_missing_prompt_are_said(model: ModelRef) -> None:
    with pytest.raises(JobError, match="nothing to judge"):
        run(spec_of(model, matches=()), [])
    with pytest.raises(JobError, match="no pairwise judge prompt"):
        run(spec_of(model, matches=tuple(all_pairs(GIVEN)), prompts=PROMPTS[:1]), [])
