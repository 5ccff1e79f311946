"""Running a bench: who answers what and who judges it. The window, the command line and the tour ask for it here.

A request says what is wanted by ids; ``problem`` says why it cannot be had, ``specifications`` what jobs it takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workbench.bench.judgements import Reading
from workbench.domain import Changes, Contestant, DecodingSettings, Question
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.answer import AnswerSpec
from workbench.jobs.kinds.judge import JUDGE_TOKENS, JudgePlan, JudgeSpec, Mode, Price
from workbench.services.bench_reading import BenchReading, read_bench
from workbench.services.questions import searched_set
from workbench.wording import counted, duration
from workbench_db import scores as stored_scores

if TYPE_CHECKING:
    from workbench.services.models import ModelInfo
    from workbench.services.project import Project
    from workbench.services.prompts import PromptInfo

JudgeKind = Literal["none", "likelihood", "model"]


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """``prompts`` is a judge_prompts.jsonl; None is the workbench's own. ``baseline`` is a contestant's id, or the name
    of one that is new."""

    kind: JudgeKind = "none"
    model_id: int | None = None
    mode: Mode = "single"
    baseline: int | str | None = None
    prompts: Path | None = None
    unreadable_again: bool = False
    price: Price = field(default_factory=Price)
    decoding: DecodingSettings = field(default_factory=lambda: DecodingSettings(max_tokens=JUDGE_TOKENS))
    reading: Reading = "last"


@dataclass(frozen=True, slots=True)
class NewContestant:
    model_id: int
    prompt_id: int | None
    decoding: DecodingSettings
    name: str


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """``known`` are contestants of the set that answer what they have not answered, and are judged. ``questions`` are
    spread over the set; 0: all of it."""

    set_id: int
    known: tuple[int, ...] = ()
    new: tuple[NewContestant, ...] = ()
    repeats: int = 1
    judge: JudgeChoice = field(default_factory=JudgeChoice)
    questions: int = 0


@dataclass(frozen=True)
class BenchChoices:
    """What the form offers. ``readings`` has what there is for each question set."""

    models: tuple[ModelInfo, ...]
    prompts: tuple[PromptInfo, ...]
    readings: dict[int, BenchReading]
    ranked: bool = False                         # whether any candidate's gain was measured

    def model(self, model_id: int | None) -> ModelInfo | None:
        return next((model for model in self.models if model.ref.id == model_id), None)


@dataclass(frozen=True, slots=True)
class BenchJobs:
    """``answering`` is None where all is answered; ``judging`` begins once it has finished. ``contestants`` are the ids
    of all that are asked for."""

    answering: AnswerSpec | None
    judging: tuple[JudgeSpec, ...]
    contestants: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """Jobs in the queue: one that answers (None: all is answered), and those that judge, afterwards or now."""

    answering: int | None
    judging: tuple[int, ...]
    changes: Changes = field(default_factory=Changes)


def read_choices(project: Project) -> BenchChoices:
    models = tuple(model for model in project.models.all() if model.state == "ready")
    sets = [info.id for info in project.questions.sets()]
    with project.database.read() as connection:
        ranked = bool(stored_scores.gain_jobs(connection))
    return BenchChoices(models, tuple(project.prompts.all()), {id: read_bench(project, id) for id in sets}, ranked)


def default_request(choices: BenchChoices, set_id: int | None, prompt_id: int | None) -> BenchRequest | None:
    """Those that are on the bench; else the current model without a prompt and with the current one, greedy. None while
    nothing can be asked."""
    if not choices.readings:
        return None
    chosen = set_id if set_id in choices.readings else default_set(choices)
    known = tuple(one.id for one in choices.readings[chosen].contestants if one.id is not None)
    model = default_model(choices.models)
    if known or model is None or model.ref.id is None:
        return BenchRequest(chosen, known)
    return BenchRequest(chosen, known, new_contestants([model], default_prompts(choices.prompts, prompt_id),
                                                       DecodingSettings()))


def default_set(choices: BenchChoices) -> int:
    """The first that is not held out, or else the first."""
    sets = next(iter(choices.readings.values())).sets
    found = searched_set(sets)
    return found.id if found is not None else next(iter(choices.readings))


def default_model(models: Sequence[ModelInfo]) -> ModelInfo | None:
    """The current one, or else the first."""
    return next((model for model in models if model.current), models[0] if models else None)


def default_prompts(prompts: Sequence[PromptInfo], current: int | None = None) -> tuple[PromptInfo | None, ...]:
    """None, and the current prompt, or else the first."""
    chosen = next((info for info in prompts if info.id == current), prompts[0] if prompts else None)
    return (None,) if chosen is None else (None, chosen)


def new_contestants(models: Iterable[ModelInfo], prompts: Sequence[PromptInfo | None],
                    decoding: DecodingSettings) -> tuple[NewContestant, ...]:
    """All combinations, named by what tells them apart."""
    return tuple(NewContestant(model.ref.id, None if prompt is None else prompt.id, decoding,
                               suggested_name(model, prompt, decoding))
                 for model in models if model.ref.id is not None for prompt in prompts)


def suggested_name(model: ModelInfo | None, prompt: PromptInfo | None, decoding: DecodingSettings) -> str:
    """ "tiny-teacher, Base prompt, T 0.7": what tells contestants apart."""
    parts = [model.ref.name if model is not None else "model",
             "no prompt" if prompt is None else prompt.name or f"{prompt.demonstrations} demonstrations"]
    if decoding.label != "greedy":
        parts.append(decoding.label)
    return ", ".join(parts)


def specifications(project: Project, request: BenchRequest) -> BenchJobs:
    """What is not answered yet, and the judging behind it. New contestants are on the bench from now on. Raises
    WorkbenchError."""
    wanted = set(request.known)
    known = [one for one in project.bench.contestants() if one.id in wanted]
    models = {model.ref.id: model.ref for model in project.models.all()}
    new = [Contestant(one.name, models[one.model_id],
                      None if one.prompt_id is None else project.prompts.get(one.prompt_id), one.decoding)
           for one in request.new]
    added = project.bench.add_contestants(new) if new else []
    everybody = {one.id: one for one in (*known, *added) if one.id is not None}
    reading = read_bench(project, request.set_id)
    asked = spread(reading.questions, request.questions)
    can_answer = [one for one in everybody.values()
                  if not one.from_file and missing(reading, one.id, request.repeats, asked)]
    answering = project.bench.answering(can_answer, request.set_id, repeats=request.repeats, question_ids=[
        one.id for one in asked if one.id is not None]) if can_answer else None
    baseline = request.judge.baseline
    if isinstance(baseline, str):
        baseline = next((one.id for one, name in zip(added, request.new, strict=True) if name.name == baseline), None)
    judge = replace(request.judge, baseline=baseline)
    judging = judging_specifications(project, request.set_id, tuple(everybody), judge, planned=answering is not None)
    return BenchJobs(answering, judging, tuple(everybody))


def submit(project: Project, request: BenchRequest) -> Started:
    """Put what is not answered yet into the queue, and the judging behind it. Raises WorkbenchError."""
    jobs = specifications(project, request)
    job = None if jobs.answering is None else project.jobs.submit(jobs.answering)
    changes = Changes() if job is not None else project.judging.measure(request.set_id, jobs.contestants)
    return Started(job, tuple(project.jobs.submit(spec, after=job) for spec in jobs.judging), changes)


def judging_specifications(project: Project, set_id: int, contestant_ids: Collection[int], choice: JudgeChoice, *,
                           planned: bool = False) -> tuple[JudgeSpec, ...]:
    """The jobs that judge what these contestants have answered; ``planned``: what they will have answered, once other
    jobs have finished. What is judged is left out. Raises WorkbenchError: nothing to judge, no baseline."""
    if choice.kind == "none":
        return ()
    if choice.kind == "likelihood":
        return project.judging.likelihoods(set_id, contestant_ids, planned=planned)
    judge = next((model.ref for model in project.models.all() if model.ref.id == choice.model_id), None)
    if judge is None:
        raise WorkbenchError("No judge was chosen.", safe="Nothing was started.", remedy="Choose a model that judges.")
    baseline = choice.baseline if isinstance(choice.baseline, int) else None
    if choice.mode == "pair_baseline" and baseline is None:
        raise WorkbenchError("No baseline was chosen.", safe="Nothing was started.",
                             remedy="Choose the contestant that the others are compared with.")
    prompts = project.judging.prompts(choice.prompts)
    if planned:
        plan = JudgePlan(set_id, tuple(contestant_ids), choice.mode, baseline, choice.unreadable_again)
        return (project.judging.planned(plan, judge, prompts=prompts, decoding=choice.decoding, price=choice.price,
                                        reading=choice.reading),)
    return (project.judging.spec(
        set_id, contestant_ids, judge, choice.mode, baseline_id=baseline, prompts=prompts,
        unreadable_again=choice.unreadable_again, decoding=choice.decoding, price=choice.price,
        reading=choice.reading),)


def spread(questions: tuple[Question, ...], count: int) -> tuple[Question, ...]:
    """``count`` of the questions, spread over the set; 0: all."""
    return questions[:: max(len(questions) // count, 1)][:count] if count else questions


def missing(reading: BenchReading, contestant_id: int | None, repeats: int,
            asked: Sequence[Question] | None = None) -> int:
    """How many answers to what is ``asked`` (None: the whole set) a contestant has not given."""
    questions = reading.questions if asked is None else asked
    return sum((contestant_id, question.id, turn, repeat) not in reading.by_key
               for question in questions for turn in range(len(question.turns)) for repeat in range(repeats))


def problem(choices: BenchChoices, request: BenchRequest) -> str:
    """Why this cannot be started; "" when it can."""
    everybody = len(request.known) + len(request.new)
    if not everybody:
        return "Tick a contestant, or add one."
    chosen = request.judge
    if chosen.kind == "model" and chosen.mode != "single" and everybody < 2:
        return "Pairs need two contestants."
    if chosen.mode == "pair_baseline" and chosen.baseline not in (*request.known, *(one.name for one in request.new)):
        return "The baseline has to be a contestant that is ticked and has answered."
    if chosen.kind == "likelihood" and not request.new and all(
            choices.readings[request.set_id].contestant(id).from_file for id in request.known):
        return "These answers came from files: no model is known that could measure the references’ likelihood."
    names = [one.name for one in request.new]
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        return "Each new contestant needs a name of its own."
    reading = choices.readings[request.set_id]
    asked = spread(reading.questions, request.questions)
    nothing = not request.new and not any(missing(reading, id, request.repeats, asked) for id in request.known
                                          if not reading.contestant(id).from_file)
    if nothing and chosen.kind == "none":
        return "All of this is answered. Choose a judge, or add a contestant."
    return ""


def checked(choices: BenchChoices, request: BenchRequest) -> BenchRequest:
    """The request. Raises WorkbenchError where it has a ``problem``."""
    if words := problem(choices, request):
        raise WorkbenchError(words, safe="Nothing was started.")
    return request


def work_words(choices: BenchChoices, request: BenchRequest) -> str:
    """ "160 answers to make, about 3 min, then 160 judgements." """
    reading = choices.readings[request.set_id]
    asked = spread(reading.questions, request.questions)
    turns = sum(len(question.turns) for question in asked)
    answers = len(request.new) * turns * request.repeats
    answers += sum(missing(reading, id, request.repeats, asked) for id in request.known
                   if not reading.contestant(id).from_file)
    parts = [f"{counted(answers, 'answer')} to make" + _time(reading, choices, request, answers)] if answers else []
    everybody = len(request.known) + len(request.new)
    judged = _judgements(request.judge, everybody, turns * request.repeats)
    if judged:
        parts.append(f"{'then at most' if answers else 'At most'} {counted(judged, 'judgement')}")
    return (", ".join(parts) + ".") if parts else ""


def _judgements(choice: JudgeChoice, contestants: int, answers: int) -> int:
    if choice.kind == "none":
        return 0
    if choice.kind == "likelihood" or choice.mode == "single":
        return contestants * answers
    pairs = contestants - 1 if choice.mode == "pair_baseline" else contestants * (contestants - 1) // 2
    return 2 * max(0, pairs) * answers


def _time(reading: BenchReading, choices: BenchChoices, request: BenchRequest, answers: int) -> str:
    """From what the models took for earlier answers; "" where nothing is known."""
    wanted = {model.ref.name for new in request.new if (model := choices.model(new.model_id)) is not None}
    wanted |= {reading.contestant(id).model.name for id in request.known}
    seconds = _seconds(choices.readings.values(), wanted)
    return f", about {duration(answers * sum(seconds) / len(seconds))}" if seconds else ""


def _seconds(readings: Collection[BenchReading], models: Collection[str]) -> Sequence[float]:
    return [answer.seconds for reading in readings for answer in reading.answers.values()
            if answer.seconds > 0 and reading.contestant(answer.contestant_id).model.name in models]
