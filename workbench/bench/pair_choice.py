"""Which pair of answers to show a person next in the arena: one they have not seen, and the one that tells most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.bradley_terry import bradley_terry

PRIOR = 1.0                          # precision of the normal prior on log strengths while votes are few
_CLOSE = 0.98                        # pairs within 2 % of the most telling one count as equally telling


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that can be shown: to which question and turn, by which contestant, in which repeat."""

    answer_id: int
    contestant_id: int
    question_id: int
    turn: int
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Vote:
    """Anybody's vote. ``share``: 1 where ``contestant_id`` won, 0 where the other did, ½ for a tie; None: skipped."""

    person: str
    answer_id: int
    other_answer_id: int
    contestant_id: int
    other_contestant_id: int
    question_id: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What to show on the left and on the right. ``seen`` of ``total`` pairs were shown to this person before."""

    left: Candidate
    right: Candidate
    seen: int
    total: int


def next_pair(candidates: Sequence[Candidate], votes: Sequence[Vote], person: str,
              rng: np.random.Generator) -> Choice | None:
    """The next pair for ``person``, sides drawn by lot; None where no two contestants answered the same turn.

    No pair comes twice before all came once (then those shown least often come again). Among the pairs left, the two
    contestants are those whose game is expected to tell most, see ``information``; then the question that has the
    fewest votes by this person, then by anybody.
    """
    pairs = _pairs(candidates)
    if not pairs:
        return None
    shown = Counter(frozenset((v.answer_id, v.other_answer_id)) for v in votes if v.person == person)
    times = [shown[frozenset((a.answer_id, b.answer_id))] for a, b in pairs]
    least = min(times)
    open_pairs = [pair for pair, count in zip(pairs, times, strict=True) if count == least]
    tells = information(sorted({c.contestant_id for c in candidates}), votes)
    of_pair = {pair: tells[frozenset((pair[0].contestant_id, pair[1].contestant_id))] for pair in open_pairs}
    enough = _CLOSE * max(of_pair.values())
    best = [pair for pair in open_pairs if of_pair[pair] >= enough]
    own, all_votes = Counter(v.question_id for v in votes if v.person == person), Counter(v.question_id for v in votes)
    fewest = min((own[a.question_id], all_votes[a.question_id]) for a, _ in best)
    best = [pair for pair in best if (own[pair[0].question_id], all_votes[pair[0].question_id]) == fewest]
    left, right = best[int(rng.integers(len(best)))]
    if rng.random() < 0.5:
        left, right = right, left
    return Choice(left, right, sum(count > 0 for count in times), len(pairs))


def information(contestants: Sequence[int], votes: Sequence[Vote]) -> dict[frozenset[int], float]:
    """Expected information (nats) of one more game between each two contestants.

    The posterior of Bradley–Terry's log strengths is taken as normal around its mode (Laplace's approximation). A
    game between i and j then tells about ½ log(1 + p(1−p)·v), v the posterior variance of θᵢ − θⱼ and p(1−p) the
    game's Fisher information: what shrinks the posterior's volume (D-optimality; Chaloner & Verdinelli 1995).
    """
    place = {contestant: at for at, contestant in enumerate(contestants)}
    wins = np.zeros((len(contestants), len(contestants)))
    for vote in votes:
        i, j = place.get(vote.contestant_id), place.get(vote.other_contestant_id)
        if vote.share is not None and i is not None and j is not None:
            wins[i, j] += vote.share
            wins[j, i] += 1 - vote.share
    theta = bradley_terry(wins, prior=PRIOR)
    p: NDArray[np.float64] = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
    weight = (wins + wins.T) * p * (1 - p)
    covariance = np.linalg.inv(np.diag(weight.sum(1) + PRIOR) - weight)
    spread = np.diag(covariance)
    variance = spread[:, None] + spread[None, :] - 2 * covariance
    tells = 0.5 * np.log1p(p * (1 - p) * variance)
    return {frozenset((a, b)): float(tells[place[a], place[b]]) for a, b in combinations(contestants, 2)}


def _pairs(candidates: Sequence[Candidate]) -> list[tuple[Candidate, Candidate]]:
    """Answers of different contestants to the same turn and repeat, in a fixed order."""
    groups: defaultdict[Hashable, list[Candidate]] = defaultdict(list)
    for one in sorted(candidates, key=lambda c: c.answer_id):
        groups[one.question_id, one.turn, one.repeat].append(one)
    return [(a, b) for group in groups.values() for a, b in combinations(group, 2)
            if a.contestant_id != b.contestant_id]
