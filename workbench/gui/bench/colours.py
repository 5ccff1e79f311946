"""The contestants' colours, the same in every part of the Bench page."""

from __future__ import annotations

from workbench.gui.charts.marks import BASELINE
from workbench.services.bench_reading import BenchReading, is_baseline


def contestant_colours(reading: BenchReading) -> dict[int, int]:
    """A colour number for each contestant; what the others are compared with, no demonstrations, is neutral."""
    baseline = next((one.id for one in reading.contestants if is_baseline(one)), None)
    found: dict[int, int] = {}
    for one in reading.contestants:
        assert one.id is not None
        found[one.id] = BASELINE if one.id == baseline else len(found) - (baseline in found)
    return found
