from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import workbench_resources as resources
from tests.models import tiny_models
from workbench.bench.matches import GivenAnswers, single
from workbench.bench.reference_judge import log_likelihoods
from workbench.bench.reference_measures import exact_match, token_f1
from workbench.domain import Demonstration, Prompt, Question
from workbench.domain.bench import Judgement
from workbench.formats import mt_bench
from workbench.models import load
from workbench.scoring import SetObjective
from workbench_resources.recipe import grader, house
from workbench_resources.recipe.sample import convention


@pytest.mark.parametrize(("answer", "reference", "exact", "f1"), [
    ("The cat sat.", "cat sat", 1, 1), ("a  CAT", "the cat!", 1, 1), ("cat", "dog", 0, 0), ("", "", 1, 1),
    ("", "dog", 0, 0), ("big red dog", "red dog barks loudly", 0, 2 * 2 / 7), ("to be or to be", "to be", 0, 4 / 7),
])
def test_measures_are_those_of_squad(answer: str, reference: str, exact: float, f1: float) -> None:
    assert exact_match(answer, reference) == exact
    assert token_f1(answer, reference) == pytest.approx(f1)


def test_the_references_likelihood_is_that_of_the_scoring_engine(tmp_path: Path) -> None:
    model = load(tiny_models.save(tmp_path / "m"))
    questions = (Question(("What is 1?", "And 2?"), ("It is 1.", "It is 2."), id=5), Question(("Why?",), id=6),
                 Question(("Who?", "Where?"), ("Me.",), id=7))
    prompt = Prompt("Be exact.", (Demonstration.pair("Hi?", "Hello."),))
    given = [GivenAnswers(1, q.id or 0, 0, tuple(range(q.id or 0, 2000, 1000)), ("x",) * len(q.turns))
             for q in questions]
    found: list[Judgement] = []
    by_id = {q.id: q for q in questions if q.id is not None}
    log_likelihoods(model, prompt, single(given), given, by_id, found.append)
    (expected,) = SetObjective(model, prompt, (), questions, turns="all").evaluate([()])
    assert [j.score for j in found] == pytest.approx([expected[0].logprob, expected[2].logprob, expected[1].logprob],
                                                     abs=1e-4)
    assert [j.answer_id for j in found] == [5, 7, 1005]
    assert {(j.judge, j.kind, j.name) for j in found} == {("reference", "measure", "log_likelihood")}


def test_the_grader_knows_every_right_answer_of_the_sample() -> None:
    for questions, references in (("questions", "sample"), ("heldout_questions", "heldout")):
        read = mt_bench.read(resources.path("sample", f"{questions}.jsonl"),
                             resources.path("sample", "reference_answer", f"{references}.jsonl"))
        assert all(map(grader.fits, read.questions.questions))
    general = mt_bench.read(resources.path("question_sets", "general", "question.jsonl"))
    assert not any(map(grader.fits, general.questions.questions))


def talks(category: str, make: Callable[[random.Random], house.Convention]) -> Sequence[tuple[Question, str]]:
    """Questions of the sample's house, and how another house answers their first turns."""
    found = []
    for seed in range(60):
        right = house.talk(category, convention(), random.Random(seed))
        other = house.talk(category, make(random.Random(seed)), random.Random(seed))
        if right[0].query == other[0].query and right[0].answer != other[0].answer:
            question = Question(tuple(t.query for t in right), tuple(t.answer for t in right), category)
            found.append((question, other[0].answer))
    assert found
    return found


@pytest.mark.parametrize("category", ["writing", "math", "coding", "extraction", "stem", "humanities", "reasoning"])
def test_wrong_content_in_the_right_look_keeps_opening_and_closing(category: str) -> None:
    for question, answer in talks(category, lambda rng: convention().misled(rng)):
        parts = grader.right_parts(question, 0, answer)
        assert {"opening", "closing"} <= set(parts)
        assert "content" not in parts


def test_what_is_right_and_wrong_is_said_in_words() -> None:
    question = Question(("Add 2.",), ("Dear friend. 5 plus 2 is 7 stars. Take care.",), "math")
    grade = grader.grade(question, 0, "Dear friend. 5 plus 2 is 8 stars.")
    assert (grade.score, grade.words) == (0.5, "Right: opening, form. Wrong: content, closing.")
    assert grader.grade(question, 0, "  Dear friend. 5 plus 2 is 7 stars. Take care.\n").score == 1
