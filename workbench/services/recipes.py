"""Running a recipe, an experiment of the ICL-alignment paper (arXiv 2405.19874). The window, the command line and a
notebook ask for it here.

A request says what is wanted by ids; ``problem`` says why it cannot be had, ``work_words`` what it costs, and
``specification`` what job it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workbench.bench import recipes as variants
from workbench.bench.measures import LANGUAGE_MODEL, Grader, graders, instant
from workbench.bench.recipe_table import DECODING, PARTS, SCALING, SEARCH, SHIFT, TUNING, recipe
from workbench.bench.recipes import SCALING_SERIES, SIZES, Place, Recipe, Variant
from workbench.bench.sweep import PAPER
from workbench.bench.tuning import IN_CONTEXT, TUNING_SIZES, draw_sets, tuning
from workbench.domain import NOT_REJECTED, Backend, DecodingSettings, Demonstration, ModelRef, Prompt
from workbench.domain.filter import Filter, Sort
from workbench.errors import WorkbenchError
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds.judged_search import JudgedSearchSpec
from workbench.jobs.kinds.recipe import RecipeSpec
from workbench.jobs.kinds.recipe.tuning import Tuning
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.jobs.kinds.shift import ShiftSpec
from workbench.services import searches
from workbench.services.benching import (
    BenchChoices,
    JudgeChoice,
    default_model,
    default_prompts,
    default_set,
    judging_specifications,
    read_choices,
    spread,
)
from workbench.services.models import read_machine
from workbench.services.tuning import Trainings, TuningSettings, fitting, training_seconds
from workbench.wording import counted, duration
from workbench_db import scores as stored_scores

if TYPE_CHECKING:
    from workbench.services.project import Project

FLATTERED = ("The greedy-ranked series was ranked on questions that are asked here, which flatters it. Ask other "
             "questions to compare it fairly.")
MOST_TOKENS = 128                    # of an answer of a recipe
MADE = 4_000                         # demonstrations that are made where the pool is too small


@dataclass(frozen=True)
class RecipeChoices:
    """What the form offers. ``pool`` is how many demonstrations can be drawn, ``characters`` their mean length;
    ``known`` are, for each measure and grader, the question sets of which it knows all questions."""

    bench: BenchChoices
    pool: int = 0
    characters: float = 100.0
    known: Mapping[str, frozenset[int]] = field(default_factory=dict)
    on_gpu: bool = False

    def available(self, request: RecipeRequest, pool: int) -> int:
        """With the base prompt's own."""
        own = next((one.demonstrations for one in self.bench.prompts if one.id == request.prompt_id), 0)
        return pool + own

    def seconds_an_answer(self, model_id: int | None) -> float | None:
        """What earlier answers of this model took; None where there is none."""
        model = self.bench.model(model_id)
        found = [answer.seconds for reading in self.bench.readings.values() for answer in reading.answers.values()
                 if answer.seconds > 0 and model is not None
                 and reading.contestant(answer.contestant_id).model.path == model.ref.path]
        return sum(found) / len(found) if found else None


