"""A judge job: a language model, or the references' likelihood, says something of each answer or pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from workbench.bench.judgements import Reading
from workbench.bench.language_model_judge import Judge, judge_matches, prompt_of
from workbench.bench.matches import GivenAnswers, Match
from workbench.domain import Backend, DecodingSettings, Judgement, ModelRef, Prompt, Question
from workbench.domain.judge_prompt import JudgePrompt
from workbench.errors import JobError
from workbench.jobs.events import Judged
from workbench.jobs.kind import JobKind, Kept, never
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel
from workbench.wording import counted

JUDGE_TOKENS = 2048                  # FastChat's limit for a judge's words


@dataclass(frozen=True, slots=True)
class Price:
    """What a served judge costs, per million tokens, in whatever currency. ``limit`` is what a job may cost
    in all its starts; 0 is none."""

    prompt: float = 0.0
    completion: float = 0.0
    limit: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


def amount(cost: float) -> str:
    """ "12.34", and "0.0012" where two digits would say nothing."""
    return f"{cost:.2f}" if cost >= 0.1 or not cost else f"{cost:.2g}"


Mode = Literal["single", "pair_baseline", "pair_all"]


@dataclass(frozen=True, slots=True)
class JudgePlan:
    """Judging that waits for answers: what there is to judge is looked for when the job begins."""

    question_set_id: int
    contestant_ids: tuple[int, ...]
    mode: Mode = "single"
    baseline_id: int | None = None
    unreadable_again: bool = False


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """Judge ``matches`` of the answers ``given``.

    - "language_model": ``model`` is the judge, a project's own or a served one, asked with ``prompts``.
    - "reference": ``model`` is the one that answered under ``answered_under`` (None: the bare question); how likely
      does it find the references?

    ``done`` are (answer id, other answer's id or 0, judge prompt's name) that an earlier start of this job has judged,
    for ``spent`` tokens (asked, answered). With a ``plan`` questions, answers and matches are not known yet.
    ``reading`` says which of the judge's words count.
    """

    model: ModelRef
    questions: tuple[Question, ...]
    given: tuple[GivenAnswers, ...]
    matches: tuple[Match, ...]
    judge: Literal["language_model", "reference"] = "language_model"
    prompts: tuple[JudgePrompt, ...] = ()
    decoding: DecodingSettings = field(default_factory=lambda: DecodingSettings(max_tokens=JUDGE_TOKENS))
    answered_under: Prompt | None = None
    price: Price = field(default_factory=Price)
    done: tuple[tuple[int, int, str], ...] = ()
    spent: tuple[int, int] = (0, 0)
    plan: JudgePlan | None = None
    reading: Reading = "last"
    kind: Literal["judge"] = "judge"


@dataclass(frozen=True, slots=True)
class JudgeResult(Result):
    """``judgements`` of all starts of the job, and what they cost; of this start's so many are ``unreadable``."""

    judgements: int = 0
    unreadable: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


def run_judge(spec: JudgeSpec, run: Run) -> JudgeResult:
    """Says Judged for each match that is not ``done``."""
    if not spec.matches:
        raise JobError("There is nothing to judge.", remedy="Choose answers that were not judged yet.")
    questions, done = {q.id: q for q in spec.questions if q.id is not None}, set(spec.done)
    matches = [match for match in spec.matches if _key(spec, match, questions) not in done]
    tally = _Tally(spec, run, len(spec.matches) - len(matches))
    tally.hold()
    if matches and spec.judge == "reference":
        _measure(spec, run, matches, questions, tally)
    elif matches:
        judge = judge_of(run.load(spec.model), spec.decoding, run)
        judge_matches(judge, matches, spec.given, questions, spec.prompts, tally.keep, spec.reading)
    return tally.result()


