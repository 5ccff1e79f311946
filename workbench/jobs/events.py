"""What a job's child says, one JSON object a line on its standard output."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workbench.domain import (
    Answer,
    CandidateScore,
    Contestant,
    JobState,
    Judgement,
    SearchRound,
    SetEvaluation,
    TokenScore,
)
from workbench.jobs.result import Result


@dataclass(frozen=True, slots=True)
class Started:
    """The child is up. ``facts`` holds what made the results: library versions, device, dtype, model hash."""

    facts: dict[str, str] = field(default_factory=dict)
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` ``unit``s; ``rate`` is units a second, ``seconds_left`` an estimate (None: not known)."""

    done: int
    total: int
    unit: str
    message: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Log:
    level: Literal["info", "good", "warning", "error"]
    message: str
    kind: Literal["log"] = "log"


@dataclass(frozen=True, slots=True)
class Scored:
    """A partial result. ``round`` is 0 in a score job, the round's number in a search."""

    score: CandidateScore
    round: int = 0
    kind: Literal["scored"] = "scored"


@dataclass(frozen=True, slots=True)
class RoundFinished:
    round: SearchRound
    kind: Literal["round_finished"] = "round_finished"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A set measured on the held-out questions."""

    evaluation: SetEvaluation
    kind: Literal["evaluated"] = "evaluated"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one answer before and after a demonstration is added (an inspect job)."""

    before: tuple[TokenScore, ...]
    after: tuple[TokenScore, ...]
    before_text: str
    after_text: str
    kind: Literal["tokens"] = "tokens"


@dataclass(frozen=True, slots=True)
class Counted:
    counts: tuple[tuple[int, int], ...]          # (id, tokens)
    kind: Literal["counted"] = "counted"


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of generated text, as it comes. ``turn`` is the turn that it answers; a job with many answers says which
    one it is (see Answer.key)."""

    text: str
    turn: int = 0
    contestant_id: int | None = None
    question_id: int | None = None
    repeat: int = 0
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Answered:
    """A contestant's answer to a turn is whole."""

    answer: Answer
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True)
class Judged:
    judgement: Judgement
    kind: Literal["judged"] = "judged"


@dataclass(frozen=True, slots=True)
class Tried:
    """A set of demonstrations that a search has tried: who answered under it, what, and what was said of it. A
    judgement's ``answer_id`` is a place in ``answers``; their ``contestant_id`` says nothing."""

    contestant: Contestant
    answers: tuple[Answer, ...]
    judgements: tuple[Judgement, ...] = ()
    kind: Literal["tried"] = "tried"


@dataclass(frozen=True, slots=True)
class Metric:
    """A point of a curve (training)."""

    name: str
    step: int
    value: float
    kind: Literal["metric"] = "metric"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that the job left, below the project's folder (a checkpoint, a report)."""

    path: str
    role: str
    sha256: str
    kind: Literal["artifact"] = "artifact"


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done; ``result`` is what its kind reports."""

    result: Result
    kind: Literal["finished"] = "finished"


@dataclass(frozen=True, slots=True)
class Failed:
    """``known`` errors are the user's to mend; others are bugs and carry a traceback."""

    message: str
    known: bool
    traceback: str = ""
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job ended because a person asked; what was finished is kept."""

    kind: Literal["stopped"] = "stopped"


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life every few seconds, with the child's resident memory in bytes. Not passed on to listeners."""

    memory: int
    kind: Literal["alive"] = "alive"


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Said by the queue, not by a child: a job was submitted, started, paused, resumed, reordered or removed."""

    state: JobState | None           # None: the job is gone
    kind: Literal["state_changed"] = "state_changed"


Plain = (Started | Progress | Log | Scored | RoundFinished | Evaluated | Tokens | Counted | Text | Answered
         | Judged | Tried | Metric | Artifact | Failed | Stopped | Alive | StateChanged)
Event = Plain | Finished             # whose result is of its job's kind
