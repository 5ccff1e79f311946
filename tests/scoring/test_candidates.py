from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from tests.models import tiny_models
from workbench.domain import CandidateScore, Demonstration, ModelRef, Position, Prompt, Question, Role, Turn
from workbench.errors import Cancelled, JobError, PromptError
from workbench.models import LanguageModel, load
from workbench.prompts import add, render
from workbench.scoring import SetObjective, score_candidates

BASE = Prompt("# Rules\n\nBe kind.", (Demonstration.pair("Hi?", "Hello."), Demonstration.pair("Bye?", "Bye.")))
CANDIDATES = tuple(
    Demonstration.pair(f"What is {n} and {n}?", answer, id=n * 10)
    for n, answer in ((1, "Two."), (2, "    Four."), (3, "```\nsix\n```"), (4, "Acht — ünïcödé."))
)
QUESTIONS = (
    Question(("What is five and five?", "And one more?"), ("Ten.", "Eleven."), "maths", id=7),
    Question(("Who?",), ("I",), "roleplay", id=8),
    Question(("No reference here",), (), id=9),
    Question(("Indent it", "Again"), ("\n  yes", ""), "coding", id=11),
)

WRITTEN = (
    "{{ rules }}{% for d in demonstrations %}|{{ d.instruction }}={{ d.answer }}{% endfor %}"
    "{% for t in turns %}|{{ t.text }}{% endfor %}{% if open %}={% endif %}"
)


@dataclass(frozen=True)
class Work:
    base: Prompt = BASE
    candidates: tuple[Demonstration, ...] = CANDIDATES
    questions: tuple[Question, ...] = QUESTIONS
    position: Position = Position.BEFORE_BASE
    turns: Literal["first", "all"] = "all"
    done: tuple[int | None, ...] = ()


@pytest.fixture(scope="module")
def model(llama: ModelRef) -> LanguageModel:
    return load(llama)


def by_hand(model: LanguageModel, prompt: Prompt, question: Question, turn: int) -> tuple[float, int]:
    """The summed log-probability of the tokens that touch the reference, from one plain forward pass."""
    turns = []
    for asked, reference in zip(question.turns[: turn + 1], question.references, strict=False):
        turns += [Turn(Role.USER, asked), Turn(Role.ASSISTANT, reference)]
    text = render(prompt, turns, tokenizer=model.tokenizer).text
    encoded = model.tokenizer.encode(text)
    begins = len(text) - len(question.references[turn])
    first = next(i for i, (_, end) in enumerate(encoded.offsets) if end > begins)
    from workbench.models import ScoredSequence

    found = tiny_models.plain_logprobs(model.ref.path, [ScoredSequence(encoded.ids, first, len(encoded.ids))])[0]
    return sum(found), len(found)


@pytest.mark.parametrize("template", ["urial", "plain", WRITTEN])
@pytest.mark.parametrize("position", list(Position))
def test_every_score_equals_one_plain_forward_pass(model: LanguageModel, template: str, position: Position) -> None:
    base = replace(BASE, template=template)
    objective = SetObjective(model, base, CANDIDATES, QUESTIONS, position, "all")
    sets = [(), (10,), (30, 20), (40, 10, 20)]
    for ids, answers in zip(sets, objective.evaluate(sets), strict=True):
        prompt = add(base, [next(c for c in CANDIDATES if c.id == id) for id in ids], position)
        assert [(a.question_id, a.turn) for a in answers] == [(7, 0), (7, 1), (8, 0), (11, 0)]
        for answer in answers:
            question = next(q for q in QUESTIONS if q.id == answer.question_id)
            logprob, tokens = by_hand(model, prompt, question, answer.turn)
            assert answer.logprob == pytest.approx(logprob, abs=1e-4)
            assert answer.tokens == tokens


@pytest.mark.parametrize("position", list(Position))
@pytest.mark.parametrize("empty", [Demonstration.pair("Say nothing.", ""), Demonstration.pair("", "")])
def test_an_empty_candidate_is_scored_as_its_prompt_reads(
    model: LanguageModel, empty: Demonstration, position: Position
) -> None:
    empty = replace(empty, id=50)
    objective = SetObjective(model, BASE, (*CANDIDATES, empty), QUESTIONS, position)
    for ids, answers in zip([(50,), (50, 10)], objective.evaluate([(50,), (50, 10)]), strict=True):
        prompt = add(BASE, [next(c for c in (*CANDIDATES, empty) if c.id == id) for id in ids], position)
        for answer, question in zip(answers, [QUESTIONS[0], QUESTIONS[1], QUESTIONS[3]], strict=True):
            assert answer.logprob == pytest.approx(by_hand(model, prompt, question, 0)[0], abs=1e-4)


@pytest.mark.parametrize("make", [tiny_models.byte_level, tiny_models.sentencepiece, tiny_models.wordpiece])
def test_every_tokenizer_family_is_scored_on_whole_strings(tmp_path: Path, make: object) -> None:
    ref = tiny_models.save(tmp_path / "m", tokenizer=make())  # type: ignore[operator]
    model = load(ref)
    objective = SetObjective(model, BASE, CANDIDATES, QUESTIONS)
    for ids, answers in zip([(), (20,)], objective.evaluate([(), (20,)]), strict=True):
        prompt = add(BASE, [c for c in CANDIDATES if c.id in ids])
        for answer, question in zip(answers, [QUESTIONS[0], QUESTIONS[1], QUESTIONS[3]], strict=True):
            assert answer.logprob == pytest.approx(by_hand(model, prompt, question, 0)[0], abs=1e-4)


