"""What a job is called when nobody gave it a name."""

from __future__ import annotations

from typing import assert_never

from workbench.jobs.specs import CountSpec, GenerateSpec, InspectSpec, JobSpec, ScoreSpec, SearchSpec

_STRATEGIES = {
    "greedy": "Greedy search", "random": "Random set", "top_k": "Best by single gain", "diverse": "Diverse set",
}


def job_title(spec: JobSpec) -> str:
    """ "Greedy search, 212 candidates, 40 questions" """
    match spec:
        case ScoreSpec():
            return f"Score {_count(spec.candidates, 'candidate')}, {_count(spec.questions, 'question')}"
        case SearchSpec():
            name = _STRATEGIES[spec.strategy]
            return f"{name}, {_count(spec.candidates, 'candidate')}, {_count(spec.questions, 'question')}"
        case InspectSpec():
            return f"Look at question {spec.question.key or spec.question.id} with demonstration {spec.candidate.id}"
        case CountSpec():
            return f"Count the tokens of {_count(spec.texts, 'text')}"
        case GenerateSpec():
            return f"Answer {_count(spec.turns, 'turn')}"
        case _:
            assert_never(spec)


def job_detail(spec: JobSpec) -> str:
    """What it runs on."""
    if isinstance(spec, SearchSpec):
        return f"{spec.model.name}, {spec.rounds} rounds, seed {spec.seed}"
    return spec.model.name


def _count(things: tuple[object, ...], what: str) -> str:
    return f"{len(things):,} {what}{'' if len(things) == 1 else 's'}"