class _Tally:
    """Says each judgement, counts, and holds the cost below its limit."""

    def __init__(self, spec: JudgeSpec, run: Run, done: int) -> None:
        self._spec, self._run = spec, run
        self._done, self._judged, self._unreadable = done, 0, 0
        self._prompt_tokens = self._completion_tokens = 0            # in this run

    @property
    def _whole(self) -> tuple[int, int]:
        """Tokens asked and answered, also by earlier starts of the job."""
        asked, answered = self._spec.spent
        return asked + self._prompt_tokens, answered + self._completion_tokens

    @property
    def _cost(self) -> float:
        """Of all starts of the job."""
        return self._spec.price.of(*self._whole)

    @property
    def _spent(self) -> str:
        """ "gpt-4o, 0.42 spent", where the judge has a price."""
        priced = self._spec.price.prompt or self._spec.price.completion
        return f"{self._spec.model.name}, {amount(self._cost)} spent" if priced else ""

    def hold(self) -> None:
        """Raises JobError where there is more to judge and the job has cost what it may."""
        limit, kept = self._spec.price.limit, self._done + self._judged
        if limit and self._cost >= limit and kept < len(self._spec.matches):
            raise JobError(f"The judge has cost {amount(self._cost)}; the limit is {amount(limit)}.",
                           safe="What was judged is kept.",
                           remedy="Start the judging again with a limit of its own: what is judged is left out.")

    def keep(self, judgement: Judgement) -> None:
        self._run.say(Judged(judgement))
        self._judged += 1
        self._unreadable += not judgement.readable
        self._prompt_tokens += judgement.details.get("prompt_tokens", 0)
        self._completion_tokens += judgement.details.get("completion_tokens", 0)
        if problem := judgement.details.get("problem"):
            self._run.log("warning", f"Answer {judgement.answer_id} was not judged: {problem}")
        self.hold()
        self._run.progress(self._done + self._judged, len(self._spec.matches), "judgements", self._spent)

    def result(self) -> JudgeResult:
        return JudgeResult(self._done + self._judged, self._unreadable, *self._whole, self._cost)


def _measure(spec: JudgeSpec, run: Run, matches: list[Match], questions: Mapping[int, Question],
             tally: _Tally) -> None:
    from workbench.bench.reference_judge import log_likelihoods

    log_likelihoods(run.load(spec.model), spec.answered_under or Prompt(), matches, spec.given, questions,
                    tally.keep, lambda done: run.checkpoint())


def judge_of(model: LanguageModel, decoding: DecodingSettings, run: Run) -> Judge:
    """A loaded model as a judge."""
    if model.ref.backend is Backend.OPENAI:
        from workbench.bench.served_judge import ServedJudge
        from workbench.models.openai_model import OpenAIModel

        assert isinstance(model, OpenAIModel)
        return ServedJudge(model, decoding, run.checkpoint)
    from workbench.bench.local_judge import LocalJudge

    return LocalJudge(model, decoding, run.checkpoint)


def _key(spec: JudgeSpec, match: Match, questions: Mapping[int, Question]) -> tuple[int, int, str]:
    """What tells a match's judgement from others. Raises JobError where a judge prompt is missing."""
    answer = spec.given[match.first].answer_ids[match.turn]
    other = 0 if match.second is None else spec.given[match.second].answer_ids[match.turn]
    prompt = "" if spec.judge == "reference" else prompt_of(match, spec.given, questions, spec.prompts).name
    return answer, other, prompt


def title(spec: JudgeSpec) -> str:
    if spec.plan is not None:
        return "Likelihood of the references" if spec.judge == "reference" else "Judge the answers"
    if spec.judge == "reference":
        under = (spec.answered_under and spec.answered_under.name) or "no prompt"
        return f"Likelihood of {counted(len(spec.matches), 'reference')}, {spec.model.name}, {under}"
    pairs = spec.matches and spec.matches[0].second is not None
    return f"Judge {counted(len(spec.matches), 'answer pair' if pairs else 'answer')}"


def outcome(result: JudgeResult) -> str:
    unreadable = f", {result.unreadable} unreadable" if result.unreadable else ""
    cost = f", cost {amount(result.cost)}" if result.cost else ""
    return f"{counted(result.judgements, 'judgement')}{unreadable}{cost}"


def continued(spec: JudgeSpec, kept: Kept) -> JudgeSpec:
    """What is judged is not judged again, and what it cost counts towards the limit."""
    judgements = kept.judgements()
    asked, answered = (sum(judgement.details.get(name, 0) for judgement in judgements)
                       for name in ("prompt_tokens", "completion_tokens"))
    return replace(spec, spent=(asked, answered), done=tuple(
        (judgement.answer_id, judgement.other_answer_id or 0, judgement.prompt_name) for judgement in judgements))


KIND = JobKind(JudgeSpec, JudgeResult, run_judge, title, continued, runs_code=never, outcome=outcome, warm=True,
               page="bench")
