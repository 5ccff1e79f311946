"""The frozen dataclasses that every other package speaks in. No input or output, no Qt, no SQL, no torch."""

from workbench.domain.bench import Answer, Contestant, DecodingSettings, Judgement
from workbench.domain.changes import Changed, Changes, Kind
from workbench.domain.demonstration import NOT_REJECTED, Demonstration, Role, Status, Turn, content_hash
from workbench.domain.job_state import JobState
from workbench.domain.model import Backend, MemoryEstimate, ModelFacts, ModelRef, Server
from workbench.domain.prompt import Position, Prompt, Rendered, Span, SpanKind
from workbench.domain.question import Question, QuestionSet
from workbench.domain.score import AnswerScore, CandidateScore, TokenScore
from workbench.domain.search import Interval, RankedCandidate, SearchRound, SetEvaluation

__all__ = [
    "NOT_REJECTED", "Answer", "AnswerScore", "Backend", "CandidateScore", "Changed", "Changes", "Contestant",
    "DecodingSettings", "Demonstration", "Interval", "JobState", "Judgement", "Kind", "MemoryEstimate", "ModelFacts",
    "ModelRef", "Position", "Prompt", "Question", "QuestionSet", "RankedCandidate", "Rendered", "Role", "SearchRound",
    "Server", "SetEvaluation", "Span", "SpanKind", "Status", "TokenScore", "Turn", "content_hash",
]
