"""A recipe: an experiment of the ICL-alignment paper, contestants that differ in one or two things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from workbench.bench.recipe_table import RECIPES
from workbench.bench.recipes import Place, Recipe
from workbench.domain import Answer, Contestant, ModelRef, Question, SetEvaluation
from workbench.jobs.kind import JobKind, Kept, names_of, never
from workbench.jobs.kinds.recipe.tuning import Tuning
from workbench.jobs.result import Result
from workbench.jobs.run import Run
from workbench.wording import counted


@dataclass(frozen=True, slots=True)
class RecipeSpec:
    """An experiment of the ICL-alignment paper: contestants that differ in one or two things answer questions, and the
    references' log-likelihood under each prompt is measured where ``likelihood`` is set.

    ``places`` says where each contestant (by id) stands in the chart; one may stand in several. ``warning`` is what a
    reader of the chart has to know. ``known`` and ``evaluated`` are what is there already. ``tuning`` says how those
    contestants' models are made that have to be trained first.
    """

    recipe: Recipe
    contestants: tuple[Contestant, ...]
    places: tuple[tuple[int, Place], ...]
    questions: tuple[Question, ...]
    repeats: int = 1
    answers: bool = True
    likelihood: bool = True
    turns: Literal["first", "all"] = "all"
    warning: str = ""
    known: tuple[Answer, ...] = ()
    evaluated: tuple[SetEvaluation, ...] = ()
    tuning: Tuning | None = None
    kind: Literal["recipe"] = "recipe"

    @property
    def model(self) -> ModelRef:
        """The model that answers first."""
        return self.contestants[0].model


@dataclass(frozen=True, slots=True)
class RecipeResult(Result):
    """``answers`` of ``tokens`` were drawn and ``trained`` models made by this start of the job; ``evaluated`` prompts
    were measured by all starts. ``too_long`` ones do not fit into the context."""

    answers: int = 0
    tokens: int = 0
    contestants: int = 0
    questions: int = 0
    evaluated: int = 0
    too_long: int = 0
    trained: int = 0
    recipe: str = ""
    warning: str = ""


def start(spec: RecipeSpec, run: Run) -> RecipeResult:
    from workbench.jobs.kinds.recipe.run import run_recipe

    return run_recipe(spec, run)


def title(spec: RecipeSpec) -> str:
    return (f"{RECIPES[spec.recipe].title}, {counted(len(spec.contestants), 'contestant')}, "
            f"{counted(len(spec.questions), 'question')}")


def detail(spec: RecipeSpec) -> str:
    return names_of(contestant.model for contestant in spec.contestants)


def outcome(result: RecipeResult) -> str:
    trained = f"{counted(result.trained, 'model')} trained, " if result.trained else ""
    return f"{trained}{counted(result.answers, 'answer')}, {counted(result.evaluated, 'prompt')} measured"


def continued(spec: RecipeSpec, kept: Kept) -> RecipeSpec:
    """What is measured is not measured again, and what is answered, by whichever job, not answered again."""
    return replace(spec, evaluated=tuple(kept.evaluations()), known=tuple(
        kept.answers([contestant.id for contestant in spec.contestants], [question.id for question in spec.questions])))


def housed(spec: RecipeSpec, here: Callable[[str], str]) -> RecipeSpec:
    """Contestants that are trained are where their training puts them."""
    if spec.tuning is None:
        return spec
    trainings = tuple(replace(training, folder=here(training.folder)) for training in spec.tuning.trainings)
    moved = {old.path: new.path for old, new in zip(spec.tuning.trainings, trainings, strict=True)}

    def at_home(model: ModelRef) -> ModelRef:
        return replace(model, path=moved.get(model.path, model.path))

    return replace(spec, tuning=replace(spec.tuning, trainings=trainings), contestants=tuple(
        replace(contestant, model=at_home(contestant.model)) for contestant in spec.contestants))


def models(spec: RecipeSpec) -> tuple[ModelRef, ...]:
    own = (contestant.model for contestant in spec.contestants)
    return tuple(dict.fromkeys((*own, spec.tuning.model) if spec.tuning is not None else own))


KIND = JobKind(RecipeSpec, RecipeResult, start, title, continued, runs_code=never, detail=detail, outcome=outcome,
               models=models, housed=housed, warm=True, page="bench")