@dataclass(frozen=True, slots=True)
class RecipeRequest:
    """Fields that a recipe does not have are ignored; the defaults are the paper's, made small enough for a first look.

    ``questions`` are spread over the set; 0: all of it. ``repeats`` are draws a question of "decoding", else seeds.
    ``sizes`` None: the recipe's own. ``ranking_job`` is whose ranking the greedy-ranked series takes, None: the gains
    measured last. ``query`` says which demonstrations are drawn from; ``contestants`` are those that are compared with
    the base model. ``then`` judges what is answered.
    """

    recipe: str
    set_id: int
    model_id: int
    prompt_id: int | None = None
    questions: int = 40
    repeats: int = 3
    axes: Mapping[str, Sequence[float]] = field(default_factory=lambda: dict(PAPER))
    sizes: Sequence[int] | None = None
    series: Sequence[str] = SCALING_SERIES
    answers: bool = True
    query: str = ""
    decoding: DecodingSettings = field(default_factory=lambda: DecodingSettings(max_tokens=MOST_TOKENS))
    training: TuningSettings = field(default_factory=TuningSettings)
    rounds: int = 2
    by: str = LANGUAGE_MODEL
    judge_id: int | None = None
    contestants: tuple[int, ...] = ()
    turns: Literal["first", "all"] = "all"
    ranking_job: int | None = None
    judge_prompts: Path | None = None
    seed: int = 0
    then: JudgeChoice = field(default_factory=JudgeChoice)

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of demonstrations that are tried."""
        return self.sizes if self.sizes is not None else TUNING_SIZES if self.recipe == TUNING.name else SIZES


def read_recipe_choices(project: Project) -> RecipeChoices:
    bench = read_choices(project)
    sets = {id: reading.questions for id, reading in bench.readings.items()}
    ids = project.demonstrations.ids(Filter())[:200]
    shown = project.demonstrations.get(ids)
    return RecipeChoices(
        bench, len(pool(project, Prompt())), sum(map(_length, shown)) / len(shown) if shown else 100.0,
        {name: frozenset(id for id, asked in sets.items() if asked and all(map(one.fits, asked)))
         for name, one in instant().items()},
        bool(read_machine(project.folder).gpus))


def _length(one: Demonstration) -> int:
    return sum(len(turn.text) for turn in one.turns)


def default_request(choices: RecipeChoices, recipe: str, set_id: int | None = None,
                    prompt_id: int | None = None) -> RecipeRequest | None:
    """The current model, the current prompt (or the first), the questions that are shown (or the first that are not
    held out), and what can be done with them. None while there is no model or no question set."""
    bench = choices.bench
    model = default_model(bench.models)
    if model is None or model.ref.id is None or not bench.readings:
        return None
    chosen = set_id if set_id in bench.readings else default_set(bench)
    prompt = default_prompts(bench.prompts, prompt_id)[-1]
    by, judge_id = default_judge(choices, chosen)
    drawn_by_lot = 1.0 if recipe == DECODING.name else 0.0      # draws of greedy answers would all be the same
    return RecipeRequest(
        recipe, chosen, model.ref.id, None if prompt is None else prompt.id,
        series=default_series(choices), by=by, judge_id=judge_id,
        decoding=DecodingSettings(max_tokens=MOST_TOKENS, temperature=drawn_by_lot),
        contestants=tuple(one.id for one in bench.readings[chosen].contestants
                          if one.id is not None and not one.from_file))


def default_series(choices: RecipeChoices) -> tuple[str, ...]:
    """All that can be drawn: a ranking takes measured gains."""
    return tuple(name for name in SCALING_SERIES if name != "greedy" or choices.bench.ranked)


def maker(choices: RecipeChoices, set_id: int) -> Grader | None:
    """Who can make more demonstrations for these questions."""
    return next((one for one in graders() if one.make is not None and set_id in choices.known.get(one.name, ())), None)


def default_judge(choices: RecipeChoices, set_id: int) -> tuple[str, int | None]:
    """What tells good answers to these questions best and costs least: their exact grader, a measure against their
    references, or the current model."""
    knows = next((name for name in instant() if set_id in choices.known.get(name, ())), None)
    if knows is not None:
        return knows, None
    model = default_model(choices.bench.models)
    return LANGUAGE_MODEL, None if model is None else model.ref.id


def submit(project: Project, request: RecipeRequest) -> int:
    """Put the recipe into the queue, and behind it the judging that it asks for; returns its job's id. Raises
    WorkbenchError."""
    spec = specification(project, request)
    judging: tuple[JobSpec, ...] = ()
    if isinstance(spec, RecipeSpec):
        answered = [one.id for one in spec.contestants if one.id is not None]
        judging = judging_specifications(project, request.set_id, answered, request.then, planned=True)
    job_id = project.jobs.submit(spec)
    for one in judging:
        project.jobs.submit(one, after=job_id)
    return job_id


def specification(project: Project, request: RecipeRequest) -> JobSpec:
    """The recipe's job. Its contestants are on the bench from now on. Raises WorkbenchError."""
    return _MAKERS[recipe(request.recipe).name](_Means(project, request))


