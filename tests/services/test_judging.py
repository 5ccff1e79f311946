from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.random_model import write_random_model
from tests.jobs.workplace import Workplace
from workbench.bench.judge_prompting import choose
from workbench.bench.matches import Match
from workbench.domain import Answer, Contestant, DecodingSettings, Judgement, ModelRef, Prompt, Question, QuestionSet
from workbench.domain.bench import UNREADABLE
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import WorkbenchError
from workbench.jobs.events import Finished
from workbench.jobs.kinds.judge import JudgeSpec, Price
from workbench.services.judging import given_answers
from workbench.services.judging_cost import ASSUMED_TOKENS, estimate
from workbench.services.project import Project

JUDGE = ModelRef("strict", "/nowhere")
ASKED = QuestionSet("asked", (
    Question(("2 + 2?", "Twice that?"), ("4", "The 8"), "math", "1"), Question(("Why?",), (), "writing", "2"),
    Question(("Add 2.",), ("Dear friend. 5 plus 2 is 7 stars. Take care.",), "math", "3")))

SHORT = tuple(JudgePrompt(name, "single", "", text, "[[rating]]") for name, text in {
    "short": "{question}|{answer}", "reference": "{question}|{ref_answer_1}|{answer}",
    "later": "{question_2}|{answer_2}", "later-reference": "{question_2}|{ref_answer_1}|{answer_2}"}.items())


def answered(project: Project, model: ModelRef | None = None) -> list[int]:
    """Three contestants with one answer to each turn; the third has not answered the second question."""
    def store() -> list[int]:
        (set_id,) = project.questions.add(ASKED).created
        ids = [q.id or 0 for q in project.questions.get(set_id).questions]
        contestants = [Contestant(name, model or ModelRef(name, ""), Prompt("Be good.") if model else None,
                                  DecodingSettings(seed=number)) for number, name in enumerate("abc")]
        texts = {"a": ("4", "8", "Because.", "Dear friend. 5 plus 2 is 7 stars. Take care."),
                 "b": ("5", "eight, 8", "No.", "Dear friend. 7 Take care."), "c": ("4.", "8", None, "7")}
        turns = [(ids[0], 0), (ids[0], 1), (ids[1], 0), (ids[2], 0)]
        answers = [Answer(place, question, turn, 0, text) for place, one in enumerate(contestants)
                   for (question, turn), text in zip(turns, texts[one.name], strict=True) if text is not None]
        return list(project.bench.store_answers(contestants, answers, "Answers").created)

    return project.lane.run(store)


def test_what_a_judge_has_judged_is_left_out_and_unreadable_words_can_be_asked_for_again(project: Project) -> None:
    ids = answered(project)
    judging = project.judging

    def spec(mode: str = "single", again: bool = False, **more: int) -> JudgeSpec:
        return project.lane.run(lambda: judging.spec(1, ids, JUDGE, mode, unreadable_again=again, **more))  # type: ignore[arg-type]

    first = spec()
    assert len(first.matches) == 11
    maths = (first.matches[0], first.matches[2])
    said = [Judgement("strict", "rating", first.given[m.first].answer_ids[m.turn], score=UNREADABLE if place else 7,
                      prompt_name="workbench-single-reference") for place, m in enumerate(maths)]
    project.lane.run(lambda: project.bench.store_judgements(said, "said"))
    assert len(spec().matches) == 9
    assert len(spec(again=True).matches) == 10
    assert len(spec("pair_all").matches) == 3 + 3 + 1 + 3
    assert len(spec("pair_baseline", baseline_id=ids[1]).matches) == 7
    with pytest.raises(WorkbenchError, match="No baseline"):
        spec("pair_baseline")


def test_a_judge_prompt_that_was_changed_is_judged_with_again(project: Project) -> None:
    ids = answered(project)
    prompts = project.judging.prompts()
    first = project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, prompts=prompts))
    name = choose(prompts, "single", ASKED.questions[1], 0)
    why = next(m for m in first.matches if first.given[m.first].question_id == 2)
    said = Judgement("strict", "rating", first.given[why.first].answer_ids[0], score=7, prompt_name=name.name,
                     details={"prompt_sha256": name.content_hash})
    project.lane.run(lambda: project.bench.store_judgements([said], "said"))
    changed = tuple(replace(one, system_prompt="Be strict.") for one in prompts)
    assert len(project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, prompts=prompts)).matches) == 10
    assert len(project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, prompts=changed)).matches) == 11


def test_a_pair_judged_against_a_baseline_is_not_judged_again_among_all_pairs(project: Project) -> None:
    ids = answered(project)
    spec = project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, "pair_baseline", baseline_id=ids[0]))

    def judgement(match: Match) -> Judgement:
        assert match.second is not None
        a, b = spec.given[match.first], spec.given[match.second]
        question = next(q for q in spec.questions if q.id == a.question_id)
        later, reference = "-multi-turn" * (match.turn > 0), "-reference" * (question.category == "math")
        return Judgement("strict", "pair", a.answer_ids[match.turn], b.answer_ids[match.turn], verdict="tie",
                         prompt_name=f"workbench-pair{reference}{later}")

    project.lane.run(lambda: project.bench.store_judgements(map(judgement, spec.matches), "said"))
    left = project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, "pair_all"))
    assert {(left.given[m.first].contestant_id, left.given[m.second or 0].contestant_id) for m in left.matches} == {
        (ids[1], ids[2])}


