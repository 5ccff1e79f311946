"""The commands of the bench: answering, sweeps of decoding parameters, recipes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence

from workbench.command_line.data import find_prompt
from workbench.command_line.judge_wish import then_judge, with_baseline
from workbench.command_line.models import find_model
from workbench.command_line.opening import on_lane, opened, pick
from workbench.command_line.output import Output, p_words, table
from workbench.command_line.running import follow_to_the_end
from workbench.domain import Contestant, DecodingSettings, Prompt
from workbench.errors import WorkbenchError
from workbench.jobs.specs import AnswerSpec, RecipeSpec
from workbench.services.job_queue import JobInfo
from workbench.services.judging import JudgeWish
from workbench.services.project import Project
from workbench.services.questions import searched_set
from workbench.services.recipe_results import RecipePoint, Score, TrainingWish
from workbench.services.recipe_tests import SeriesTest, verdict_words

NONE = "none"                        # instead of a prompt


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
    def submit(project: Project) -> int:
        set_id = find_set(project, options.questions)
        decoding = decoding_of(options)
        chosen = [Contestant(f"{model.name}, {prompt.name if prompt else 'no prompt'}", model, prompt, decoding)
                  for model in [find_model(project, name).ref for name in options.model or [None]]
                  for prompt in [prompt_of(project, name) for name in options.prompt or [None]]]
        return project.bench.submit_answers(chosen, set_id, repeats=options.repeats,
                                            question_ids=_some(project, set_id, options.only))

    found = _run(options, submit)
    return Output({"job_id": found[0].id, **found[0].summary, "judging": [one.id for one in found[1:]]},
                  "\n".join(f"{one.title}\n{one.detail}" for one in found))


def sweep(options: Namespace) -> Output:
    """Recipe 1: a grid of decoding parameters, with a prompt and without one."""
    axes = dict(map(_axis, options.axis)) if options.axis else None

    def submit(project: Project) -> int:
        set_id = find_set(project, options.questions)
        extra = {} if axes is None else {"axes": axes}
        return project.recipes.submit_decoding(
            set_id, find_model(project, options.model).ref, prompt_of(project, options.prompt) or Prompt(),
            repeats=options.repeats, base=decoding_of(options), turns=options.turns, questions=options.only, **extra)

    return _points(options, _run(options, submit)[0])


def scaling(options: Namespace) -> Output:
    """Recipe 2: the number of demonstrations."""
    def submit(project: Project) -> int:
        return project.recipes.submit_scaling(
            find_set(project, options.questions), find_model(project, options.model).ref,
            prompt_of(project, options.prompt) or Prompt(), sizes=options.sizes,
            series=options.series.split(","), seeds=options.seeds, ranking_job=options.ranking, query=options.filter,
            decoding=decoding_of(options), answers=options.answers, turns=options.turns, questions=options.only)

    return _points(options, _run(options, submit)[0])


def parts(options: Namespace) -> Output:
    """Recipe 3: what matters in a demonstration."""
    def submit(project: Project) -> int:
        return project.recipes.submit_parts(
            find_set(project, options.questions), find_model(project, options.model).ref,
            prompt_of(project, options.prompt) or Prompt(), seeds=options.seeds, query=options.filter,
            decoding=decoding_of(options), answers=options.answers, turns=options.turns, questions=options.only)

    return _points(options, _run(options, submit)[0])


def tuning(options: Namespace) -> Output:
    """Recipe 5: in-context learning against instruction fine-tuning."""
    def submit(project: Project) -> int:
        return project.recipes.submit_tuning(
            find_set(project, options.questions), find_model(project, options.model).ref,
            prompt_of(project, options.prompt) or Prompt(), sizes=options.sizes,
            seeds=options.seeds, training=TrainingWish(options.epochs, options.learning_rate, options.lora_rank),
            query=options.filter, decoding=decoding_of(options), answers=options.answers, turns=options.turns,
            questions=options.only)

    return _points(options, _run(options, submit)[0])


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


def find_set(project: Project, wanted: str | None) -> int:
    """A question set's id, by id or name; by default the first that is not held out. Raises WorkbenchError."""
    return pick(project.questions.sets(), wanted, "question set", lambda one: one.id, lambda one: one.name,
                searched_set).id


