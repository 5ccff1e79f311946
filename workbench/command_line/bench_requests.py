"""What is asked of the bench, from a command's options: requests of services.benching and services.recipes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workbench.command_line.data import find_prompt, find_set
from workbench.command_line.models import find_model
from workbench.command_line.opening import pick
from workbench.domain import Contestant, DecodingSettings
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.judge import Mode, Price
from workbench.services.benching import BenchRequest, JudgeChoice, NewContestant, default_prompts, new_contestants
from workbench.services.project import Project
from workbench.services.recipes import RecipeChoices, RecipeRequest, default_request
from workbench.services.tuning import TuningSettings

NONE = "none"                        # instead of a prompt
LIKELIHOOD = "likelihood"            # instead of a judge
MODES: dict[str, Mode] = {"single": "single", "pairwise-baseline": "pair_baseline", "pairwise-all": "pair_all"}
"""FastChat's names of the modes → ours."""


def bench_request(project: Project, options: Namespace) -> BenchRequest:
    """Contestants are all combinations of the models and prompts. Raises WorkbenchError."""
    prompts = default_prompts(project.prompts.all()) if options.prompt is None else tuple(
        None if name == NONE else find_prompt(project, name) for name in options.prompt)
    models = [find_model(project, name) for name in options.model or [None]]
    new = new_contestants(models, prompts, decoding_of(options, DecodingSettings()))
    request = BenchRequest(find_set(project, options.questions), new=new, repeats=options.repeats,
                           questions=options.only)
    return replace(request, judge=then_judge(project, options, new))


def recipe_request(project: Project, choices: RecipeChoices, recipe: str, options: Namespace) -> RecipeRequest:
    """The recipe's defaults, with what the options change. Raises WorkbenchError."""
    given = vars(options)
    found = default_request(choices, recipe, find_set(project, options.questions))
    if found is None:
        raise WorkbenchError("The project has no model that can be used.", safe="Nothing was started.",
                             remedy="Add one: workbench models add PROJECT FOLDER")
    found = replace(found, decoding=decoding_of(options, found.decoding), seed=given["seed"] or 0)
    if options.model is not None:
        found = replace(found, model_id=find_model(project, options.model).ref.id or 0)
    if options.prompt is not None:
        found = replace(found, prompt_id=None if options.prompt == NONE else find_prompt(project, options.prompt).id)
    if given.get("judge") is not None or given.get("by") == "language_model":
        found = replace(found, by="language_model", judge_id=find_model(project, options.judge).ref.id)
    elif given.get("by") is not None:
        found = replace(found, by=options.by, judge_id=None)
    if "epochs" in given:
        found = replace(found, training=TuningSettings(options.epochs, options.learning_rate, options.lora_rank))
    if given.get("axis"):
        found = replace(found, axes=dict(map(_axis, options.axis)))
    named: dict[str, Any] = {"questions": given["only"], "repeats": given.get("seeds") or given.get("repeats"),
             "sizes": given.get("sizes"), "series": given.get("series"), "answers": given.get("answers"),
             "query": given.get("filter"), "turns": given.get("turns"), "ranking_job": given.get("ranking"),
             "rounds": given.get("rounds"), "judge_prompts": given.get("judge_prompts")}
    changes: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value
                               for name, value in named.items() if value is not None}
    found = replace(found, **changes)
    return replace(found, then=then_judge(project, options, ())) if "then_judge" in given else found


def judge_choice(project: Project, options: Namespace, judge: str | None, decoding: DecodingSettings,
                 there: Sequence[Contestant], new: Sequence[NewContestant] = ()) -> JudgeChoice:
    """``there`` and ``new`` are who may be the baseline. Raises WorkbenchError."""
    mode = MODES[options.mode]
    if mode == "pair_baseline" and options.baseline is None:
        raise WorkbenchError("No baseline was chosen.", safe="Nothing was started.",
                             remedy="Name with --baseline the contestant that the others are compared with.")
    baseline: int | str | None = options.baseline
    if baseline is not None and baseline not in {one.name for one in new}:
        baseline = find_contestant(there, options.baseline).id
    return JudgeChoice("model", find_model(project, judge).ref.id, mode, baseline, options.judge_prompts,
                       getattr(options, "unreadable_again", False),
                       Price(options.price[0], options.price[1], options.cost_limit), decoding,
                       "fastchat" if options.read_as_fastchat else "last")


def then_judge(project: Project, options: Namespace, new: Sequence[NewContestant]) -> JudgeChoice:
    """What --then-judge asks for."""
    if options.then_judge is None:
        return JudgeChoice()
    if options.then_judge == LIKELIHOOD:
        return JudgeChoice("likelihood")
    return judge_choice(project, options, options.then_judge, DecodingSettings(options.judge_max_tokens),
                        project.bench.contestants(), new)


def decoding_of(options: Namespace, default: DecodingSettings) -> DecodingSettings:
    """``default`` with what the options change."""
    names = ("max_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "seed", "min_p")
    given: dict[str, Any] = {name: value for name in names if (value := getattr(options, name, None)) is not None}
    return replace(default, **given, stop=tuple(getattr(options, "stop", ())))


def find_contestant(there: Sequence[Contestant], wanted: str) -> Contestant:
    """By id or name. Raises WorkbenchError."""
    return pick(there, wanted, "contestant", lambda one: one.id, lambda one: one.name, lambda found: None)


def answered_set(project: Project, wanted: str | None) -> int:
    """As ``find_set``, but by default the set that most contestants have answered, the newest of them."""
    if wanted is None:
        counts = {one.id: len(project.bench.contestants(one.id)) for one in project.questions.sets()}
        found = max(counts, key=lambda id: (counts[id], id), default=None)
        if found is not None and counts[found]:
            return found
    return find_set(project, wanted)


def _axis(text: str) -> tuple[str, list[float]]:
    """ "temperature=0,0.5,1" """
    name, _, values = text.partition("=")
    try:
        return name.strip().replace("-", "_"), [float(value) for value in values.split(",")]
    except ValueError as error:
        raise WorkbenchError(f"“{text}” is not an axis.", remedy="Write it as temperature=0,0.5,1.") from error