def test_the_estimate_counts_both_orders_and_all_that_is_shown(project: Project) -> None:
    ids = answered(project)
    pairs = project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, "pair_all"))
    found = project.lane.run(lambda: project.judging.estimate(pairs))
    assert found.requests == 20
    assert (found.completion_tokens, found.most_completion_tokens) == (20 * ASSUMED_TOKENS, 20 * 2048)
    assert "assumed" in found.basis
    assert 20 * 150 < found.prompt_tokens < 20 * 400
    assert found.cost(Price(10, 30)) == pytest.approx(found.prompt_tokens / 1e5 + 20 * ASSUMED_TOKENS * 3e-5)
    assert found.most(Price(10, 30)) == pytest.approx(found.prompt_tokens / 1e5 + 20 * 2048 * 3e-5)


def test_the_estimate_goes_by_what_the_judge_has_said_before(project: Project) -> None:
    ids = answered(project)
    asked = {"asked": "x" * 600, "prompt_tokens": 200, "completion_tokens": 40}
    said = [Judgement("strict", "rating", ids[0], score=7, details=asked),
            Judgement("strict", "rating", ids[1], score=7, details=asked | {"completion_tokens": 60}),
            Judgement("strict", "pair", ids[0], ids[1], verdict="tie",
                      details=asked | {"asked_swapped": "x" * 600, "prompt_tokens": 400, "completion_tokens": 800}),
            Judgement("other", "rating", ids[0], score=7, details=asked | {"completion_tokens": 2000})]
    single = project.lane.run(lambda: project.judging.spec(1, ids, JUDGE))
    characters = 4 * estimate(single).prompt_tokens
    found = estimate(single, said)
    assert (found.requests, found.completion_tokens, found.known) == (11, 11 * 50, 2)
    assert found.prompt_tokens == pytest.approx(characters / 3, abs=4)
    assert found.basis == "Its 2 replies so far are 50 tokens long on average."
    pairs = project.lane.run(lambda: project.judging.spec(1, ids, JUDGE, "pair_all"))
    assert (estimate(pairs, said).completion_tokens, estimate(pairs, said).known) == (20 * 400, 2)
    assert estimate(pairs, said[:2]).completion_tokens == 20 * 50        # ratings, where no pairs are known


def test_measures_need_no_model_and_are_taken_once(project: Project) -> None:
    answered(project)
    assert len(project.lane.run(lambda: project.judging.measure(1)).touched) == 1
    assert project.lane.run(lambda: project.judging.measure(1)).touched == {}
    found = project.lane.run(lambda: project.bench.judgements(1))
    by_name = {name: [one.score for one in found if one.name == name] for name in ("exact", "f1", "rules")}
    assert by_name["exact"] == [1, 1, 1, 0, 0, 0, 1, 1, 0]
    assert by_name["rules"] == [1, 0.5, 0]
    assert [one.words for one in found if one.name == "rules"][1] == "Right: opening, closing. Wrong: form, content."


def test_votes_of_the_project_lead_the_choice_of_the_next_pair(project: Project) -> None:
    answered(project)
    seen = set()
    for number in range(10):
        choice = project.lane.run(lambda: project.judging.next_pair("Ada", 1, rng=np.random.default_rng(0)))
        assert choice is not None
        assert (choice.seen, choice.total) == (number, 10)
        pair = (choice.left.answer_id, choice.right.answer_id)
        seen.add(frozenset(pair))
        project.lane.run(lambda pair=pair: project.bench.vote("Ada", *pair, "answer"))
    assert len(seen) == 10
    other = project.lane.run(lambda: project.judging.next_pair("Bo", 1))
    assert other is not None
    assert other.seen == 0


def test_every_answer_is_rated_once_by_a_person(project: Project) -> None:
    answered(project)
    for number in range(11):
        found = project.lane.run(lambda: project.judging.next_answer("Ada", 1))
        assert found is not None
        assert found[1:] == (number, 11)
        project.lane.run(lambda id=found[0].answer_id: project.bench.rate("Ada", id, 5))
    assert project.lane.run(lambda: project.judging.next_answer("Ada", 1)) is None


def test_turns_after_a_missing_one_are_left_out() -> None:
    answers = [Answer(1, 1, turn, 0, str(turn), id=turn + 1) for turn in (0, 2)]
    assert [one.texts for one in given_answers(answers)] == [("0",)]
    assert given_answers([Answer(1, 1, 1, 0, "later", id=1)]) == ()


def test_a_model_of_the_project_judges_and_likelihoods_are_measured_once(tmp_path: Path) -> None:
    place = Workplace.around(Project.create(tmp_path / "project", person="Ada"),
                             write_random_model(tmp_path / "model"))
    try:
        ids = answered(place.project, place.model)
        judging = place.project.judging
        spec = place.run(lambda: judging.spec(1, ids, place.model, prompts=SHORT,
                                              decoding=DecodingSettings(max_tokens=4)))
        job = place.run(lambda: place.project.jobs.submit(spec))
        assert isinstance(place.ended(job), Finished)
        info = place.info(job)
        assert (info.title, info.detail) == ("Judge 11 answers", "11 judgements, 11 unreadable")
        with pytest.raises(WorkbenchError, match="judged all of this already"):
            place.run(lambda: judging.spec(1, ids, place.model, prompts=SHORT))
        jobs = place.run(lambda: [place.project.jobs.submit(one) for one in judging.likelihoods(1, ids)])
        assert [isinstance(place.ended(one), Finished) for one in jobs] == [True] * 3
        found = place.run(lambda: place.project.bench.judgements(1))
        assert sum(one.kind == "rating" and one.score == UNREADABLE for one in found) == 11
        assert sum(one.kind == "measure" and (one.score or 0) < 0 for one in found) == 9
        assert place.run(lambda: judging.likelihoods(1, ids)) == ()
    finally:
        place.project.close()
