"""What a person asks for when they run a recipe: what there is to choose from, what it costs, and its start (no Qt
here)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.bench.house_grader import fits
from workbench.domain import Backend, DecodingSettings, Demonstration, ModelRef, Prompt
from workbench.domain.filter import Filter
from workbench.jobs.judged_search_spec import JudgedBy
from workbench.services.benching import BenchChoices, read_choices
from workbench.services.models import read_machine
from workbench.services.project import Project
from workbench.services.recipe_results import PAPER, PARTS, SCALING_SERIES, SIZES, TrainingWish
from workbench.services.tuning import training_seconds
from workbench.wording import counted, duration

MINI_WORLD = 4_000                   # demonstrations that are offered where the pool is too small


@dataclass(frozen=True, slots=True)
class RecipeName:
    """``about`` says what the recipe asks, what it does, and what the chart shows."""

    kind: str
    title: str
    about: str


RECIPES = (
    RecipeName("decoding", "Decoding parameters", "Which temperature and repetition penalty suit a base model? Every "
               "combination answers, with the prompt and without one. Two heat maps on one scale."),
    RecipeName("scaling", "Number of demonstrations", "What do more demonstrations bring? Prompts of 0, 3, 5, … drawn "
               "by lot, taken from the ranking, spread over sources, or shown without answers. One curve each."),
    RecipeName("demonstration_parts", "What matters in one", "Is it the right answer that helps, or only its look? The "
               "base prompt with its own answers, with each other’s, with random ones, and with none."),
    RecipeName("judged_search", "Search by a judge", "Which candidate does a judge of whole answers prefer, and would "
               "the cheap likelihood find it too? A greedy search: under each candidate all first turns are answered."),
    RecipeName("tuning", "In context or tuned", "Are demonstrations worth more in the prompt or as training data? The "
               "same ones both ways, a model trained anew for each number and seed. One curve a turn."),
    RecipeName("shift", "Shift of the base model", "How far does a prompt, or training, move the base model? Answers "
               "that are there are read again with the bare model: which tokens would it not have chosen?"),
)


@dataclass(frozen=True)
class RecipeChoices:
    """What the form offers. ``pool`` is how many demonstrations can be drawn, ``characters`` their mean length;
    ``mini_world`` and ``referenced`` are sets that the exact grader knows, and sets with references."""

    bench: BenchChoices
    pool: int = 0
    characters: float = 100.0
    mini_world: frozenset[int] = frozenset()
    referenced: frozenset[int] = frozenset()
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
    """Fields that a recipe does not have are ignored. ``questions`` 0: all of the set; ``query`` says which
    demonstrations are drawn from; ``contestants`` are those that are compared with the base model."""

    recipe: str
    set_id: int
    model_id: int
    prompt_id: int | None = None
    questions: int = 0
    repeats: int = 3
    axes: Mapping[str, Sequence[float]] = field(default_factory=lambda: dict(PAPER))
    sizes: Sequence[int] = SIZES
    series: Sequence[str] = SCALING_SERIES
    answers: bool = True
    query: str = ""
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    training: TrainingWish = field(default_factory=TrainingWish)
    rounds: int = 3
    by: JudgedBy = "rules"
    judge_id: int | None = None
    contestants: tuple[int, ...] = ()


def read_recipe_choices(project: Project) -> RecipeChoices:
    bench = read_choices(project)
    sets = {id: reading.questions for id, reading in bench.readings.items()}
    ids = project.demonstrations.ids(Filter())[:200]
    shown = project.demonstrations.get(ids)
    return RecipeChoices(
        bench, project.recipes.pool_size(Prompt()), sum(map(_length, shown)) / len(shown) if shown else 100.0,
        frozenset(id for id, asked in sets.items() if asked and all(map(fits, asked))),
        frozenset(id for id, asked in sets.items() if asked and all(one.references and one.references[0]
                                                                    for one in asked)),
        bool(read_machine(project.folder).gpus))


def _length(one: Demonstration) -> int:
    return sum(len(turn.text) for turn in one.turns)


def submit(project: Project, request: RecipeRequest) -> int:
    """Put the recipe into the queue; returns its job's id. Raises WorkbenchError."""
    model, set_id = _model(project, request.model_id), request.set_id
    if request.recipe == "shift":
        return project.judging.submit_shifts(set_id, request.contestants, model)
    prompt = Prompt() if request.prompt_id is None else project.prompts.get(request.prompt_id)
    if request.recipe == "decoding":
        return project.recipes.submit_decoding(set_id, model, prompt, request.axes, repeats=request.repeats,
                                               base=request.decoding, questions=request.questions)
    if request.recipe == "judged_search":
        return project.recipes.submit_search(
            set_id, model, prompt, by=request.by, rounds=request.rounds, query=request.query,
            judge=None if request.judge_id is None else _model(project, request.judge_id), decoding=request.decoding,
            questions=request.questions)
    if request.recipe == "scaling":
        return project.recipes.submit_scaling(
            set_id, model, prompt, sizes=request.sizes, series=request.series, seeds=request.repeats,
            query=request.query, decoding=request.decoding, answers=request.answers, questions=request.questions)
    if request.recipe == "tuning":
        return project.recipes.submit_tuning(
            set_id, model, prompt, sizes=request.sizes, seeds=request.repeats, training=request.training,
            query=request.query, decoding=request.decoding, answers=request.answers, questions=request.questions)
    return project.recipes.submit_parts(set_id, model, prompt, seeds=request.repeats, query=request.query,
                                        decoding=request.decoding, answers=request.answers,
                                        questions=request.questions)


