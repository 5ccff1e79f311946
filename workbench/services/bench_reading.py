"""What the Bench page shows of one question set, read from the project in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.domain import Answer, Contestant, Judgement, Question, QuestionSet
from workbench.jobs.kinds import KINDS
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.questions import QuestionSetInfo

RECIPE_KINDS = ("recipe", "judged_search", "shift")
JOB_KINDS = tuple(kind.name for kind in KINDS.values() if kind.page == "bench")
AnswerKey = tuple[int, int, int, int]            # contestant, question, turn, repeat


@dataclass(frozen=True)
class BenchReading:
    """``sets`` are all question sets; ``chosen`` is the one that is shown, None where there is none."""

    sets: tuple[QuestionSetInfo, ...] = ()
    answered: frozenset[int] = frozenset()       # ids of the sets that have answers
    chosen: QuestionSet | None = None
    contestants: tuple[Contestant, ...] = ()
    answers: dict[int, Answer] = field(default_factory=dict)
    by_key: dict[AnswerKey, Answer] = field(default_factory=dict)
    judgements: tuple[Judgement, ...] = ()
    said_of: dict[int, tuple[Judgement, ...]] = field(default_factory=dict)
    recipes: bool = False                        # whether a recipe was run
    running: JobInfo | None = None               # an answering or judging job that runs, or else waits

    @property
    def questions(self) -> tuple[Question, ...]:
        return self.chosen.questions if self.chosen is not None else ()

    @property
    def turns(self) -> int:
        return max((answer.turn for answer in self.answers.values()), default=-1) + 1

    @property
    def repeats(self) -> int:
        return max((answer.repeat for answer in self.answers.values()), default=-1) + 1

    def contestant(self, contestant_id: int) -> Contestant:
        return next(one for one in self.contestants if one.id == contestant_id)

    def place(self, question_id: int) -> int:
        """The question's place in the set, -1 where it is not in it."""
        return next((place for place, question in enumerate(self.questions) if question.id == question_id), -1)


def is_baseline(contestant: Contestant) -> bool:
    prompt = contestant.prompt
    return not contestant.from_file and (prompt is None or not prompt.demonstrations)


def read_bench(project: Project, set_id: int | None) -> BenchReading:
    """``set_id`` None, or that of a set that is gone: the one with the most contestants, the newest of them."""
    sets = tuple(project.questions.sets())
    counts = {info.id: len(project.bench.contestants(info.id)) for info in sets}
    if set_id not in counts:
        set_id = max(counts, key=lambda id: (counts[id], id), default=None)
    answered = frozenset(id for id, count in counts.items() if count)
    if set_id is None:
        return BenchReading(sets, answered, recipes=has_recipes(project), running=running_job(project))
    contestants = tuple(project.bench.contestants(set_id))
    answers = project.bench.answers(set_id)
    judgements = tuple(project.bench.judgements(set_id))
    said: defaultdict[int, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        said[judgement.answer_id].append(judgement)
        if judgement.other_answer_id is not None:
            said[judgement.other_answer_id].append(judgement)
    return BenchReading(sets, answered, project.questions.get(set_id), contestants,
                        {answer.id: answer for answer in answers if answer.id is not None},
                        {answer.key: answer for answer in answers}, judgements,
                        {id: tuple(found) for id, found in said.items()}, has_recipes(project), running_job(project))


def has_recipes(project: Project) -> bool:
    return any(job.kind in RECIPE_KINDS for job in project.jobs.all())


def running_job(project: Project) -> JobInfo | None:
    """The bench's own job that runs, or is the first to wait."""
    return next((job for job in project.jobs.all() if job.kind in JOB_KINDS and not job.state.ended), None)


def place_of_job(project: Project, job_id: int) -> tuple[str, int | None]:
    """A job's kind, and the question set that it asked (None if that is gone)."""
    questions = getattr(project.jobs.spec(job_id), "questions", ())
    return project.jobs.get(job_id).kind, project.questions.holding(questions)


def details(contestant: Contestant) -> str:
    """ "base-7b · Base prompt, draft 3 · T 0.7, top-p 0.9": what makes its answers, in a line."""
    if contestant.from_file:
        return f"{contestant.model.name} · from a file"
    prompt = contestant.prompt
    if prompt is None:
        words = "no prompt"
    else:
        words = prompt.name or f"{len(prompt.demonstrations)} demonstrations"
        words += f", draft {prompt.version}" if prompt.version else ""
    return f"{contestant.model.name} · {words} · {contestant.decoding.label}"


def answer_facts(answer: Answer) -> str:
    """ "64 tokens · 1.2 s · ended at a stop string"."""
    ends = {"stop": "ended at a stop string", "end": "ended by itself", "length": "cut off at its most tokens",
            "context": "cut off where the context was full"}
    parts = [f"{answer.tokens} tokens" if answer.tokens else "", f"{answer.seconds:.1f} s" if answer.seconds else "",
             ends.get(answer.finish, "")]
    return " · ".join(part for part in parts if part)


def names(contestants: Sequence[Contestant]) -> dict[int, str]:
    return {one.id: one.name for one in contestants if one.id is not None}


def short_names(contestants: Sequence[Contestant]) -> dict[int, str]:
    """Names without the parts that all begin with ("base-7b, "): where room is short, what tells them apart has to
    show."""
    parts = {one.id: one.name.split(", ") for one in contestants if one.id is not None}
    if len(parts) < 2:
        return names(contestants)
    least = min(map(len, parts.values())) - 1        # something has to be left of each
    first = next(iter(parts.values()))
    alike = next((at for at in range(least) if any(one[at] != first[at] for one in parts.values())), least)
    return {id: ", ".join(one[alike:]) for id, one in parts.items()}