class _Means:
    """What a request names, looked up in the project."""

    def __init__(self, project: Project, request: RecipeRequest) -> None:
        self.project, self.request = project, request
        self.model = self.model_of(request.model_id)
        self.prompt = Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)
        self.asked = spread(project.questions.get(request.set_id).questions, request.questions)

    def model_of(self, model_id: int | None) -> ModelRef:
        """Raises WorkbenchError."""
        found = next((one.ref for one in self.project.models.all() if one.ref.id == model_id), None)
        if found is None:
            raise WorkbenchError("The chosen model is no longer registered.", safe="Nothing was started.",
                                 remedy="Choose another model.")
        return found

    def pool(self) -> list[Demonstration]:
        return pool(self.project, self.prompt, self.request.query)

    def recipe(self, made: Sequence[Variant], *, likelihood: bool = True, warning: str = "",
               tuning: Tuning | None = None) -> RecipeSpec:
        request = self.request
        stored = self.project.bench.add_contestants([one.contestant for one in made])
        places: list[tuple[int, Place]] = [(one.id or 0, variant.place)
                                           for one, variant in zip(stored, made, strict=True)]
        name: Recipe = request.recipe                                                    # type: ignore[assignment]
        return RecipeSpec(
            name, tuple({one.id: one for one in stored}.values()), tuple(places), self.asked,
            request.repeats if name == DECODING.name else 1, request.answers or name == DECODING.name,
            likelihood and any(any(one.references) for one in self.asked), request.turns, warning, tuning=tuning)


def _decoding(means: _Means) -> RecipeSpec:
    """Recipe 1: one or two decoding parameters, with the prompt and without one."""
    request = means.request
    return means.recipe(variants.decoding(means.model, means.prompt, request.axes, request.decoding), likelihood=False)


def _scaling(means: _Means) -> RecipeSpec:
    """Recipe 2: 0, 3, 5, … demonstrations."""
    request, found = means.request, means.pool()
    ranked = "greedy" in request.series
    ranking = _ranking(means.project, found, request.ranking_job) if ranked else ()
    made = variants.scaling(means.model, means.prompt, found, ranking, sizes=request.numbers, series=request.series,
                            seeds=request.repeats, settings=request.decoding)
    flattered = ranked and _ranked_on(means.project, request.set_id, request.ranking_job)
    return means.recipe(made, warning=FLATTERED if flattered else "")


def _parts(means: _Means) -> RecipeSpec:
    """Recipe 3: correct, shifted, random and no answers."""
    return means.recipe(variants.demonstration_parts(means.model, means.prompt, means.pool(),
                                                     seeds=means.request.repeats, settings=means.request.decoding))


def _search(means: _Means) -> JudgedSearchSpec:
    """Recipe 4: greedy search by what a judge says of first-turn answers."""
    request, project = means.request, means.project
    judge = means.model_of(request.judge_id) if request.by == LANGUAGE_MODEL else None
    return JudgedSearchSpec(
        means.model, means.prompt, tuple(means.pool()), means.asked, request.rounds, request.by, judge,
        project.judging.prompts(request.judge_prompts), decoding=request.decoding, seed=request.seed)


def _tuning(means: _Means) -> RecipeSpec:
    """Recipe 5: the same demonstrations in context, as many as fit, and as training data (see TuningSettings)."""
    request, project, model = means.request, means.project, means.model
    facts = next((one.facts for one in project.models.all() if one.ref.path == model.path), None)
    facts = facts or project.models.read(Path(model.path))
    made = Trainings(model, facts, means.prompt, request.training, project.folder / "artifacts")
    sets = draw_sets(means.prompt, means.pool(), request.numbers, request.repeats)
    asked = [replace(one, turns=one.turns[:1]) for one in means.asked] if request.turns == "first" else means.asked
    fits_context = fitting(model, facts, asked, request.decoding)
    found = tuning(model, means.prompt, sets, made.model_of, fits_context, request.decoding)
    shown = {one.place.x for one in found if one.place.series == IN_CONTEXT}
    over = min((one.size for one in sets if one.size not in shown), default=0)
    warning = f"In context, {over} demonstrations and more leave no room for whole answers." if over else ""
    return means.recipe(found, warning=warning, tuning=made.tuning())


