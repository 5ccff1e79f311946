"""What answers are measured by on the Bench page; the rules are in workbench.services.bench_measures."""

from __future__ import annotations

from workbench.gui.pages.bench_reading import BenchReading
from workbench.services.bench_measures import PEOPLE, Measure, games, mean_value, measures, values

__all__ = ["PEOPLE", "Measure", "games", "measures", "value_of", "values"]


def value_of(reading: BenchReading, measure: Measure, answer_id: int) -> float:
    """One answer's value; NaN where there is none."""
    return mean_value(reading.said_of.get(answer_id, ()), measure, answer_id)
