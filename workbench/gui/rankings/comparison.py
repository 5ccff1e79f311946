"""Why one candidate is better than another: where the two differ, by category and question by question."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.domain import Interval
from workbench.gui.charts.chart import one_line
from workbench.gui.charts.dot_plot import DotRow
from workbench.gui.charts.numbers import tone
from workbench.services.ranking_reading import by_category, mean_interval
from workbench.services.results import GainTable
from workbench.wording import interval_words, plain, signed


def differences(table: GainTable, first: int, second: int) -> npt.NDArray[np.float64]:
    """What the candidate of row ``first`` brings more than that of ``second``: nats per answer, one a question; NaN
    where one of them was not scored."""
    return np.asarray(table.gain[first] - table.gain[second])


def difference_rows(table: GainTable, first: int, second: int) -> list[DotRow]:
    """The categories with their intervals (paired: the same questions), then each question, the largest difference
    first. A question's row has its index as its key."""
    found = differences(table, first, second)
    rows = [DotRow(name, interval, f"{questions} questions", strong=True)
            for name, interval, questions in by_category(table.questions, found.tolist())]
    for question in np.argsort(-np.abs(np.nan_to_num(found)), kind="stable").tolist():
        gap = float(found[question])
        if gap == gap:
            asked = one_line(" ".join(table.questions[question].turns[:1]))
            rows.append(DotRow(f"{question + 1}. {asked}", Interval(gap, gap, gap),
                               f"{signed(table.gain[first][question])} against {signed(table.gain[second][question])}",
                               key=question))
    return rows


def difference_words(table: GainTable, first: int, second: int) -> str:
    """The whole difference in a sentence."""
    found = differences(table, first, second)
    known = found[np.isfinite(found)]
    if not known.size:
        return "No question was scored with both."
    whole = mean_interval(known.tolist())
    better, worse = (sum(tone(gap) == word for gap in known.tolist()) for word in ("gain", "loss"))
    names = [f"“{one_line(table.titles[row])}”" for row in (first, second)]
    return (f"{names[0]} brings {plain(abs(whole.mean))} nats per answer {'less' if whole.mean < 0 else 'more'} than "
            f"{names[1]}: better on {better} of {known.size} questions, worse on {worse}. "
            f"{interval_words(whole)[0].upper()}{interval_words(whole)[1:]}.")