def test_the_order_of_candidates_and_of_calls_changes_no_score(model: LanguageModel) -> None:
    def scores(candidates: tuple[Demonstration, ...]) -> dict[int | None, CandidateScore]:
        found: list[CandidateScore] = []
        score_candidates(model, Work(candidates=candidates), found.append)
        return {score.demonstration_id: score for score in found}

    forward, backward = scores(CANDIDATES), scores(CANDIDATES[::-1])
    alone = {id: score for c in CANDIDATES for id, score in scores((c,)).items()}
    assert set(forward) == {None, 10, 20, 30, 40}
    for id, score in forward.items():
        for other in (backward[id], alone[id]):
            assert [a.logprob for a in other.answers] == pytest.approx([a.logprob for a in score.answers], abs=1e-4)
            assert (other.prompt_tokens, other.own_tokens) == (score.prompt_tokens, score.own_tokens)


def test_results_that_are_there_already_are_not_computed_again(model: LanguageModel) -> None:
    found: list[CandidateScore] = []
    score_candidates(model, Work(done=(None, 20, 40)), found.append)
    assert [score.demonstration_id for score in found] == [10, 30]


def test_a_candidate_adds_its_own_tokens_to_the_prompt(model: LanguageModel) -> None:
    found: list[CandidateScore] = []
    score_candidates(model, Work(), found.append)
    base = len(model.tokenizer.encode(render(BASE).text).ids)
    assert found[0].prompt_tokens == base
    for score, candidate in zip(found[1:], CANDIDATES, strict=True):
        whole = len(model.tokenizer.encode(render(add(BASE, [candidate])).text).ids)
        assert score.prompt_tokens == whole - base > 0


def test_its_own_answer_is_scored_with_and_without_its_instruction(model: LanguageModel) -> None:
    objective = SetObjective(model, BASE, CANDIDATES, QUESTIONS)
    given, alone, tokens = objective.instruction_difficulty(CANDIDATES[0])
    question = Question((CANDIDATES[0].instruction,), (CANDIDATES[0].answer,))
    assert (given, tokens) == (pytest.approx(by_hand(model, Prompt(), question, 0)[0], abs=1e-4), tokens)
    from workbench.models import ScoredSequence

    ids = model.tokenizer.encode("Two.").ids
    expected = tiny_models.plain_logprobs(model.ref.path, [ScoredSequence(ids, 1, len(ids))])[0]
    assert alone == pytest.approx(sum(expected), abs=1e-4)
    assert objective.instruction_difficulty(Demonstration.pair("No answer", "")) == (0.0, 0.0, 0)


def test_the_last_answer_of_several_turns_counts_given_the_ones_before(model: LanguageModel) -> None:
    turns = (Turn(Role.USER, "a"), Turn(Role.ASSISTANT, "b"), Turn(Role.USER, "c"), Turn(Role.ASSISTANT, "d e"))
    objective = SetObjective(model, BASE, CANDIDATES, QUESTIONS)
    given, _, _ = objective.instruction_difficulty(Demonstration(turns))
    expected, _ = by_hand(model, Prompt(), Question(("a", "c"), ("b", "d e")), 1)
    assert given == pytest.approx(expected, abs=1e-4)


def test_a_file_read_in_is_compared_by_its_template_not_by_its_text(model: LanguageModel) -> None:
    quirky = replace(BASE, verbatim=render(BASE).text.replace("\n\n# Answer", "\n\n\n# Answer"))
    (found,) = SetObjective(model, quirky, CANDIDATES, QUESTIONS).evaluate([()])
    (plain,) = SetObjective(model, BASE, CANDIDATES, QUESTIONS).evaluate([()])
    assert found == plain


def test_a_candidate_that_does_not_fit_has_no_answers_and_stops_nothing(model: LanguageModel) -> None:
    long = Demonstration.pair("Long?", "word " * 400, id=99)
    found: list[CandidateScore] = []
    score_candidates(model, Work(candidates=(long, CANDIDATES[0])), found.append)
    assert [(score.demonstration_id, bool(score.answers)) for score in found] == [(None, True), (99, False), (10, True)]
    objective = SetObjective(model, BASE, [long], QUESTIONS)
    assert not objective.fits((99,))
    with pytest.raises(PromptError, match="context holds 512"):
        objective.evaluate([(99,)])


def test_an_empty_answer_of_a_set_of_questions_is_no_reference(model: LanguageModel) -> None:
    with pytest.raises(JobError, match="reference answer"):
        SetObjective(model, BASE, CANDIDATES, (Question(("q",), ("",)), Question(("q",))))


def test_cancelling_stops_between_passes(model: LanguageModel) -> None:
    found: list[CandidateScore] = []

    def progress(done: int, total: int) -> None:
        assert total == 4
        if done >= 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        score_candidates(model, Work(), found.append, progress)
    assert [score.demonstration_id for score in found] == [None]
