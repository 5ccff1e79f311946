"""What a heat map shows: gains and the steps of their colours. Made away from the window's thread when it is much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.domain import Question
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.heat_scale import clip_at, step_of


@dataclass(frozen=True, slots=True, eq=False)
class HeatCells:
    """``gain`` (rows, questions) in nats per answer, NaN where not scored; ``titles`` name the rows, one line each.

    ``steps`` (rows, questions) are the indices of their colours, for the range −``clip`` … ``clip``.
    """

    titles: list[str]
    questions: tuple[Question, ...]
    gain: npt.NDArray[np.float64]
    clip: float
    steps: npt.NDArray[np.int16]

    @classmethod
    def of(cls, titles: Sequence[str], questions: Sequence[Question], gain: npt.NDArray[np.float64]) -> HeatCells:
        clip = clip_at(gain)
        return cls([one_line(title) for title in titles], tuple(questions), gain, clip, step_of(gain, clip))


NOTHING = HeatCells.of((), (), np.zeros((0, 0)))
