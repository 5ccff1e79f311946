"""Win rates, with the numbers of FastChat's show_result.py (pairwise-baseline, pairwise-all)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.bench.judgements import PairJudgement


@dataclass(frozen=True, slots=True)
class WinRate:
    model: str
    wins: int
    losses: int
    ties: int

    @property
    def total(self) -> int:
        return self.wins + self.losses + self.ties

    @property
    def win_rate(self) -> float:
        return self.wins / self.total

    @property
    def loss_rate(self) -> float:
        return self.losses / self.total

    @property
    def adjusted(self) -> float:
        """A tie counts as half a win."""
        return (self.wins + 0.5 * self.ties) / self.total


def win_rates(judgements: Sequence[PairJudgement], baseline: str | None = None) -> list[WinRate]:
    """Wins, losses and ties of each model, highest adjusted win rate first.

    With ``baseline`` only the games against it count, and it has no row of its own. Games that could not be read in
    one of their two orders are left out; orders that disagree make a tie.
    """
    counts: dict[str, Counter[str]] = {}
    for game in judgements:
        models = (game.model_1, game.model_2)
        if not game.readable or (baseline is not None and baseline not in models):
            continue
        for model, name in zip(models, ("model_1", "model_2"), strict=True):
            outcome = "tie" if game.winner == "tie" else ("win" if game.winner == name else "loss")
            counts.setdefault(model, Counter())[outcome] += 1
    table = [WinRate(model, c["win"], c["loss"], c["tie"]) for model, c in counts.items() if model != baseline]
    return sorted(table, key=lambda row: (-row.adjusted, row.model))


def position_bias(judgements: Iterable[PairJudgement]) -> tuple[float, float, float]:
    """Shares of the readable games that are consistent, that favour whichever answer is shown first, and the second.

    MT-Bench's table 2: a judge favours the first position when, shown either order, it prefers what it read first
    (or calls one of the orders a tie and the other for the first). The three shares add up to 1.
    """
    tally: Counter[str] = Counter()
    for game in judgements:
        if not game.readable:
            continue
        if game.first == game.second:
            tally["consistent"] += 1
        else:                                        # +1 for each order in which the first shown won, −1 for the second
            lean = {"model_1": 1, "model_2": -1, "tie": 0}
            tally["first" if lean[game.first] - lean[game.second] > 0 else "second"] += 1
    total = sum(tally.values())
    if not total:
        return (math.nan, math.nan, math.nan)
    return tally["consistent"] / total, tally["first"] / total, tally["second"] / total
