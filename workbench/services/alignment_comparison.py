"""The five methods compared: means over seeds, and changes against the untrained student, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from workbench.alignment.options import Method
from workbench.domain import Interval
from workbench.jobs.kinds.align import AlignResult
from workbench.statistics.student import t_interval

if TYPE_CHECKING:
    from workbench.services.alignment import TrainingRun

METHODS: tuple[Method, ...] = get_args(Method)
UNTRAINED: Method = "vanilla"
Measures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method by seed: ``values[measure][seed]`` after training, ``changes[measure][seed]`` against the student
    before it. For vanilla the values are those before training, and nothing changes."""

    method: Method
    seeds: tuple[int, ...]
    values: dict[str, dict[int, float]]
    changes: dict[str, dict[int, float]]

    def value(self, measure: str) -> Interval | None:
        """Mean and 95 % interval after training, over seeds; None where it was not measured."""
        return t_interval(tuple(self.values.get(measure, {}).values()))

    def change(self, measure: str) -> Interval | None:
        return t_interval(tuple(self.changes.get(measure, {}).values()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Finished runs that differ in method and seed alone. ``results`` are in the order of METHODS."""

    runs: tuple[TrainingRun, ...]
    results: tuple[MethodResult, ...]

    def over(self, method: Method, other: Method, measure: str) -> Interval | None:
        """How much better ``method`` is than ``other`` with the same seeds; None without a common seed."""
        one, two = (next((r.values.get(measure, {}) for r in self.results if r.method == m), {})
                    for m in (method, other))
        return t_interval(tuple(one[seed] - two[seed] for seed in one if seed in two))


def comparisons(runs: Sequence[TrainingRun]) -> list[Comparison]:
    """Finished runs grouped by all that is not method or seed and makes a difference; the group with the newest run
    first."""
    groups: dict[object, list[TrainingRun]] = {}
    for run in sorted((run for run in runs if run.result is not None), key=lambda run: -run.job_id):
        spec = run.spec
        options = replace(spec.options, method=UNTRAINED, seed=0, save_every=1, keep=1)
        same = (spec.teacher, spec.student, options, spec.source, spec.target, spec.examples)
        groups.setdefault(same, []).append(run)
    return [Comparison(tuple(group), _results(group)) for group in groups.values()]


def _results(group: Sequence[TrainingRun]) -> tuple[MethodResult, ...]:
    """Of two runs of one method and seed the newer counts (``group`` is newest first)."""
    newest: dict[tuple[Method, int], AlignResult] = {}
    for run in group:
        if run.result is not None:
            newest.setdefault((run.spec.options.method, run.spec.options.seed), run.result)
    before = {seed: result.before for (_, seed), result in newest.items()}
    found = [_result(UNTRAINED, before, before)]
    for method in METHODS:
        after = {seed: result.after for (one, seed), result in newest.items() if one == method}
        if after and method != UNTRAINED:
            found.append(_result(method, after, before))
    return tuple(found)


def _result(method: Method, after: Mapping[int, Measures], before: Mapping[int, Measures]) -> MethodResult:
    values: dict[str, dict[int, float]] = {measure: {} for measures in after.values() for measure in measures}
    changes: dict[str, dict[int, float]] = {measure: {} for measure in values}
    for measure in values:
        for seed in sorted(after):
            now, then = after[seed].get(measure), before[seed].get(measure)
            if now is not None and then is not None:
                values[measure][seed], changes[measure][seed] = now, now - then
    return MethodResult(method, tuple(sorted(after)), values, changes)