def _shift(means: _Means) -> ShiftSpec:
    """Recipe 6: contestants against the base model, token by token."""
    request = means.request
    return means.project.judging.shift(request.set_id, request.contestants, means.model)


_MAKERS: Mapping[str, Callable[[_Means], JobSpec]] = {
    DECODING.name: _decoding, SCALING.name: _scaling, PARTS.name: _parts, SEARCH.name: _search, TUNING.name: _tuning,
    SHIFT.name: _shift}


def pool(project: Project, base: Prompt, query: str = "") -> list[Demonstration]:
    """What a query finds, by the rule of searches.pool."""
    return list(searches.pool(project, base, Filter(text=query, statuses=NOT_REJECTED)))


def _ranking(project: Project, drawn_from: Iterable[Demonstration], job_id: int | None) -> list[int]:
    if job_id is not None:
        first = 1 if project.jobs.get(job_id).kind == "search" else 0
        return [one.demonstration_id for one in project.results.ranking(job_id, first)]
    ids = project.demonstrations.ids(Filter(), Sort.GAIN, descending=True)
    wanted = {one.id for one in drawn_from}
    return [row.id for row in project.demonstrations.rows(ids) if row.gain is not None and row.id in wanted]


def _ranked_on(project: Project, question_set_id: int, job_id: int | None) -> bool:
    """Whether the ranking (by default: the gains measured last) was made with questions of this set."""
    asked = {one.id for one in project.questions.get(question_set_id).questions}
    if job_id is None:
        with project.database.read() as connection:
            jobs = stored_scores.gain_jobs(connection)
    else:
        jobs = [job_id]
    specs = (project.jobs.spec(one) for one in jobs)
    return any(one.id in asked for spec in specs if isinstance(spec, ScoreSpec | SearchSpec) for one in spec.questions)


def numbers_in(text: str) -> tuple[float, ...]:
    """ "0, 0.3 0.7" → (0.0, 0.3, 0.7). Raises ValueError for what is no number, and for nothing."""
    found = tuple(float(part) for part in text.replace(",", " ").split())
    if not found:
        raise ValueError("no number")
    return tuple(dict.fromkeys(found))


def problem(choices: RecipeChoices, request: RecipeRequest, pool: int) -> str:
    """Why this cannot be started; "" when it can. ``pool`` is how many demonstrations the request draws from."""
    model, kind = choices.bench.model(request.model_id), request.recipe
    if model is None:
        return "The chosen model is not ready. Look at it on the Models page."
    if kind == SCALING.name and not request.series:
        return "Tick at least one way to choose the demonstrations."
    if kind == SCALING.name and "greedy" in request.series and not choices.bench.ranked:
        return "The greedy-ranked series needs the candidates' gains. Score them first, on the Rankings page."
    if kind in (SCALING.name, PARTS.name, SEARCH.name, TUNING.name) and not pool:
        return "There is no demonstration to draw from. Import some, or ask for others."
    if kind == SEARCH.name:
        return _search_problem(choices, request)
    own_weights = model.ref.backend is Backend.TRANSFORMERS
    if kind == TUNING.name and (not own_weights or model.ref.base):
        return "Only a model in a folder with safetensors files of its own can be trained."
    if kind == SHIFT.name and not own_weights:
        return "The comparison takes a model with weights of its own: no GGUF file, no server."
    if kind == SHIFT.name and not request.contestants:
        return "Tick a contestant that has answered these questions. Run a bench, or another recipe, first."
    return ""


def _search_problem(choices: RecipeChoices, request: RecipeRequest) -> str:
    if request.by == LANGUAGE_MODEL or request.set_id in choices.known.get(request.by, ()):
        return ""
    judge = instant().get(request.by)
    if isinstance(judge, Grader):
        return f"“{judge.about}” does not know all of these questions. Choose another judge."
    return "A question has no reference to measure its answers with. Choose a model as the judge."