def _model(project: Project, model_id: int) -> ModelRef:
    return next(model.ref for model in project.models.all() if model.ref.id == model_id)


def numbers_in(text: str) -> tuple[float, ...]:
    """ "0, 0.3 0.7" → (0.0, 0.3, 0.7). Raises ValueError for what is no number, and for nothing."""
    found = tuple(float(part) for part in text.replace(",", " ").split())
    if not found:
        raise ValueError("no number")
    return tuple(dict.fromkeys(found))


def problem(choices: RecipeChoices, request: RecipeRequest, pool: int) -> str:
    """Why this cannot be started; "" when it can. ``pool`` is how many demonstrations the request draws from."""
    model, kind = choices.bench.model(request.model_id), request.recipe
    assert model is not None
    if kind == "scaling" and not request.series:
        return "Tick at least one way to choose the demonstrations."
    if kind == "scaling" and "greedy" in request.series and not choices.bench.ranked:
        return "The greedy-ranked series needs the candidates' gains. Score them first, on the Rankings page."
    if kind in ("scaling", "demonstration_parts", "judged_search", "tuning") and not pool:
        return "There is no demonstration to draw from. Import some, or ask for others."
    if kind == "judged_search":
        return _search_problem(choices, request)
    own_weights = model.ref.backend is Backend.TRANSFORMERS
    if kind == "tuning" and (not own_weights or model.ref.base):
        return "Only a model in a folder with safetensors files of its own can be trained."
    if kind == "shift" and not own_weights:
        return "The comparison takes a model with weights of its own: no GGUF file, no server."
    if kind == "shift" and not request.contestants:
        return "Tick a contestant that has answered these questions. Run a bench, or another recipe, first."
    return ""


def _search_problem(choices: RecipeChoices, request: RecipeRequest) -> str:
    if request.by == "rules" and request.set_id not in choices.mini_world:
        return "The exact grader knows the questions of the sample's mini-world only. Choose another judge."
    if request.by in ("f1", "exact") and request.set_id not in choices.referenced:
        return "A question has no reference to measure its answers with. Choose a model as the judge."
    return ""


def work_words(choices: RecipeChoices, request: RecipeRequest, pool: int) -> str:
    """What the recipe costs: "At most 1 600 answers, about 2 min." """
    questions = choices.bench.readings[request.set_id].questions
    asked = questions[: request.questions] if request.questions else questions
    turns = sum(len(one.turns) for one in asked)
    kind, trained, candidates = request.recipe, 0.0, pool
    pool = choices.available(request, pool)
    if kind == "decoding":
        answers = 2 * request.repeats * turns
        for values in request.axes.values():
            answers *= len(values)
        words = f"At most {counted(answers, 'answer')}"
    elif kind == "judged_search":
        answers = (sum(max(candidates - number, 0) for number in range(request.rounds)) + 1) * len(asked)
        words = f"{counted(candidates, 'candidate')}, at most {counted(answers, 'answer')} to make and to judge"
    elif kind == "shift":
        answers = sum(answer.repeat == 0 and answer.contestant_id in request.contestants
                      for answer in choices.bench.readings[request.set_id].answers.values())
        return f"{counted(answers, 'answer')} to read twice; no answer is made. Only the first draws are compared."
    else:
        contestants, notes = _contestants(request, pool)
        answers = contestants * turns
        words = f"{notes}, at most {counted(answers, 'answer')}" if request.answers else notes
        trained = _training(choices, request, pool) if kind == "tuning" else 0.0
        answers *= 2 if request.answers else 1           # reading a reference takes about as long as an answer
    return words + _time(choices.seconds_an_answer(request.model_id), answers, trained) + _left_out(request, pool)


def _contestants(request: RecipeRequest, pool: int) -> tuple[int, str]:
    """How many contestants there are at most, in words too."""
    sizes = [size for size in request.sizes if size <= pool]
    if request.recipe == "scaling":
        sets = len(request.series) + (request.repeats - 1) * ("random" in request.series)
        return len(sizes) * sets, counted(len(sizes) * sets, "prompt")
    if request.recipe == "tuning":
        runs = request.repeats * sum(size > 0 for size in sizes)
        return 2 * len(sizes) * request.repeats, f"{counted(runs, 'training run')}, none of them twice"
    drawn = sum(part.startswith("random") for part in PARTS)
    made = len(PARTS) - drawn + drawn * request.repeats
    return made, counted(made, "prompt")


def _training(choices: RecipeChoices, request: RecipeRequest, pool: int) -> float:
    model = choices.bench.model(request.model_id)
    if model is None or model.facts is None:
        return 0.0
    sizes = [size for size in request.sizes if size <= pool] * request.repeats
    return training_seconds(model.facts, sizes, request.training.epochs, choices.characters,
                            on_gpu=choices.on_gpu and model.ref.device != "cpu")


def _time(each: float | None, answers: int, trained: float) -> str:
    if each is None and answers:
        return f", and {_about(trained)} of training." if trained else ". No answer of this model was timed yet."
    return f", {_about((each or 0.0) * answers + trained)}." if answers or trained else "."


def _about(seconds: float) -> str:
    return "a few seconds" if seconds < 10 else f"about {duration(seconds)}"


def _left_out(request: RecipeRequest, pool: int) -> str:
    if request.recipe not in ("scaling", "tuning"):
        return ""
    over = [size for size in request.sizes if size > pool]
    listed = ", ".join(f"{one:g}" for one in over)
    words = f" The pool has {counted(pool, 'demonstration')}: {listed} left out." if over else ""
    return words + (" In context, numbers that leave no room for an answer are left out." if request.recipe == "tuning"
                    else "")
