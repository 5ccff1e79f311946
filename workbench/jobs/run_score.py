"""A score job: what each candidate alone does to the reference answers."""

from __future__ import annotations

from dataclasses import replace

from workbench.domain import CandidateScore
from workbench.jobs.events import Finished, Scored
from workbench.jobs.known_scores import kept_scores, say_known
from workbench.jobs.objective import check_finite
from workbench.jobs.pool import answers_scored, usable_candidates, usable_questions
from workbench.jobs.run import Run
from workbench.jobs.specs import ScoreSpec


def run_score(spec: ScoreSpec, run: Run) -> None:
    """Says Scored for the base prompt and each candidate that is not ``done``, then Finished."""
    from workbench.scoring.candidates import score_candidates

    candidates = usable_candidates(spec.candidates, spec.base, lambda text: run.log("info", text))
    questions = usable_questions(spec.questions, spec.turns, "questions", lambda text: run.log("info", text))
    model = run.load(spec.model)
    kept = kept_scores(spec.kept_scores, model, run)
    work = replace(spec, candidates=candidates, questions=questions)
    too_long = 0

    def keep(score: CandidateScore) -> None:
        nonlocal too_long
        check_finite(score.answers)
        run.say(Scored(score))
        if not score.answers:
            too_long += 1
            run.log("warning", f"Demonstration {score.demonstration_id} does not fit into the model's context.")

    score_candidates(model, work, keep, lambda done, total: run.progress(done, total, "candidates"), kept)
    say_known(kept, run)
    run.say(Finished({"candidates": len(candidates), "too_long": too_long,
                      "answers": answers_scored(questions, spec.turns)}))
