"""What the Bench page is about at the moment: its parts and actions read it, the page writes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.services.bench_measures import Measure
from workbench.services.bench_reading import BenchReading


@dataclass
class BenchState:
    """``set_id`` is the question set's, ``chosen`` the contestants in the charts, ``measure`` what is shown of them."""

    reading: BenchReading = field(default_factory=BenchReading)
    set_id: int | None = None
    chosen: list[int] = field(default_factory=list)
    measure: Measure | None = None