def checked(project: Project, choices: RecipeChoices, request: RecipeRequest) -> RecipeRequest:
    """The request. Raises WorkbenchError where it has a ``problem``."""
    base = Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)
    if words := problem(choices, request, len(pool(project, base, request.query))):
        raise WorkbenchError(words, safe="Nothing was started.")
    return request


def work_words(choices: RecipeChoices, request: RecipeRequest, pool: int) -> str:
    """What the recipe costs: "At most 1 600 answers, about 2 min." """
    asked = spread(choices.bench.readings[request.set_id].questions, request.questions)
    turns = sum(len(one.turns) for one in asked)
    kind, trained, candidates = request.recipe, 0.0, pool
    pool = choices.available(request, pool)
    if kind == DECODING.name:
        answers = 2 * request.repeats * turns
        for values in request.axes.values():
            answers *= len(values)
        words = f"At most {counted(answers, 'answer')}"
    elif kind == SEARCH.name:
        answers = (sum(max(candidates - number, 0) for number in range(request.rounds)) + 1) * len(asked)
        words = f"{counted(candidates, 'candidate')}, at most {counted(answers, 'answer')} to make and to judge"
    elif kind == SHIFT.name:
        answers = sum(answer.repeat == 0 and answer.contestant_id in request.contestants
                      for answer in choices.bench.readings[request.set_id].answers.values())
        return f"{counted(answers, 'answer')} to read twice; no answer is made. Only the first draws are compared."
    else:
        contestants, notes = _contestants(request, pool)
        answers = contestants * turns
        words = f"{notes}, at most {counted(answers, 'answer')}" if request.answers else notes
        trained = _training(choices, request, pool) if kind == TUNING.name else 0.0
        answers *= 2 if request.answers else 1           # reading a reference takes about as long as an answer
    return words + _time(choices.seconds_an_answer(request.model_id), answers, trained) + _left_out(request, pool)


def _contestants(request: RecipeRequest, pool: int) -> tuple[int, str]:
    """How many contestants there are at most, in words too."""
    sizes = [size for size in request.numbers if size <= pool]
    if request.recipe == SCALING.name:
        sets = sum(request.repeats if name in variants.DRAWN else 1 for name in request.series)
        return len(sizes) * sets, counted(len(sizes) * sets, "prompt")
    if request.recipe == TUNING.name:
        runs = request.repeats * sum(size > 0 for size in sizes)
        return 2 * len(sizes) * request.repeats, f"{counted(runs, 'training run')}, none of them twice"
    drawn = sum(part.startswith("random") for part in variants.PARTS)
    made = len(variants.PARTS) - drawn + drawn * request.repeats
    return made, counted(made, "prompt")


def _training(choices: RecipeChoices, request: RecipeRequest, pool: int) -> float:
    model = choices.bench.model(request.model_id)
    if model is None or model.facts is None:
        return 0.0
    sizes = [size for size in request.numbers if size <= pool] * request.repeats
    return training_seconds(model.facts, sizes, request.training.epochs, choices.characters,
                            on_gpu=choices.on_gpu and model.ref.device != "cpu")


def _time(each: float | None, answers: int, trained: float) -> str:
    if each is None and answers:
        return f", and {_about(trained)} of training." if trained else ". No answer of this model was timed yet."
    return f", {_about((each or 0.0) * answers + trained)}." if answers or trained else "."


def _about(seconds: float) -> str:
    return "a few seconds" if seconds < 10 else f"about {duration(seconds)}"


def _left_out(request: RecipeRequest, pool: int) -> str:
    if request.recipe not in (SCALING.name, TUNING.name):
        return ""
    over = [size for size in request.numbers if size > pool]
    listed = ", ".join(f"{one:g}" for one in over)
    words = f" The pool has {counted(pool, 'demonstration')}: {listed} left out." if over else ""
    if request.recipe == TUNING.name:
        words += " In context, numbers that leave no room for an answer are left out."
    return words
