"""Scoring, searching, benching and training without a project: the very jobs of the window, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from workbench.alignment.options import PRESETS, AlignmentOptions
from workbench.domain import (
    Answer,
    CandidateScore,
    Contestant,
    DecodingSettings,
    Demonstration,
    Position,
    Prompt,
    Question,
    SearchRound,
    SetEvaluation,
)
from workbench.jobs.control import Control
from workbench.jobs.events import (
    Answered,
    Artifact,
    Evaluated,
    Event,
    Finished,
    Metric,
    Progress,
    RoundFinished,
    Scored,
)
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds import run_job
from workbench.jobs.kinds.align import AlignResult, AlignSpec
from workbench.jobs.kinds.answer import AnswerSpec
from workbench.jobs.kinds.score import ScoreResult, ScoreSpec
from workbench.jobs.kinds.search import SearchResult, SearchSpec
from workbench.jobs.pool import scorable
from workbench.jobs.result import Result
from workbench.jobs.run import LoadedModel, Run
from workbench.library.model import Model, load_model
from workbench.library.numbering import numbered
from workbench.library.results import Bench, Scores, SearchFound, Training, scores_of, search_found
from workbench.search.options import SearchOptions
from workbench.services.measures import measured
from workbench.services.results import gain_table
from workbench.services.searches import split, without_overlaps
from workbench.services.trainings import EXAMPLES, for_student

Told = Callable[[str], None]
"""Is told how far the work is, a line at a time: ``print``, for example."""

Turns = Literal["first", "all"]
NO_PROMPT = Prompt()


def score(
    model: Model, candidates: Iterable[Demonstration], questions: Iterable[Question], base: Prompt = NO_PROMPT, *,
    position: Position = Position.BEFORE_BASE, turns: Turns = "first", kept_scores: str | Path = "",
    told: Told | None = None,
) -> Scores:
    """What each candidate alone adds to the base prompt, by the log-likelihood of the questions' reference answers.

    ``turns`` "all" counts later turns too, each asked after the earlier turns' references. ``kept_scores`` is a folder
    where scores are kept by content, so that the same is not computed twice; "": nowhere. Raises WorkbenchError:
    nothing to score, or nothing to score it on; the model cannot be loaded.
    """
    pool, asked = numbered(candidates, "candidates"), numbered(questions, "questions")
    spec = ScoreSpec(model.ref, base, pool, asked, position, turns, kept_scores=str(kept_scores))
    scores: list[CandidateScore] = []
    result = _run(spec, model.loaded, told, lambda event: scores.append(event.score)
                  if isinstance(event, Scored) else None)
    assert isinstance(result, ScoreResult)
    before = next((found for found in scores if found.demonstration_id is None), None)
    titles = {candidate.id: candidate.instruction for candidate in pool if candidate.id is not None}
    rest = [found for found in scores if found.demonstration_id is not None]
    table = gain_table(0, before, rest, titles, asked, {})
    return scores_of(spec, table, result)


def search(
    model: Model, candidates: Iterable[Demonstration], questions: Iterable[Question],
    heldout: Iterable[Question] | None = None, base: Prompt = NO_PROMPT, *, rounds: int = 3, strategy: str = "greedy",
    token_budget: int = 0, position: Position = Position.BEFORE_BASE, turns: Turns = "first", random_sets: int = 20,
    seed: int = 0, options: SearchOptions | None = None, overlapping: bool = False, kept_scores: str | Path = "",
    told: Told | None = None,
) -> SearchFound:
    """Choose ``rounds`` demonstrations, by default greedily (arXiv 2405.19874, section 4).

    The chosen set is measured on questions that the search never saw, beside random sets: ``heldout``, or by default
    every second of ``questions`` with a reference, which is then not searched on; an empty list for none. Candidates
    that ask one of these questions are left out, but where they are to be searched among (``overlapping``).
    ``strategy`` is a name of ``workbench.search.strategies``. For the rest see ``score``.
    """
    pool, asked = numbered(candidates, "candidates"), numbered(questions, "questions")
    if heldout is None:
        asked, reported = split(scorable(asked, turns))
    else:
        both = numbered((*asked, *heldout), "questions")
        asked, reported = both[:len(asked)], both[len(asked):]
    spec = SearchSpec(model.ref, base, pool, asked, reported, rounds, token_budget, strategy, position=position,
                      turns=turns, random_sets=random_sets, seed=seed, options=options or SearchOptions(),
                      kept_scores=str(kept_scores))
    spec = spec if overlapping else without_overlaps(spec)
    rankings: list[SearchRound] = []
    evaluations: list[SetEvaluation] = []

    def hear(event: Event) -> None:
        if isinstance(event, RoundFinished):
            rankings.append(event.round)
        elif isinstance(event, Evaluated):
            evaluations.append(event.evaluation)

    result = _run(spec, model.loaded, told, hear)
    assert isinstance(result, SearchResult)
    return search_found(spec, rankings, evaluations, result)


def contestant(model: Model, prompt: Prompt | None = None, decoding: DecodingSettings | None = None,
               name: str = "") -> Contestant:
    """Who answers in ``bench``: a model under a prompt (None: the question alone) with decoding settings."""
    under = "no prompt" if prompt is None else prompt.name or "a prompt"
    return Contestant(name or f"{model.name}, {under}", model.ref, prompt, decoding or DecodingSettings())


def bench(contestants: Iterable[Contestant], questions: Iterable[Question], *, repeats: int = 1,
          told: Told | None = None) -> Bench:
    """Let each contestant answer every turn of the questions, and measure the answers against the references.

    A later turn is asked after the contestant's own earlier answers. An answer depends on nothing that is answered
    beside it. Models are loaded one after the other. Raises WorkbenchError.
    """
    who, asked = numbered(contestants, "contestants"), numbered(questions, "questions")
    answers: list[Answer] = []
    _run(AnswerSpec(who, asked, repeats), LoadedModel(), told,
         lambda event: answers.append(event.answer) if isinstance(event, Answered) else None)
    kept = tuple(replace(answer, id=number) for number, answer in enumerate(answers, 1))
    return Bench(who, asked, kept, tuple(measured(asked, kept)))


def preset(student: Model, name: Literal["quick", "balanced", "paper"] = "quick") -> AlignmentOptions:
    """The window's options for a student of this width."""
    return PRESETS[name] if student.facts is None else for_student(PRESETS[name], student.facts)


