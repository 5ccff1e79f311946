"""A judge job: a language model, or the references' likelihood, says something of each answer or pair."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.bench.language_model_judge import Judge, judge_matches, prompt_of
from workbench.bench.matches import Match
from workbench.domain import Backend, DecodingSettings, Judgement, Prompt, Question
from workbench.errors import JobError
from workbench.jobs.events import Finished, Judged
from workbench.jobs.judge_spec import JudgeSpec, amount
from workbench.jobs.run import Run
from workbench.models.base import LanguageModel


def run_judge(spec: JudgeSpec, run: Run) -> None:
    """Says Judged for each match that is not ``done``, then Finished with counts, tokens and cost."""
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
        judge_matches(judge, matches, spec.given, questions, spec.prompts, tally.keep)
    tally.finish()


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

    def finish(self) -> None:
        asked, answered = self._whole
        self._run.say(Finished({
            "judgements": self._done + self._judged, "unreadable": self._unreadable, "prompt_tokens": asked,
            "completion_tokens": answered, "cost": self._cost}))


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
