"""Putting together what a report of a score or search job says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbench.domain import Demonstration, SetEvaluation
from workbench.errors import JobError
from workbench.formats.report import Chart, RankingLine, Report, RoundLine, SetLine, charts
from workbench.jobs.kinds import kind_of
from workbench.jobs.kinds.score import ScoreSpec
from workbench.jobs.kinds.search import SearchSpec
from workbench.search.heldout import CHOSEN
from workbench.services.results import GainTable, HeldOut
from workbench_db import jobs as stored_jobs

if TYPE_CHECKING:
    from workbench.services.project import Project


FIRST_ROUND = 1                      # whose gains are over the base prompt, as a score job's are


def job_report(project: Project, job_id: int, more_charts: Sequence[Chart] = ()) -> Report:
    """The report of a job that has results. Raises JobError where it has none, or is of another kind."""
    spec = project.jobs.spec(job_id)
    if not isinstance(spec, ScoreSpec | SearchSpec):
        raise JobError(f"Job {job_id} is not a score or search job.", remedy="Choose one whose results are rankings.")
    table = project.results.gains(job_id, FIRST_ROUND if isinstance(spec, SearchSpec) else 0)
    if not table.demonstration_ids:
        raise JobError(f"Job {job_id} has no results yet.", remedy="Wait until it has scored a candidate.")
    ranking = _ranking(table)
    held_out = project.results.held_out(job_id) if isinstance(spec, SearchSpec) else None
    facts = [*_facts(project, job_id, spec)]
    if met := [f"demonstration {id} {words}" for id, words in zip(table.demonstration_ids, table.overlaps, strict=True)
               if words]:
        facts.insert(0, ("Not to be trusted", f"{'; '.join(met)}: what asks a question gains on it"))
    sets = tuple(_sets(held_out)) if held_out else ()
    random_mean = held_out.random_mean if held_out else None
    title_of = {demonstration.id: " ".join(demonstration.instruction.split())[:80] for demonstration in spec.candidates}
    rounds = tuple(RoundLine(round.number, round.chosen_id, title_of.get(round.chosen_id, ""), round.objective,
                             round.prompt_tokens) for round in project.results.rounds(job_id))
    return Report(project.jobs.get(job_id).title, f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
                  tuple(facts), ranking, rounds, sets, random_mean,
                  held_out.difference if held_out else None, _chosen(spec, held_out),
                  (*charts(ranking, sets, random_mean), *more_charts))


def _ranking(table: GainTable) -> tuple[RankingLine, ...]:
    return tuple(RankingLine(place + 1, id, table.titles[place], table.mean[place], table.win_rate[place],
                             table.tokens[place], table.difficulty[place], table.previous_rank[place])
                 for place, id in enumerate(table.demonstration_ids))


def _sets(held_out: HeldOut) -> Iterator[SetLine]:
    for evaluation in (held_out.chosen, held_out.base, *held_out.baselines):
        if evaluation is not None:
            yield _set(evaluation)


def _set(evaluation: SetEvaluation) -> SetLine:
    return SetLine(evaluation.strategy, evaluation.label, len(evaluation.demonstration_ids), evaluation.mean,
                   chosen=evaluation.label == CHOSEN)


def _chosen(spec: ScoreSpec | SearchSpec, held_out: HeldOut | None) -> tuple[Demonstration, ...]:
    """The chosen demonstrations as the job saw them, in the order of the set."""
    if held_out is None or held_out.chosen is None:
        return ()
    by_id = {demonstration.id: demonstration for demonstration in spec.candidates}
    return tuple(by_id[id] for id in held_out.chosen.demonstration_ids if id in by_id)


def _facts(project: Project, job_id: int, spec: ScoreSpec | SearchSpec) -> Iterator[tuple[str, str]]:
    """What made the numbers: enough to do the same again."""
    with project.database.read() as connection:
        job = stored_jobs.get_job(connection, job_id)
    yield "Model", spec.model.name
    if spec.model.sha256:
        yield "Model's sha256", spec.model.sha256
    yield "Base prompt", f"{spec.base.name or 'unnamed'}, {len(spec.base.demonstrations)} demonstrations"
    yield "Base prompt's hash", spec.base.content_hash
    yield "Template", spec.base.template if len(spec.base.template) < 40 else "one of its own"
    yield "New demonstrations", spec.position.value.replace("_", " ")
    yield "Candidates", f"{len(spec.candidates):,}"
    yield from kind_of(spec).facts(spec)
    result = project.jobs.get(job_id).result
    if result is not None:
        yield from kind_of(spec).findings(result)
    yield "Seed", str(spec.seed)
    if job is not None:
        for name, value in sorted(job.facts.items()):
            yield name, str(value)
