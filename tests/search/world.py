"""A world of numbers in place of a model: what a set does to each answer is a formula, so the truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from workbench.domain import AnswerScore, CandidateScore, Demonstration, SearchRound
from workbench.search.racing import Race
from workbench.search.task import Objective


class World:
    """Each demonstration helps some questions; two that help alike help less together; order matters a little."""

    def __init__(self, candidates: int, questions: int, *, turns: int = 1, seed: int = 0, tokens: int = 10) -> None:
        rng = np.random.default_rng(seed)
        self.effect = rng.normal(0, 1, (candidates + 1, questions, turns))
        self.floor = rng.normal(-8, 2, (questions, turns))
        self.tokens = tokens
        self.evaluated: list[tuple[int, ...]] = []
        self.parts: list[tuple[tuple[int, ...], int]] = []        # (set, question) asked of a part
        self.context = 100_000
        self.fail_after: int | None = None

    def on(self, questions: Sequence[int]) -> Objective:
        return PartOfWorld(self, tuple(questions))

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[AnswerScore, ...]]:
        if self.fail_after is not None and len(self.evaluated) + len(sets) > self.fail_after:
            raise KeyboardInterrupt
        self.evaluated += sets
        return [self.answers(ids) for ids in sets]

    def answers(self, ids: tuple[int, ...]) -> tuple[AnswerScore, ...]:
        lift = np.zeros_like(self.floor)
        for place, id in enumerate(ids):
            lift = np.maximum(lift, self.effect[id]) + 0.1 * self.effect[id] / (place + 1)
        value = self.floor + lift
        return tuple(
            AnswerScore(100 + question, turn, float(value[question, turn]), 5)
            for question in range(value.shape[0]) for turn in range(value.shape[1])
        )

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        return 100 + sum(self.tokens * id for id in ids)

    def fits(self, ids: tuple[int, ...]) -> bool:
        return self.prompt_tokens(ids) <= self.context


@dataclass
class PartOfWorld:
    """Some of a world's questions; what is asked is noted."""

    world: World
    questions: tuple[int, ...]

    def evaluate(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[AnswerScore, ...]]:
        self.world.parts += [(ids, question) for ids in sets for question in self.questions]
        return [tuple(a for a in self.world.answers(ids) if a.question_id in self.questions) for ids in sets]

    def prompt_tokens(self, ids: tuple[int, ...]) -> int:
        return self.world.prompt_tokens(ids)

    def fits(self, ids: tuple[int, ...]) -> bool:
        return self.world.fits(ids)

    def on(self, questions: Sequence[int]) -> Objective:
        return PartOfWorld(self.world, tuple(questions))


class Hashed:
    """Embeddings without a model: a token is a letter, whose vector depends on the letter and a little on its place."""

    def embed(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [np.stack([self.vector(letter, place) for place, letter in enumerate(text)]) for text in texts]

    def vector(self, letter: str, place: int) -> np.ndarray:
        token = np.random.default_rng(ord(letter)).normal(0.3, 1, 16)
        return (token + 0.1 * np.random.default_rng(1000 + place).normal(0, 1, 16)).astype(np.float32)


@dataclass
class Sure:
    """As sure of each candidate as told, by id; notes what it was asked."""

    told: Mapping[int, float | None]
    asked: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def confidence(self, asked: Sequence[tuple[int, tuple[int, ...]]]) -> list[float | None]:
        self.asked += asked
        return [self.told.get(id, -1.0) for id, _ in asked]


@dataclass
class Heard:
    scores: list[tuple[int, CandidateScore]] = field(default_factory=list)
    rounds: list[SearchRound] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)
    settlements: list[tuple[int, bool]] = field(default_factory=list)

    def scored(self, round: int, score: CandidateScore) -> None:
        self.scores.append((round, score))

    def round_finished(self, round: SearchRound) -> None:
        self.rounds.append(round)

    def raced(self, round: int, race: Race) -> None:
        self.races.append(race)

    def settled(self, finalists: int, *, changed: bool) -> None:
        self.settlements.append((finalists, changed))

    def log(self, level: Literal["info", "good", "warning"], message: str) -> None:
        self.lines.append(message)


def demonstrations(count: int) -> tuple[Demonstration, ...]:
    return tuple(
        Demonstration.pair(f"question {id}", f"answer {id}", source="abc"[id % 3], id=id) for id in range(1, count + 1)
    )

