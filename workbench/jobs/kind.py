"""What a kind of job declares. Each kind stands in a file of its own under ``jobs/kinds``: what it is told, what it
finds, how it runs, what it is called, how it goes on; queue, titles, reports and tests take it from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import Field, dataclass
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from workbench.domain import (
    Answer,
    Backend,
    CandidateScore,
    Judgement,
    Kind,
    ModelRef,
    SearchRound,
    SetEvaluation,
)
from workbench.jobs.result import Result
from workbench.jobs.run import Run

Page = Literal["", "rankings", "alignment", "prompt", "bench"]


class JobSpec(Protocol):
    """What a job is told to do: a frozen dataclass, validated when read from JSON. A job's child sees nothing else."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def kind(self) -> str: ...
    @property
    def model(self) -> ModelRef:
        """The one that the job is about."""


class SharedSpec(JobSpec, Protocol):
    """Of a job that several ``processes`` can do together, one for each device."""

    @property
    def processes(self) -> int: ...


class EndedJob(Protocol):
    """Another job of the project, and what it measured."""

    @property
    def id(self) -> int: ...
    @property
    def spec(self) -> JobSpec: ...

    def scores(self, round: int) -> Sequence[CandidateScore]: ...


class Kept(Protocol):
    """What the project holds of a job's earlier starts, and of other jobs."""

    @property
    def scores_folder(self) -> str:
        """Where scores are kept by content; "": nowhere."""

    def scored(self, round: int = 0) -> Sequence[int | None]:
        """The ids of the candidates that have scores; None is the base prompt."""

    def scores(self, round: int | None = None) -> Sequence[tuple[int, CandidateScore]]:
        """(round, score) of one round, or of all."""

    def rounds(self) -> Sequence[SearchRound]: ...

    def evaluations(self) -> Sequence[SetEvaluation]: ...

    def judgements(self) -> Sequence[Judgement]: ...

    def answers(self, contestants: Iterable[int | None], questions: Iterable[int | None]) -> Sequence[Answer]:
        """Of these contestants to these questions, whichever job drew them."""

    def finished(self, kind: str) -> Iterator[EndedJob]:
        """The project's finished jobs of a kind, the newest first, but for those of another version."""

    def take_over(self, source: EndedJob, round: int, scored: Sequence[CandidateScore]) -> None:
        """Write another job's scores down as this one's, and say so in its log."""


SpecT = TypeVar("SpecT", bound=JobSpec)
ResultT = TypeVar("ResultT", bound=Result)
Fact = tuple[str, str]               # of a report: what it is, and its value


def model_name(spec: JobSpec) -> str:
    return spec.model.name


def names_of(models: Iterable[ModelRef]) -> str:
    return ", ".join(dict.fromkeys(model.name for model in models))


def own_model(spec: JobSpec) -> tuple[ModelRef, ...]:
    return (spec.model,)


def says_nothing(result: Result) -> str:
    return ""


def no_facts(_: object) -> Iterable[Fact]:
    return ()


def anew(spec: SpecT, kept: Kept) -> SpecT:
    """A job that keeps nothing, or keeps it in its own folder: a new start of it is told the same."""
    return spec


def no_folders(spec: SpecT, here: Callable[[str], str]) -> SpecT:
    return spec


def any_number(spec: JobSpec) -> int:
    """A job whose work can be shared out among any number of processes."""
    return 0


def never(spec: JobSpec) -> bool:
    return False


def served(models: Iterable[ModelRef]) -> bool:
    """Whether one of them answers on a server."""
    return any(model.backend is Backend.OPENAI for model in models)


@dataclass(frozen=True, slots=True)
class JobKind(Generic[SpecT, ResultT]):
    """A kind of job.

    - ``run`` does the job in a child process. It says what it finds as it goes and returns what it found on the whole;
      it raises what goes wrong, and Cancelled.
    - ``title`` is what a job is called that nobody gave a name ("Score 212 candidates, 40 questions"), ``detail`` what
      it runs on, ``outcome`` what it has found, in a line.
    - ``continued`` is what a start of the job is told, perhaps not its first: its specification with what is known.
    - ``housed`` moves the job's folders into the project that it is in now: ``here`` maps an old one to a new one.
    - ``models`` are all that the job loads or asks. ``sharing`` is set where several processes can do it together, and
      says how many samples they share out evenly at each step; 0 where it does not matter.
    - ``short`` jobs are what a person waits for: one runs beside a long job. ``warm`` ones leave their process, with
      its model loaded, to the next job, and take over such a process.
    - ``runs_code`` says whether the job may run code that a model wrote or that files bring along. ``calls_out`` says
      whether it talks to a server or downloads: texts leave the process, and whoever runs the server may charge for it.
    - ``page`` is where the window shows what it found. ``gains`` are shown with the demonstrations where it measures
      them against the base prompt; ``bench_answers`` are measured when it ends; ``changes`` is what else has changed
      in the project once it has finished.
    - ``facts`` and ``findings`` are the lines of its report: what it was told, and what it says of its work.
    """

    spec: type[SpecT]
    result: type[ResultT]
    run: Callable[[SpecT, Run], ResultT]
    title: Callable[[SpecT], str]
    continued: Callable[[SpecT, Kept], SpecT]
    runs_code: Callable[[SpecT], bool]
    detail: Callable[[SpecT], str] = model_name
    outcome: Callable[[ResultT], str] = says_nothing
    models: Callable[[SpecT], tuple[ModelRef, ...]] = own_model
    downloads: Callable[[SpecT], bool] = never
    housed: Callable[[SpecT, Callable[[str], str]], SpecT] = no_folders
    sharing: Callable[[SpecT], int] | None = None
    short: bool = False
    warm: bool = False
    page: Page = ""
    gains: bool = False
    bench_answers: bool = False
    changes: frozenset[Kind] = frozenset()
    facts: Callable[[SpecT], Iterable[Fact]] = no_facts
    findings: Callable[[ResultT], Iterable[Fact]] = no_facts

    @property
    def name(self) -> str:
        """ "score" """
        return str(self.spec.__dataclass_fields__["kind"].default)

    def calls_out(self, spec: SpecT) -> bool:
        return served(self.models(spec)) or self.downloads(spec)

    def processes(self, spec: SpecT) -> int:
        """How many processes do this job together."""
        processes: int = getattr(spec, "processes", 1) if self.sharing is not None else 1
        return processes
