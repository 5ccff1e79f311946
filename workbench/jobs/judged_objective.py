"""How good a set of demonstrations is by what a judge says of the answers under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.bench import house_grader
from workbench.bench.judge_prompting import asked, choose
from workbench.bench.judgements import UNREADABLE, parse_rating
from workbench.bench.language_model_judge import Judge, Reply, Request
from workbench.bench.reference_measures import exact_match, token_f1
from workbench.domain import AnswerScore, Demonstration, Prompt, Question, Role, Turn
from workbench.jobs.judged_search_spec import JudgedSearchSpec
from workbench.models.base import Admitting, Draw, LanguageModel
from workbench.prompts import add, render
from workbench.search.task import Objective

LOWEST = 1.0                         # what words that cannot be read count as: sets are compared on the same questions
_JOINT = 4                           # tokens by which a joint of prompt and question may differ


class JudgedObjective:
    """See search.task.Objective: the "log-probability" of an answer is its score here.

    ``stepped`` hears how many more answers were judged, and may raise Cancelled.
    """

    def __init__(self, spec: JudgedSearchSpec, model: LanguageModel, judge: Judge | None,
                 questions: Sequence[Question], stepped: Callable[[int], None]) -> None:
        self._spec, self._model, self._judge, self._stepped = spec, model, judge, stepped
        self._questions = tuple(questions)
        self._candidates: dict[int | None, Demonstration] = {one.id: one for one in spec.candidates}
        tokens = [self._tokens(Prompt(template=spec.base.template), one) for one in questions]
        self._longest = max(tokens)
        self._longest_question = questions[tokens.index(self._longest)]
        self.unreadable = 0

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[AnswerScore, ...]]:
        wanted = [self._draw(self._prompt(ids), question) for ids in sets for question in self._questions]
        drawn = self._model.draw(wanted, lambda index, text: self._stepped(0))
        texts, tokens = [one.text for one in drawn], [one.tokens for one in drawn]
        scores = self._scores(list(self._questions) * len(sets), texts)
        self._stepped(len(texts))
        found = [AnswerScore(question.id or 0, 0, score, count) for question, score, count in
                 zip(list(self._questions) * len(sets), scores, tokens, strict=True)]
        each = len(self._questions)
        return [tuple(found[at * each: (at + 1) * each]) for at in range(len(sets))]

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        text = render(self._prompt(ids), tokenizer=self._model.tokenizer).text
        return self._model.tokenizer.count(text)

    def fits(self, ids: tuple[int, ...]) -> bool:
        if isinstance(self._model, Admitting):
            return self._model.admits(self._draw(self._prompt(ids), self._longest_question).prompt,
                                      self._spec.decoding.max_tokens)
        room = self._longest + self._spec.decoding.max_tokens + _JOINT
        return self.prompt_tokens(ids) + room <= self._model.context

    def on(self, questions: Sequence[int]) -> Objective:
        some = [question for question in self._questions if question.id in set(questions)]
        return JudgedObjective(self._spec, self._model, self._judge, some, self._stepped)

    def _prompt(self, ids: tuple[int, ...]) -> Prompt:
        return add(self._spec.base, [self._candidates[id] for id in ids], self._spec.position)

    def _draw(self, prompt: Prompt, question: Question) -> Draw:
        rendered = render(prompt, (Turn(Role.USER, question.turns[0]),), tokenizer=self._model.tokenizer)
        stop = tuple(dict.fromkeys((*self._spec.decoding.stop, *rendered.stop)))
        return Draw(rendered.text, replace(self._spec.decoding, stop=stop, seed=self._spec.seed))

    def _tokens(self, prompt: Prompt, question: Question) -> int:
        return self._model.tokenizer.count(self._draw(prompt, question).prompt)

    def _scores(self, questions: Sequence[Question], texts: Sequence[str]) -> list[float]:
        pairs = zip(questions, texts, strict=True)
        if self._spec.by == "language_model":
            return self._ratings(questions, texts)
        if self._spec.by == "rules":
            return [house_grader.grade(question, 0, text).score for question, text in pairs]
        measure = token_f1 if self._spec.by == "f1" else exact_match
        return [measure(text, question.references[0]) for question, text in pairs]

    def _ratings(self, questions: Sequence[Question], texts: Sequence[str]) -> list[float]:
        assert self._judge is not None
        requests, found = [], [UNREADABLE] * len(texts)
        for question, text in zip(questions, texts, strict=True):
            prompt = choose(self._spec.prompts, "single", question, 0)
            requests.append(Request(prompt.system_prompt, asked(prompt, question, 0, (text,))))

        def heard(place: int, reply: Reply) -> None:
            found[place] = parse_rating(reply.words)

        self._judge.ask(requests, heard)
        self.unreadable += found.count(UNREADABLE)
        return [LOWEST if score == UNREADABLE else score for score in found]
