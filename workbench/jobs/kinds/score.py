"""A score job: what each candidate alone does to the reference answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from workbench.domain import AnswerScore, CandidateScore, Demonstration, ModelRef, Position, Prompt, Question
from workbench.jobs.events import Scored
from workbench.jobs.exact import ExactModel, ExactShare
from workbench.jobs.kind import Fact, JobKind, Kept, any_number, never
from workbench.jobs.known_scores import kept_scores, say_known
from workbench.jobs.objective import check_finite
from workbench.jobs.pool import answers_scored, fitting_questions, usable_candidates, usable_questions
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.scoring.candidates import SetObjective, score_candidates, too_long
from workbench.search.finalists import finalists
from workbench.search.intervals import mean_logprob
from workbench.wording import counted


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """Score each candidate added to ``base`` on ``questions`` (gain, per question), and its own answer (IFD).

    ``turns`` says which turns' references count; a later turn is asked after the earlier turns' references.
    ``done`` are results of an earlier start of this job (None = the base prompt), not computed again. ``kept_scores``
    is the folder where scores are kept by content (see scoring/kept_scores.py); "": they are not. ``processes``, here
    and below, do the job together, one for each device.
    """

    model: ModelRef
    base: Prompt
    candidates: tuple[Demonstration, ...]
    questions: tuple[Question, ...]
    position: Position = Position.BEFORE_BASE
    turns: Literal["first", "all"] = "first"
    seed: int = 0
    done: tuple[int | None, ...] = ()
    kept_scores: str = ""
    processes: int = 1
    kind: Literal["score"] = "score"


@dataclass(frozen=True, slots=True)
class ScoreResult(Result):
    """``candidates`` were scored on ``answers`` each, but for those that are ``too_long``. ``exact_gains`` are those of
    the finalists in float32, nats per answer by demonstration."""

    candidates: int = 0
    too_long: int = 0
    answers: int = 0
    exact: ExactShare | None = None
    exact_gains: Mapping[int, float] = field(default_factory=dict)


def run_score(spec: ScoreSpec, run: Run) -> ScoreResult:
    """Says Scored for the base prompt and each candidate that is not ``done``."""
    candidates = usable_candidates(spec.candidates, spec.base, lambda text: run.log("info", text))
    questions = usable_questions(spec.questions, spec.turns, "questions", lambda text: run.log("info", text))
    model = run.load(spec.model)
    questions = fitting_questions(questions, too_long(model, spec.base, questions, spec.turns), model.context,
                                  "questions", lambda text: run.log("warning", text))
    exact = ExactModel(run, model)
    kept = kept_scores(spec.kept_scores, model, run)
    work = replace(spec, candidates=candidates, questions=questions)
    misfits, found = 0, dict[tuple[int, ...], tuple[AnswerScore, ...]]()

    def keep(score: CandidateScore) -> None:
        nonlocal misfits
        check_finite(score.answers)
        if score.answers:
            found[() if score.demonstration_id is None else (score.demonstration_id,)] = score.answers
        run.say(Scored(score))
        if not score.answers:
            misfits += 1
            run.log("warning", f"Demonstration {score.demonstration_id} does not fit into the model's context.")

    score_candidates(model, work, keep, lambda done, total: run.progress(done, total, "candidates"), kept)
    gains = _exact_gains(work, found, exact) if exact.wanted else {}
    say_known(kept, run)
    return ScoreResult(len(candidates), misfits, answers_scored(questions, spec.turns), exact.share(), gains)


def _exact_gains(
    work: ScoreSpec, found: Mapping[tuple[int, ...], tuple[AnswerScore, ...]], exact: ExactModel
) -> dict[int, float]:
    """Gains of the finalists in float32, nats per answer, by id. Candidates of an earlier start of the job are not
    among them."""
    close = finalists({ids: answers for ids, answers in found.items() if ids})
    model = exact.model() if len(close) > 1 else None
    if model is None:
        return {}
    try:
        kept = kept_scores(work.kept_scores, model, exact.run)
        engine = SetObjective(model, work.base, work.candidates, work.questions, work.position, work.turns, kept)
        answers = engine.evaluate([(), *close], lambda done: exact.run.checkpoint())
    finally:
        exact.close()
    exact.evaluations = sum(map(len, answers))
    base, *again = map(mean_logprob, answers)
    gains = {ids[0]: mean - base for ids, mean in zip(close, again, strict=True)}
    best = max(gains, key=lambda id: (gains[id], -id))
    exact.settled(len(close), changed=best != close[0][0])
    words = ", ".join(f"{id} {gain:+.3f}" for id, gain in sorted(gains.items(), key=lambda one: -one[1]))
    exact.run.log("info", f"The finalists in float32, gain in nats per answer: {words}.")
    return gains


def title(spec: ScoreSpec) -> str:
    return f"Score {counted(len(spec.candidates), 'candidate')}, {counted(len(spec.questions), 'question')}"


def outcome(result: ScoreResult) -> str:
    return f"{counted(result.candidates, 'candidate')} scored on {counted(result.answers, 'answer')}"


def continued(spec: ScoreSpec, kept: Kept) -> ScoreSpec:
    """What is scored is not scored again."""
    return replace(spec, done=tuple(kept.scored()), kept_scores=kept.scores_folder)


def facts(spec: ScoreSpec) -> Iterator[Fact]:
    yield "Questions", asked(spec.questions, spec.turns)


def asked(questions: Sequence[Question], turns: str) -> str:
    """ "40 (first turn)" """
    return f"{len(questions):,} ({turns} turn{'s' * (turns == 'all')})"


def findings(result: ScoreResult) -> Iterator[Fact]:
    if result.exact is not None:
        yield "Finalists", result.exact.words
    if result.exact_gains:
        best = sorted(result.exact_gains.items(), key=lambda gain: -gain[1])
        yield "Gains in float32", ", ".join(f"demonstration {id} {gain:+.3f}" for id, gain in best)


KIND = JobKind(ScoreSpec, ScoreResult, run_score, title, continued, runs_code=never, outcome=outcome,
               sharing=any_number, warm=True, page="rankings", gains=True, facts=facts,
               findings=findings)
