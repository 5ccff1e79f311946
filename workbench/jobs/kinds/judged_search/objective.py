"""How good a set of demonstrations is by what a judge says of the answers under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.bench.answers import Wanted, answer_of, draw_of
from workbench.bench.language_model_judge import Judge, judge_matches
from workbench.bench.matches import GivenAnswers, single
from workbench.bench.measures import LANGUAGE_MODEL, instant_measure
from workbench.domain import Answer, AnswerScore, Contestant, Judgement, Prompt, Question
from workbench.jobs.events import Tried
from workbench.jobs.kinds.judged_search import JudgedSearchSpec
from workbench.models.base import Admitting, LanguageModel
from workbench.prompts import render
from workbench.search.task import Objective

LOWEST = 1.0                         # what words that cannot be read count as: sets are compared on the same questions
_JOINT = 4                           # tokens by which a joint of prompt and question may differ


class JudgedObjective:
    """See search.task.Objective: the "log-probability" of an answer is its score here.

    ``stepped`` hears how many more answers were judged, and may raise Cancelled; ``tried`` hears what was answered and
    said under each set.
    """

    def __init__(self, spec: JudgedSearchSpec, model: LanguageModel, judge: Judge | None,
                 questions: Sequence[Question], stepped: Callable[[int], None],
                 tried: Callable[[Tried], None] = lambda one: None) -> None:
        self._spec, self._model, self._judge, self._stepped, self._tried = spec, model, judge, stepped, tried
        self._questions = tuple(questions)
        bare = Contestant("", spec.model, Prompt(template=spec.base.template), spec.decoding)
        tokens = [model.tokenizer.count(self._prompt(bare, one)) for one in questions]
        self._longest = max(tokens)
        self._longest_question = questions[tokens.index(self._longest)]
        self.unreadable = 0

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[AnswerScore, ...]]:
        contestants = [self._spec.contestant(ids) for ids in sets]
        wanted = [Wanted(one, question, 0, 0) for one in contestants for question in self._questions]
        draws = [draw_of(one, (), self._model.tokenizer) for one in wanted]
        drawn = self._model.draw(draws, lambda index, text: self._stepped(0))
        answers = [answer_of(*one) for one in zip(wanted, draws, drawn, strict=True)]
        scores, said = self._judged(answers)
        self._stepped(len(answers))
        found, each = [], len(self._questions)
        for at, contestant in enumerate(contestants):
            own = range(at * each, (at + 1) * each)
            self._tried(Tried(contestant, tuple(answers[place] for place in own), tuple(
                replace(one, answer_id=one.answer_id - own.start) for one in said if one.answer_id in own)))
            found.append(tuple(AnswerScore(answers[place].question_id, 0, scores[place], answers[place].tokens)
                               for place in own))
        return found

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        prompt = self._spec.contestant(ids).prompt or Prompt()
        return self._model.tokenizer.count(render(prompt, tokenizer=self._model.tokenizer).text)

    def fits(self, ids: tuple[int, ...]) -> bool:
        if isinstance(self._model, Admitting):
            return self._model.admits(self._prompt(self._spec.contestant(ids), self._longest_question),
                                      self._spec.decoding.max_tokens)
        room = self._longest + self._spec.decoding.max_tokens + _JOINT
        return self.prompt_tokens(ids) + room <= self._model.context

    def on(self, questions: Sequence[int]) -> Objective:
        some = [question for question in self._questions if question.id in set(questions)]
        return JudgedObjective(self._spec, self._model, self._judge, some, self._stepped, self._tried)

    def _prompt(self, contestant: Contestant, question: Question) -> str:
        return draw_of(Wanted(contestant, question, 0, 0), (), self._model.tokenizer).prompt

    def _judged(self, answers: Sequence[Answer]) -> tuple[list[float], list[Judgement]]:
        """Each answer's score, and what a language model said; its answers' ids are places."""
        by_id = {question.id: question for question in self._questions if question.id is not None}
        if self._spec.by == LANGUAGE_MODEL:
            return self._ratings(answers, by_id)
        measure = instant_measure(self._spec.by)
        return [measure.grade(by_id[one.question_id], 0, one.text).score for one in answers], []

    def _ratings(self, answers: Sequence[Answer], by_id: dict[int, Question]) -> tuple[list[float], list[Judgement]]:
        assert self._judge is not None
        given = [GivenAnswers(0, one.question_id, 0, (place,), (one.text,)) for place, one in enumerate(answers)]
        said: list[Judgement] = []
        judge_matches(self._judge, single(given), given, by_id, self._spec.prompts, said.append)
        scores = {one.answer_id: LOWEST if one.score is None or not one.readable else one.score for one in said}
        self.unreadable += sum(not one.readable for one in said)
        return [scores[place] for place in range(len(answers))], said
