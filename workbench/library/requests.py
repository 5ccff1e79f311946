"""What is asked of an open project: the services' default requests, with what a person changes by their fields' names.

Where a field is an id, the name of the thing does, too. All runs on the project's lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from workbench.alignment.harness_options import HarnessOptions
from workbench.alignment.options import AlignmentOptions
from workbench.bench.measures import LANGUAGE_MODEL
from workbench.domain import DecodingSettings
from workbench.errors import WorkbenchError
from workbench.services import benching, evaluations, recipes, searches, trainings
from workbench.services.models import ModelInfo
from workbench.services.project import Project

Changes = Mapping[str, Any]
MODELS, PROMPTS, SETS = "model", "prompt", "question set"
NAMED = {"model_id": MODELS, "teacher_id": MODELS, "student_id": MODELS, "judge_id": MODELS, "prompt_id": PROMPTS,
         "set_id": SETS, "heldout_id": SETS}


def search_request(project: Project, kind: Literal["score", "search"], changes: Changes) -> searches.SearchRequest:
    """Raises WorkbenchError."""
    changes = with_ids(project, changes)
    chosen = _chosen(changes, "model_id", "prompt_id", "set_id", "selection")
    return replace(searches.default_request(searches.read_choices(project), kind, **chosen), **changes)


def sensitivity_request(project: Project, changes: Changes) -> searches.SensitivityRequest:
    """Raises WorkbenchError."""
    changes = with_ids(project, changes)
    chosen = _chosen(changes, "model_id", "prompt_id", "set_id")
    return replace(searches.default_sensitivity(searches.read_choices(project), **chosen), **changes)


def bench_request(project: Project, changes: Changes) -> benching.BenchRequest:
    """Raises WorkbenchError."""
    changes, choices = with_ids(project, changes), benching.read_choices(project)
    request = benching.default_request(choices, changes.get("set_id"), None)
    return benching.checked(choices, replace(_there(request), **changes))


def recipe_request(project: Project, recipe: str, changes: Changes) -> recipes.RecipeRequest:
    """``recipe`` is a name of workbench.bench.recipe_table. Raises WorkbenchError."""
    changes, choices = with_ids(project, changes), recipes.read_recipe_choices(project)
    request = _there(recipes.default_request(choices, recipe, changes.get("set_id"), changes.get("prompt_id")))
    if changes.get("by") == LANGUAGE_MODEL:
        request = replace(request, judge_id=request.model_id)
    return recipes.checked(project, choices, replace(request, **changes))


def training_request(project: Project, preset: str, options: Changes | AlignmentOptions,
                     changes: Changes) -> trainings.TrainingRequest:
    """``options`` are all of them, or those that differ from the preset's. Raises WorkbenchError."""
    changes = with_ids(project, changes)
    pool = Path(changes["pool"]) if changes.get("pool") else None
    choices = trainings.default_choices(project, pool, changes.get("targets"))
    request = trainings.default_request(choices, preset, runs=project.alignment.runs(),
                                        **_chosen(changes, "teacher_id", "student_id"))
    own = options if isinstance(options, AlignmentOptions) else replace(request.options, **options)
    return trainings.checked(choices, replace(request, **{**changes, "pool": choices.pool, "options": own}))


def benchmark_request(project: Project, options: HarnessOptions, changes: Changes) -> evaluations.BenchmarkRequest:
    """Raises WorkbenchError."""
    return replace(evaluations.default_request(project, options), **with_ids(project, changes))


def new_contestants(project: Project, models: Sequence[str], prompts: Sequence[str | None] | None,
                    decoding: DecodingSettings) -> tuple[benching.NewContestant, ...]:
    """All combinations of models and prompts, by their names; ``prompts`` None are the bench's default ones. Raises
    WorkbenchError."""
    there = project.prompts.all()
    chosen = benching.default_prompts(there) if prompts is None else [
        None if name is None else named(there, name, PROMPTS) for name in prompts]
    return benching.new_contestants([model_named(project, name) for name in models], chosen, decoding)


def with_ids(project: Project, changes: Changes) -> Changes:
    """With ids instead of names. Raises WorkbenchError for a name that the project does not have."""
    looked_up: dict[str, Callable[[str], int]] = {
        MODELS: lambda name: model_named(project, name).ref.id or 0,
        PROMPTS: lambda name: named(project.prompts.all(), name, PROMPTS).id,
        SETS: lambda name: named(project.questions.sets(), name, SETS).id}
    return {field: looked_up[NAMED[field]](value) if field in NAMED and isinstance(value, str) else value
            for field, value in changes.items()}


def model_named(project: Project, name: str) -> ModelInfo:
    """"" is the current one. Raises WorkbenchError."""
    models = sorted(project.models.all(), key=lambda info: not info.current)
    found: ModelInfo = named(models, name, MODELS, lambda info: info.ref.name)
    return found


def named(things: Sequence[Any], name: str, what: str, name_of: Callable[[Any], str] = lambda thing: thing.name) -> Any:
    """The thing of this name, or, for "", the first. Raises WorkbenchError where there is none."""
    found = next((thing for thing in things if not name or name_of(thing) == name), None)
    if found is None:
        known = ", ".join(map(name_of, things)) or "none"
        raise WorkbenchError(f"The project has no {what} “{name}”." if name else f"The project has no {what}.",
                             remedy=f"There is: {known}.")
    return found


def _chosen(changes: Changes, *names: str) -> dict[str, Any]:
    """What other defaults depend on."""
    return {name: changes[name] for name in names if changes.get(name) is not None}


def _there(request: Any) -> Any:
    if request is None:
        raise WorkbenchError("The project has no model that is ready, or no question set.", safe="Nothing was started.",
                             remedy="Add them with add_model and import_questions.")
    return request
