"""`make bench-racing`: what racing saves and risks, on the sample project's real scores.

Every candidate is scored on every search question with the sample's teacher, once; then the first round is raced over
these scores with 100 orders of the questions, for one winner (keep 1) and as a search for three demonstrations does it
(keep 3).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np

from tests.perf.report import Row, one_thread, write
from workbench.domain import AnswerScore, Demonstration, ModelRef, Prompt, Question
from workbench.jobs.pool import usable_candidates, usable_questions
from workbench.models import load
from workbench.scoring import SetObjective
from workbench.scoring.kept_scores import KeptScores
from workbench.search.racing import replay
from workbench.services.demonstrations import Filter
from workbench.services.project import Project, open_sample

Answers = tuple[AnswerScore, ...]

ORDERS = 100
KINDS: tuple[Literal["t_race", "halving"], ...] = ("t_race", "halving")


def main(arguments: list[str]) -> int:
    one_thread()
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="tiny-teacher")
    parser.add_argument("--orders", type=int, default=ORDERS)
    options = parser.parse_args(arguments)
    scores = first_round(options.model)
    print(f"{len(scores)} candidates, {len(next(iter(scores.values())))} questions, {options.orders} orders")
    rows: list[Row] = []
    for kind in KINDS:
        for keep in (1, 3):
            found = replay(kind, scores, np.random.default_rng(0), options.orders, keep)
            name = f"{kind.replace('_', '-')}, keep {keep}"
            rows += [Row(f"{name}: evaluations saved", found.saved, "", None, "higher"),
                     Row(f"{name}: winner kept", found.kept, "", None, "higher"),
                     Row(f"{name}: stated chance of another winner", found.stated, "", None, "lower")]
        for pool in (len(scores) // 2, 12):
            found = replay(kind, scores, np.random.default_rng(0), options.orders, pool=pool)
            name = f"{kind.replace('_', '-')}, {pool} candidates"
            rows += [Row(f"{name}: stated chance of another winner", found.stated, "", None, "lower"),
                     Row(f"{name}: another winner", 1 - found.kept, "", None, "lower")]
    write("racing", rows)
    return 0


def first_round(name: str) -> dict[int, Answers]:
    """Each candidate's answers, added to the sample's base prompt; kept under build/bench for the next time."""
    ref, base, candidates, questions = sample(name)
    model = load(ref)
    kept = KeptScores(Path("build/bench/scores"), model.facts, print)
    objective = SetObjective(model, base, candidates, questions, kept=kept)
    ids = [one.id for one in candidates if one.id is not None and objective.fits((one.id,))]
    found: dict[int, Answers] = {}
    for start in range(0, len(ids), 8):
        part = ids[start : start + 8]
        found |= zip(part, objective.evaluate([(id,) for id in part]), strict=True)
    model.close()
    return found


def sample(name: str) -> tuple[ModelRef, Prompt, tuple[Demonstration, ...], tuple[Question, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        project = open_sample(Path(folder) / "sample")
        try:
            return project.lane.run(lambda: _read(project, name))
        finally:
            project.close()


def _read(project: Project, name: str) -> tuple[ModelRef, Prompt, tuple[Demonstration, ...], tuple[Question, ...]]:
    ref = next(one.ref for one in project.models.all() if one.ref.name == name)
    base = project.prompts.get(project.prompts.all()[0].id)
    asked = next(one for one in project.questions.sets() if "held" not in one.name.lower())
    pool = project.demonstrations.get(project.demonstrations.ids(Filter()))
    return (ref, base, usable_candidates([one for one in pool if one.answer], base, print),
            usable_questions(project.questions.get(asked.id).questions, "first", "questions", print))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
