"""What the Recipes part of the Bench page shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.bench.measures import measure_named
from workbench.bench.tuning import IN_CONTEXT
from workbench.jobs.kinds.recipe import RecipeSpec
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.recipe_findings import KINDS, Found, read_found
from workbench.services.recipe_results import RecipePoint, Score, Tuned
from workbench.services.recipe_tests import verdict_words
from workbench.wording import plain

AXES = {"temperature": "temperature", "top_p": "top-p", "repetition_penalty": "repetition penalty"}


@dataclass(frozen=True)
class RecipeReading:
    """``jobs`` are all recipes, newest first; the rest is of the one that is chosen. ``set_id`` is what it asked."""

    jobs: tuple[JobInfo, ...] = ()
    job: JobInfo | None = None
    spec: RecipeSpec | None = None
    scores: tuple[Score, ...] = ()
    score: Score | None = None
    points: tuple[RecipePoint, ...] = ()
    set_id: int | None = None
    found: Found | None = None           # of a search by a judge, or of shifts
    tuned: tuple[Tuned, ...] = ()        # models that this recipe has trained
    limit: tuple[float, str] | None = None       # the number of demonstrations where the context ends
    words: str = ""                      # what a reader has to know, which series differ, how scores agree


def read_recipes(project: Project, job_id: int | None, score: Score | None) -> RecipeReading:
    """``job_id`` None, or one that is gone: the newest that has something to show, else the newest."""
    jobs = tuple(job for job in project.jobs.all() if job.kind in ("recipe", *KINDS))
    job = next((job for job in jobs if job.id == job_id), jobs[0] if jobs else None)
    if job is None:
        return RecipeReading()
    if job.kind in KINDS:
        return RecipeReading(jobs, job, found=read_found(project, job))
    spec, scores = project.recipes.spec(job.id), tuple(project.recipes.scores(job.id))
    chosen = score if score in scores else (scores[0] if scores else None)
    points = tuple(project.recipes.points(job.id, chosen)) if chosen is not None else ()
    return RecipeReading(jobs, job, spec, scores, chosen, points, project.questions.holding(spec.questions),
                         tuned=tuple(project.recipes.tuned(job.id)), limit=context_end(spec),
                         words="" if chosen is None else recipe_words(project, spec, job.id, chosen))


def recipe_words(project: Project, spec: RecipeSpec, job_id: int, score: Score) -> str:
    orders = "; ".join(
        f"{plain(tau)} with {f'ratings by {one.judge}' if one.name == 'rating' else measure_named(one.name).short}"
        for one, tau, _ in project.recipes.orders(job_id, score))
    said = (spec.warning, verdict_words(project.recipes.tests(job_id, score)),
            f"Kendall’s τ of the points’ order: {orders}." if orders else "")
    return " ".join(filter(None, said))


def context_end(spec: RecipeSpec) -> tuple[float, str] | None:
    """Between the largest number of demonstrations that left room for an answer in context, and the next one."""
    shown = [place.x for _, place in spec.places if place.series == IN_CONTEXT]
    over = [place.x for _, place in spec.places if shown and place.x > max(shown)]
    if spec.recipe != "tuning" or not over:
        return None
    return math.sqrt((1 + max(shown)) * (1 + min(over))) - 1, f"the context ends before {min(over):g}"


def axis_names(spec: RecipeSpec) -> tuple[str, str]:
    """What is varied along x and y of recipe "decoding", by looking at what differs between its contestants."""
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "seed")
    by_id = {one.id: one.decoding for one in spec.contestants}

    def fits(name: str, values: Sequence[tuple[int, float | None]]) -> bool:
        return all(value is not None and float(getattr(by_id[id], name)) == value for id, value in values)

    along = [(id, place.x) for id, place in spec.places]
    up = [(id, place.y) for id, place in spec.places]
    first = next((name for name in names if fits(name, along)), "")
    second = next((name for name in names if name != first and fits(name, up)), "")
    return tuple(AXES.get(name, name.replace("_", " ")) for name in (first, second))       # type: ignore[return-value]
