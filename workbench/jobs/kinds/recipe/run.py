"""A recipe job: contestants that differ in one thing answer questions, and the references' likelihood is measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from math import fsum

from workbench.bench.answers import NO_PROMPT, Answering
from workbench.domain import Answer, AnswerScore, Contestant, ModelRef, Prompt, Question, SetEvaluation
from workbench.errors import JobError
from workbench.jobs.events import Answered, Evaluated
from workbench.jobs.kinds.answer import Streaming
from workbench.jobs.kinds.recipe import RecipeResult, RecipeSpec
from workbench.jobs.kinds.recipe.tuning import make_tuned
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.prompts import render

STRATEGY = "recipe"                  # of the stored evaluations; their label is the contestant's id


def run_recipe(spec: RecipeSpec, run: Run) -> RecipeResult:
    """Says Answered for each answer and Evaluated for each contestant's references, what is known left out. A model
    that ``spec.tuning`` makes is trained when one of its contestants is first asked something."""
    if not spec.contestants or not spec.questions:
        raise JobError("There is nothing to compare, or nothing to ask.", remedy="Choose a prompt and questions.")
    if spec.warning:
        run.log("warning", spec.warning)
    by_model: dict[ModelRef, list[Contestant]] = defaultdict(list)
    for contestant in spec.contestants:
        by_model[contestant.model].append(contestant)
    work = _Work(spec, run)
    for model, contestants in by_model.items():
        work.run_model(model, contestants)
    return RecipeResult(work.answers, work.tokens, len(spec.contestants), len(spec.questions),
                        len(spec.evaluated) + work.evaluated, work.too_long, work.trained, spec.recipe, spec.warning)


class _Work:
    """One recipe in the making, with its counts."""

    def __init__(self, spec: RecipeSpec, run: Run) -> None:
        self._spec, self._run = spec, run
        self.answers = self.tokens = self.evaluated = self.too_long = self.trained = 0
        self._done = 0
        self._measured = {found.label for found in spec.evaluated}
        self._questions = spec.questions if spec.turns == "all" else tuple(
            Question(one.turns[:1], one.references[:1], one.category, one.key, one.id) for one in spec.questions)
        self._scored = [(question, turn) for question in self._questions for turn in range(len(question.turns))
                        if len(question.references) > turn and all(question.references[: turn + 1])]
        wanted = self._answering(spec.contestants).wanted() if spec.answers else []
        left = [one for one in spec.contestants if str(one.id) not in self._measured] if spec.likelihood else []
        self._total = len(wanted) + len(left) * len(self._scored)

    def run_model(self, ref: ModelRef, contestants: list[Contestant]) -> None:
        spec, answering = self._spec, self._answering(contestants)
        left = [one for one in contestants if str(one.id) not in self._measured] if spec.likelihood else []
        asking = spec.answers and answering.wanted()
        if not asking and not left:
            return
        if spec.tuning is not None:
            self.trained += make_tuned(spec.tuning, ref, self._run)
        model = self._run.load(ref)
        for contestant in left:
            self._measure(model, contestant)
        if asking:
            streaming = Streaming(self._run)
            answering.on_text = streaming.add
            answering.on_answer = self._keep
            answering.run(model)

    def _answering(self, contestants: list[Contestant] | tuple[Contestant, ...]) -> Answering:
        return Answering(contestants, self._questions, self._spec.repeats, self._spec.known)

    def _keep(self, answer: Answer) -> None:
        self._run.say(Answered(answer))
        self.answers += 1
        self.tokens += answer.tokens
        self._step(1)

    def _measure(self, model: LanguageModel, contestant: Contestant) -> None:
        prompt = contestant.prompt or NO_PROMPT
        found = reference_scores(model, prompt, self._scored, lambda done: self._run.checkpoint())
        self._step(len(self._scored))
        if not found:
            self.too_long += 1
            self._run.log("warning", f"{contestant.name} does not fit into the model's context.")
            return
        self.evaluated += 1
        self._run.say(Evaluated(SetEvaluation(
            STRATEGY, str(contestant.id), tuple(one.id for one in prompt.demonstrations if one.id is not None),
            fsum(one.logprob for one in found) / len(found), tuple(found))))

    def _step(self, count: int) -> None:
        self._done += count
        self._run.progress(self._done, self._total, "answers")


def reference_scores(model: LanguageModel, prompt: Prompt, wanted: list[tuple[Question, int]],
                     progress: Callable[[int], None]) -> list[AnswerScore]:
    """The log-likelihood of the references of (question, turn) under a prompt; [] where one does not fit into the
    model's context, as a mean over the rest would not be the same thing."""
    from workbench.scoring.sequences import answer_sequences, conversation

    rendered = [render(prompt, conversation(question.turns[: turn + 1], question.references[: turn + 1]),
                       tokenizer=model.tokenizer) for question, turn in wanted]
    sequences = answer_sequences(rendered, model.tokenizer)
    if any(sequence.end > model.context for sequence in sequences):
        return []
    return [AnswerScore(question.id or 0, turn, fsum(logprobs), len(logprobs))
            for (question, turn), logprobs in zip(wanted, model.logprobs(sequences, progress), strict=True)]
