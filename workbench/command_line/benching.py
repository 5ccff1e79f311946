"""The commands of the bench: answering, sweeps of decoding parameters, recipes."""

from __future__ import annotations

from argparse import Namespace

from workbench.bench.recipe_table import DECODING, PARTS, SCALING, TUNING, RecipeEntry
from workbench.command_line.bench_requests import NONE, answered_set, bench_request, recipe_request
from workbench.command_line.data import find_set
from workbench.command_line.opening import on_lane, opened
from workbench.command_line.output import Output, p_words, table
from workbench.command_line.running import follow_to_the_end, result_values
from workbench.errors import WorkbenchError
from workbench.services import benching, recipes
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.recipe_results import RecipePoint, Score
from workbench.services.recipe_tests import SeriesTest, verdict_words


def contestants(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        set_id = None if options.questions is None else find_set(project, options.questions)
        found = project.bench.contestants(set_id)
        rows = [(one.id, one.name, one.model.name, one.prompt.name if one.prompt else NONE, one.decoding.label)
                for one in found]
        return Output(found, table(rows, ("id", "name", "model", "prompt", "decoding")))

    return on_lane(options.project, work, read_only=True)


def answer(options: Namespace) -> Output:
    """Contestants are all combinations of the models and prompts."""
    with opened(options.project) as project:
        started = project.lane.run(lambda: benching.submit(project, bench_request(project, options)))
        if started.answering is not None:
            found = follow_to_the_end(project, started.answering, quiet=options.json)
        else:
            found = [one for job in started.judging for one in follow_to_the_end(project, job, quiet=options.json)]
    if not found:
        raise WorkbenchError("All of this is answered.", safe="Nothing was started.",
                             remedy="Ask for other models, prompts or questions, or name a judge with --then-judge.")
    return Output({"job_id": found[0].id, **result_values(found[0]), "judging": [one.id for one in found[1:]]},
                  "\n".join(f"{one.title}\n{one.detail}" for one in found))


def sweep(options: Namespace) -> Output:
    """Recipe 1: a grid of decoding parameters, with a prompt and without one."""
    return _recipe(DECODING, options)


def scaling(options: Namespace) -> Output:
    """Recipe 2: the number of demonstrations."""
    return _recipe(SCALING, options)


def parts(options: Namespace) -> Output:
    """Recipe 3: what matters in a demonstration."""
    return _recipe(PARTS, options)


def tuning(options: Namespace) -> Output:
    """Recipe 5: in-context learning against instruction fine-tuning."""
    return _recipe(TUNING, options)


def run_recipe(project: Project, recipe: RecipeEntry, options: Namespace) -> list[JobInfo]:
    """The recipe's job, and those that judge what it answers, once they have finished."""
    def submit() -> int:
        choices = recipes.read_recipe_choices(project)
        return recipes.submit(project, recipes.checked(project, choices, recipe_request(
            project, choices, recipe.name, options)))

    return follow_to_the_end(project, project.lane.run(submit), quiet=options.json)


def _recipe(recipe: RecipeEntry, options: Namespace) -> Output:
    with opened(options.project) as project:
        info = run_recipe(project, recipe, options)[0]
    return _points(options, info)


def points(options: Namespace) -> Output:
    """A recipe's chart as a table."""
    info = on_lane(options.project, lambda project: project.jobs.get(options.id), read_only=True)
    return _points(options, info)


def search(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        set_id = answered_set(project, options.questions)
        hits = project.bench.search(options.text, set_id)[: options.limit]
        answers = {one.id: one for one in project.bench.answers_by_id([hit.answer_id for hit in hits])}
        said = {one.id: one for one in project.bench.judgements_by_id(
            hit.judgement_id for hit in hits if hit.judgement_id is not None)}
        names = {one.id: one.name for one in project.bench.contestants()}
        rows = []
        for hit in hits:
            one = answers[hit.answer_id]
            text = one.text if hit.judgement_id is None else said[hit.judgement_id].words
            who = names.get(one.contestant_id) if hit.judgement_id is None else said[hit.judgement_id].judge
            rows.append((hit.answer_id, one.question_id, one.turn + 1, who, text))
        return Output(hits, table(rows, ("answer", "question", "turn", "by", "text")))

    return on_lane(options.project, work, read_only=True)


def _points(options: Namespace, info: JobInfo) -> Output:
    def work(project: Project) -> tuple[Score, list[RecipePoint], list[SeriesTest], list[tuple[Score, float, int]]]:
        shown = project.recipes.scores(info.id)
        wanted = next((one for one in shown if options.score in (None, one.name, one.judge)), None)
        if wanted is None:
            there = ", ".join(one.judge if one.name == "rating" else one.name for one in shown)
            raise WorkbenchError("There is no such score.", remedy=f"There are: {there or 'none yet'}.")
        return (wanted, project.recipes.points(info.id, wanted), project.recipes.tests(info.id, wanted),
                project.recipes.orders(info.id, wanted))

    score, found, tests, orders = on_lane(options.project, work, read_only=True)
    rows = [(one.title, one.label, *([one.y] if any(p.y is not None for p in found) else []), one.interval.mean,
             one.interval.low, one.interval.high, one.questions, one.draws, one.answers) for one in found]
    heads = ("series", "at", *(["and"] if any(p.y is not None for p in found) else []), "mean", "low", "high",
             "questions", "draws", "answers")
    against = table([(one.title if one.turn is None else f"{one.title}, turn {one.turn + 1}", one.against, one.label,
                      one.difference.interval.mean, one.difference.interval.low, one.difference.interval.high,
                      p_words(one.difference.p), p_words(one.p), one.difference.questions,
                      " and ".join(map(str, one.difference.draws))) for one in tests],
                    ("series", "less", "at", "mean", "low", "high", "p", "p, Holm", "questions",
                     "draws")) if tests else ""
    order = table([(other.title, tau, points) for other, tau, points in orders],
                  ("order of the points by", "tau", "points")) if orders else ""
    parts = (f"{info.title}\n{score.title}. 95 % intervals over questions and draws.", table(rows, heads), against,
             verdict_words(tests), order)
    return Output({"job_id": info.id, "score": score, "points": found, "tests": tests, "orders": orders},
                  "\n\n".join(filter(None, parts)))
