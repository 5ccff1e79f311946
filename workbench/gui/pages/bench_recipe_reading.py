"""What the Recipes part of the Bench page shows, and what a person asks for when they run one (no Qt here)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.domain import DecodingSettings, Prompt
from workbench.gui.pages.bench_found import KINDS, Found, read_found
from workbench.jobs.specs import RecipeSpec
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.recipes import PAPER, SCALING_SERIES, SIZES, RecipePoint, Score, TrainingWish

RECIPES = (
    ("decoding", "Decoding parameters", "Which decoding parameters suit a base model, with a prompt and without"),
    ("scaling", "Number of demonstrations", "What more demonstrations bring: random, ranked, diverse, or unanswered"),
    ("demonstration_parts", "What matters in one", "Correct, shifted, random and no answers"),
    ("tuning", "In context or tuned", "The same demonstrations once in the prompt and once as training data, each turn "
     "for itself"),
)
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
    return RecipeReading(jobs, job, spec, scores, chosen, points, project.questions.holding(spec.questions))


@dataclass(frozen=True, slots=True)
class RecipeRequest:
    """``axes`` are of recipe "decoding", ``sizes`` of "scaling" and "tuning", ``series`` of
    "scaling", ``training`` of "tuning". ``questions`` 0: all of the set."""

    recipe: str
    set_id: int
    model_id: int
    prompt_id: int | None
    questions: int = 0
    repeats: int = 3
    axes: dict[str, Sequence[float]] = field(default_factory=lambda: dict(PAPER))
    sizes: Sequence[int] = SIZES
    series: Sequence[str] = SCALING_SERIES
    answers: bool = True
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    training: TrainingWish = field(default_factory=TrainingWish)


def submit(project: Project, request: RecipeRequest) -> int:
    """Put the recipe into the queue; returns its job's id. Raises WorkbenchError."""
    model = next(model.ref for model in project.models.all() if model.ref.id == request.model_id)
    prompt = Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)
    if request.recipe == "decoding":
        return project.recipes.submit_decoding(request.set_id, model, prompt, request.axes, repeats=request.repeats,
                                               base=request.decoding, questions=request.questions)
    if request.recipe == "scaling":
        return project.recipes.submit_scaling(
            request.set_id, model, prompt, sizes=request.sizes, series=request.series, seeds=request.repeats,
            decoding=request.decoding, answers=request.answers, questions=request.questions)
    if request.recipe == "tuning":
        return project.recipes.submit_tuning(
            request.set_id, model, prompt, sizes=request.sizes, seeds=request.repeats, training=request.training,
            decoding=request.decoding, answers=request.answers, questions=request.questions)
    return project.recipes.submit_parts(request.set_id, model, prompt, seeds=request.repeats,
                                        decoding=request.decoding, answers=request.answers,
                                        questions=request.questions)


def numbers_in(text: str) -> tuple[float, ...]:
    """ "0, 0.3 0.7" → (0.0, 0.3, 0.7). Raises ValueError for what is no number, and for nothing."""
    found = tuple(float(part) for part in text.replace(",", " ").split())
    if not found:
        raise ValueError("no number")
    return tuple(dict.fromkeys(found))


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
