"""What a person asks for when they run a bench: who answers what, and who judges it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.domain import Changes, Contestant, DecodingSettings, Prompt
from workbench.jobs.judge_spec import Mode, Price
from workbench.services.bench_reading import BenchReading, read_bench
from workbench.services.judging import JudgeWish
from workbench.services.models import ModelInfo
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo
from workbench.wording import counted, duration

JudgeKind = Literal["none", "likelihood", "model"]


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """``prompts`` is a judge_prompts.jsonl; None is the workbench's own. ``baseline`` is a contestant's id."""

    kind: JudgeKind = "none"
    model_id: int | None = None
    mode: Mode = "single"
    baseline: int | None = None
    prompts: Path | None = None
    unreadable_again: bool = False
    price: Price = field(default_factory=Price)


@dataclass(frozen=True, slots=True)
class NewContestant:
    model_id: int
    prompt_id: int | None
    decoding: DecodingSettings
    name: str


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """``known`` are contestants of the set that answer what they have not answered, and are judged."""

    set_id: int
    known: tuple[int, ...] = ()
    new: tuple[NewContestant, ...] = ()
    repeats: int = 1
    judge: JudgeChoice = field(default_factory=JudgeChoice)


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
class Started:
    """Jobs in the queue: one that answers (None: all is answered), and those that judge, afterwards or now."""

    answering: int | None
    judging: tuple[int, ...]
    changes: Changes = field(default_factory=Changes)


def read_choices(project: Project) -> BenchChoices:
    models = tuple(model for model in project.models.all() if model.state == "ready")
    sets = [info.id for info in project.questions.sets()]
    return BenchChoices(models, tuple(project.prompts.all()), {id: read_bench(project, id) for id in sets},
                        bool(project.results.runs()))


def default_request(choices: BenchChoices, set_id: int | None, prompt_id: int | None) -> BenchRequest | None:
    """The current model without a prompt and with the current one, greedy; None while nothing can be asked."""
    if not choices.readings:
        return None
    chosen = set_id if set_id in choices.readings else next(iter(choices.readings))
    known = tuple(one.id for one in choices.readings[chosen].contestants if one.id is not None)
    model = next((one for one in choices.models if one.current), choices.models[0] if choices.models else None)
    if known or model is None or model.ref.id is None:
        return BenchRequest(chosen, known)
    prompts = [info.id for info in choices.prompts]
    wanted = [None, *([prompt_id] if prompt_id in prompts else prompts[:1])]
    new = tuple(NewContestant(model.ref.id, prompt, DecodingSettings(), suggested_name(choices, model.ref.id, prompt,
                                                                                       DecodingSettings()))
                for prompt in wanted)
    return BenchRequest(chosen, known, new)


def suggested_name(choices: BenchChoices, model_id: int, prompt_id: int | None, decoding: DecodingSettings) -> str:
    """ "tiny-teacher, Base prompt, T 0.7": what tells contestants apart."""
    model = choices.model(model_id)
    prompt = next((info for info in choices.prompts if info.id == prompt_id), None)
    parts = [model.ref.name if model is not None else "model",
             "no prompt" if prompt is None else prompt.name or f"{prompt.demonstrations} demonstrations"]
    if decoding.label != "greedy":
        parts.append(decoding.label)
    return ", ".join(parts)


def start(project: Project, request: BenchRequest) -> Started:
    """Put what is not answered yet into the queue, and the judging behind it. Raises WorkbenchError."""
    known = [one for one in project.bench.contestants() if one.id in request.known]
    models = {model.ref.id: model.ref for model in project.models.all()}
    new = [Contestant(one.name, models[one.model_id], _prompt(project, one.prompt_id), one.decoding)
           for one in request.new]
    added = project.bench.add_contestants(new) if new else []
    everybody = tuple(dict.fromkeys(one.id for one in (*known, *added) if one.id is not None))
    reading = read_bench(project, request.set_id)
    can_answer = [one for one in (*known, *added)
                  if not one.from_file and missing(reading, one.id, request.repeats)]
    job = project.bench.submit_answers(can_answer, request.set_id, repeats=request.repeats) if can_answer else None
    changes = Changes() if job is not None else project.judging.measure(request.set_id, everybody)
    wish = _wish(project, request.judge)
    judging = () if wish is None else project.judging.submit_wish(request.set_id, everybody, wish, job)
    return Started(job, judging, changes)


def _prompt(project: Project, prompt_id: int | None) -> Prompt | None:
    return None if prompt_id is None else project.prompts.get(prompt_id)


def _wish(project: Project, choice: JudgeChoice) -> JudgeWish | None:
    """None where nobody is to judge."""
    if choice.kind != "model":
        return JudgeWish() if choice.kind == "likelihood" else None
    model = next(model.ref for model in project.models.all() if model.ref.id == choice.model_id)
    return JudgeWish(model, choice.mode, choice.baseline, project.judging.prompts(choice.prompts),
                     choice.unreadable_again, price=choice.price)


def missing(reading: BenchReading, contestant_id: int | None, repeats: int) -> int:
    """How many answers a contestant has not given."""
    return sum((contestant_id, question.id, turn, repeat) not in reading.by_key
               for question in reading.questions for turn in range(len(question.turns)) for repeat in range(repeats))


def problem(choices: BenchChoices, request: BenchRequest) -> str:
    """Why this cannot be started; "" when it can."""
    everybody = len(request.known) + len(request.new)
    if not everybody:
        return "Tick a contestant, or add one."
    chosen = request.judge
    if chosen.kind == "model" and chosen.mode != "single" and everybody < 2:
        return "Pairs need two contestants."
    if chosen.mode == "pair_baseline" and chosen.baseline not in request.known:
        return "The baseline has to be a contestant that is ticked and has answered."
    if chosen.kind == "likelihood" and not request.new and all(
            choices.readings[request.set_id].contestant(id).from_file for id in request.known):
        return "These answers came from files: no model is known that could measure the references’ likelihood."
    names = [one.name for one in request.new]
    if len(set(names)) < len(names) or not all(name.strip() for name in names):
        return "Each new contestant needs a name of its own."
    reading = choices.readings[request.set_id]
    nothing = not request.new and not any(missing(reading, id, request.repeats) for id in request.known
                                          if not reading.contestant(id).from_file)
    if nothing and chosen.kind == "none":
        return "All of this is answered. Choose a judge, or add a contestant."
    return ""


def work_words(choices: BenchChoices, request: BenchRequest) -> str:
    """ "160 answers to make, about 3 min, then 160 judgements." """
    reading = choices.readings[request.set_id]
    turns = sum(len(question.turns) for question in reading.questions)
    answers = len(request.new) * turns * request.repeats
    answers += sum(missing(reading, id, request.repeats) for id in request.known
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