def answered_set(project: Project, wanted: str | None) -> int:
    """As ``find_set``, but by default the set that most contestants have answered, the newest of them."""
    if wanted is None:
        counts = {one.id: len(project.bench.contestants(one.id)) for one in project.questions.sets()}
        found = max(counts, key=lambda id: (counts[id], id), default=None)
        if found is not None and counts[found]:
            return found
    return find_set(project, wanted)


def prompt_of(project: Project, wanted: str | None) -> Prompt | None:
    """By id or name, by default the first; None for "none", or where the project has none."""
    if wanted == NONE or (wanted is None and not project.prompts.all()):
        return None
    return project.prompts.get(find_prompt(project, wanted).id)


def decoding_of(options: Namespace) -> DecodingSettings:
    return DecodingSettings(options.max_tokens, options.temperature, options.top_p, options.top_k,
                            options.repetition_penalty, tuple(options.stop), options.seed, options.min_p)


def _run(options: Namespace, submit: Callable[[Project], int]) -> list[JobInfo]:
    """The job that answers, and those that judge what it answers."""
    with opened(options.project) as project:
        def submit_all() -> int:
            wish, job_id = then_judge(project, options), submit(project)
            if wish is not None:
                _judge_after(project, job_id, wish, options)
            return job_id

        return follow_to_the_end(project, project.lane.run(submit_all), quiet=options.json)


def _judge_after(project: Project, job_id: int, wish: JudgeWish, options: Namespace) -> None:
    """Behind a job that answers, as the window does it."""
    spec = project.jobs.spec(job_id)
    assert isinstance(spec, AnswerSpec | RecipeSpec)
    try:
        wish = with_baseline(wish, project.bench.contestants(), options.baseline)
        project.judging.submit_wish(find_set(project, options.questions),
                                    [one.id for one in spec.contestants if one.id is not None], wish, job_id)
    except WorkbenchError:
        project.jobs.cancel(job_id)
        raise


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
             one.interval.low, one.interval.high, one.answers) for one in found]
    heads = ("series", "at", *(["and"] if any(p.y is not None for p in found) else []), "mean", "low", "high",
             "answers")
    against = table([(one.title if one.turn is None else f"{one.title}, turn {one.turn + 1}", one.against, one.label,
                      one.difference.interval.mean, one.difference.interval.low, one.difference.interval.high,
                      p_words(one.difference.p), p_words(one.p), one.difference.questions) for one in tests],
                    ("series", "less", "at", "mean", "low", "high", "p", "p, Holm", "questions")) if tests else ""
    order = table([(other.title, tau, points) for other, tau, points in orders],
                  ("order of the points by", "tau", "points")) if orders else ""
    parts = (f"{info.title}\n{score.title}. 95 % bootstrap intervals over questions.", table(rows, heads), against,
             verdict_words(tests), order)
    return Output({"job_id": info.id, "score": score, "points": found, "tests": tests, "orders": orders},
                  "\n\n".join(filter(None, parts)))


def _some(project: Project, set_id: int, count: int) -> Sequence[int] | None:
    """Ids of ``count`` questions spread over the set; None for all (0)."""
    if not count:
        return None
    ids = [one.id for one in project.questions.get(set_id).questions if one.id is not None]
    return ids[:: max(len(ids) // count, 1)][:count]


def _axis(text: str) -> tuple[str, list[float]]:
    """ "temperature=0,0.5,1" """
    name, _, values = text.partition("=")
    try:
        return name.strip().replace("-", "_"), [float(value) for value in values.split(",")]
    except ValueError as error:
        raise WorkbenchError(f"“{text}” is not an axis.", remedy="Write it as temperature=0,0.5,1.") from error
