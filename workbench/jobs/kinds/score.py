"""A score job: what each candidate alone does to the reference answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workbench.domain import AnswerScore, CandidateScore
from workbench.jobs.events import Finished, Scored
from workbench.jobs.exact import ExactModel
from workbench.jobs.known_scores import kept_scores, say_known
from workbench.jobs.objective import check_finite
from workbench.jobs.pool import answers_scored, usable_candidates, usable_questions
from workbench.jobs.run import Run
from workbench.jobs.specs import ScoreSpec
from workbench.scoring.candidates import SetObjective, score_candidates
from workbench.search.finalists import finalists
from workbench.search.intervals import mean_logprob


def run_score(spec: ScoreSpec, run: Run) -> None:
    """Says Scored for the base prompt and each candidate that is not ``done``, then Finished."""
    candidates = usable_candidates(spec.candidates, spec.base, lambda text: run.log("info", text))
    questions = usable_questions(spec.questions, spec.turns, "questions", lambda text: run.log("info", text))
    model = run.load(spec.model)
    exact = ExactModel(run, model)
    kept = kept_scores(spec.kept_scores, model, run)
    work = replace(spec, candidates=candidates, questions=questions)
    too_long, found = 0, dict[tuple[int, ...], tuple[AnswerScore, ...]]()

    def keep(score: CandidateScore) -> None:
        nonlocal too_long
        check_finite(score.answers)
        if score.answers:
            found[() if score.demonstration_id is None else (score.demonstration_id,)] = score.answers
        run.say(Scored(score))
        if not score.answers:
            too_long += 1
            run.log("warning", f"Demonstration {score.demonstration_id} does not fit into the model's context.")

    score_candidates(model, work, keep, lambda done, total: run.progress(done, total, "candidates"), kept)
    gains = _exact_gains(work, found, exact) if exact.wanted else {}
    say_known(kept, run)
    run.say(Finished({"candidates": len(candidates), "too_long": too_long,
                      "answers": answers_scored(questions, spec.turns),
                      "exact": exact.summary(), "exact_gains": gains}))


def _exact_gains(
    work: ScoreSpec, found: Mapping[tuple[int, ...], tuple[AnswerScore, ...]], exact: ExactModel
) -> dict[str, float]:
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
    return {str(id): gain for id, gain in gains.items()}