def align(
    teacher: Model, student: Model, source: Iterable[Demonstration], target: Iterable[Demonstration],
    folder: str | Path, options: AlignmentOptions | None = None, *, examples: int = EXAMPLES, told: Told | None = None,
) -> Training:
    """Train the student towards the teacher (arXiv 2312.17055), or by a baseline of the paper (``options.method``).

    ``source`` are the demonstrations trained on, ``target`` those of other tasks, measured on before and after; tasks
    are read from tags (``task:name``) or categories. Checkpoints and the trained student come into ``folder``; a
    training that was broken off goes on from what is there. ``options`` are by default ``preset(student)``. Raises
    WorkbenchError.
    """
    spec = AlignSpec(teacher.ref, student.ref, numbered(source, "demonstrations"), numbered(target, "demonstrations"),
                     str(Path(folder).absolute()), options or preset(student), examples)
    curves: dict[str, dict[int, float]] = {}
    folders: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, Metric):
            curves.setdefault(event.name, {})[event.step] = event.value
        elif isinstance(event, Artifact) and event.role == "student":
            folders.append(event.path)

    result = _run(spec, LoadedModel(), told, hear)
    assert isinstance(result, AlignResult)
    points = {name: tuple(sorted(found.items())) for name, found in curves.items()}
    return Training(load_model(folders[-1], f"{student.name} trained"), result, points)


def _run(spec: JobSpec, models: LoadedModel, told: Told | None, hear: Callable[[Event], None]) -> Result:
    """Do the job; ``hear`` gets every event."""
    results: list[Result] = []

    def say(event: Event) -> None:
        if isinstance(event, Finished):
            results.append(event.result)
        elif isinstance(event, Progress) and told is not None and event.total:
            told(f"{event.message + ': ' if event.message else ''}{event.done:,} of {event.total:,} {event.unit}")
        hear(event)

    run_job(spec, Run(say, Control(), models))
    return results[-1]
