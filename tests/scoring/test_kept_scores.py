from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.scoring.test_candidates import BASE, CANDIDATES, QUESTIONS
from workbench.domain import ModelRef
from workbench.models import LanguageModel, ScoredSequence, load
from workbench.scoring import SetObjective
from workbench.scoring.kept_scores import MOST_FILES, KeptScores, Likelihoods, content_key

FACTS = {"sha256": "ab" * 32, "dtype": "float32", "threads": "1"}


class Counting:
    """A real model; how many sequences it was given is counted."""

    def __init__(self, model: LanguageModel) -> None:
        self.model, self.given = model, 0
        self.tokenizer, self.context = model.tokenizer, model.context

    def logprobs(
        self, sequences: Sequence[ScoredSequence], progress: Callable[[int], None] = lambda done: None
    ) -> list[tuple[float, ...]]:
        self.given += len(sequences)
        return self.model.logprobs(sequences, progress)


@pytest.fixture(scope="module")
def model(llama: ModelRef) -> LanguageModel:
    return load(llama)


def refused(text: str) -> None:
    raise AssertionError(text)


def filled(folder: Path, count: int = 100) -> dict[bytes, float]:
    sums = {content_key(ScoredSequence((1, 2, n), 1, 3)): -n / 7 for n in range(count)}
    KeptScores(folder, FACTS, refused).add(sums)
    return sums


def held(folder: Path, sums: dict[bytes, float], log: Callable[[str], None] = refused) -> int:
    """How many are there, all of them right."""
    kept = KeptScores(folder, FACTS, log)
    found = {key: kept.get(key) for key in sums}
    assert all(value in (None, sums[key]) for key, value in found.items())
    return kept.found


def test_a_second_run_computes_only_what_is_new(model: LanguageModel, tmp_path: Path) -> None:
    def objective(counting: Counting) -> SetObjective:
        kept = KeptScores(tmp_path, model.facts, refused)
        return SetObjective(counting, BASE, CANDIDATES, QUESTIONS, turns="all", kept=kept)  # type: ignore[arg-type]

    first, second = Counting(model), Counting(model)
    sets = [(), (10,), (20, 10)]
    found = objective(first).evaluate(sets)
    difficulty = objective(first).instruction_difficulty(CANDIDATES[0])
    seen: list[int] = []
    again = objective(second)
    assert again.evaluate([*sets, (10, 20)], seen.append)[:3] == found
    assert again.instruction_difficulty(CANDIDATES[0]) == difficulty
    assert (first.given, second.given) == (3 * 4 + 2, 4)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (3, 4)
    plain = SetObjective(model, BASE, CANDIDATES, QUESTIONS, turns="all")
    for answers, others in zip(found, plain.evaluate(sets), strict=True):
        assert [a.logprob for a in answers] == pytest.approx([a.logprob for a in others], abs=1e-4)
        assert [a.tokens for a in answers] == [a.tokens for a in others]
    assert plain.instruction_difficulty(CANDIDATES[0]) == pytest.approx(difficulty, abs=1e-4)


def test_each_token_and_what_is_wanted_of_them_make_another_key() -> None:
    sequences = [ScoredSequence((1, 2, 3), 1, 3), ScoredSequence((1, 2, 3), 2, 3), ScoredSequence((1, 2, 3), 1, 2),
                 ScoredSequence((2, 2, 3), 1, 3), ScoredSequence((1, 2), 1, 2), ScoredSequence((1, 2, 300000), 1, 3)]
    assert len({content_key(sequence) for sequence in sequences}) == 5      # tokens after the last wanted do not count
    assert content_key(sequences[2]) == content_key(sequences[4])


@pytest.mark.parametrize("change", [{"sha256": "cd" * 32}, {"dtype": "bfloat16"}, {"torch": "9"}, {"device": "cuda"}])
def test_another_model_dtype_device_or_library_knows_nothing(change: dict[str, str], tmp_path: Path) -> None:
    sums = filled(tmp_path)
    other = KeptScores(tmp_path, {**FACTS, **change}, refused)
    assert all(other.get(key) is None for key in sums)
    assert held(tmp_path, sums) == 100
    assert KeptScores(tmp_path, {**FACTS, "threads": "8"}, refused).get(next(iter(sums))) is not None


@pytest.mark.parametrize("cut", [1, 27])
def test_half_a_record_at_the_end_is_what_a_kill_leaves_and_the_rest_is_kept(cut: int, tmp_path: Path) -> None:
    sums = filled(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-cut])
    assert held(tmp_path, sums) == 99
    KeptScores(tmp_path, FACTS, refused).add(sums)
    assert held(tmp_path, sums) == 100


def test_what_stands_after_a_damaged_record_is_dropped_and_said(tmp_path: Path) -> None:
    sums = filled(tmp_path)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[-28 * 40 + 3] ^= 0x10
    file.write_bytes(content)
    said: list[str] = []
    assert held(tmp_path, sums, said.append) == 60
    assert said == ["40 of the kept scores were damaged and have been dropped: they are computed again."]
    assert held(tmp_path, sums) == 60


@pytest.mark.parametrize("content", [b"\x00" * 500, b"{", b"x" * 3000])
def test_a_file_that_is_something_else_is_dropped_and_made_anew(content: bytes, tmp_path: Path) -> None:
    sums = filled(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    said: list[str] = []
    assert held(tmp_path, sums, said.append) == 0
    assert "has been dropped" in said[0]
    filled(tmp_path)
    assert held(tmp_path, sums) == 100


def test_the_file_stays_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    keys = [content_key(ScoredSequence((1, 2, n), 1, 3)) for n in range(1000)]
    kept = KeptScores(tmp_path, FACTS, refused, most=100)
    for n, key in enumerate(keys):
        kept.add({key: float(n)})
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < 100 * 28 + 300
    again = KeptScores(tmp_path, FACTS, refused, most=100)
    assert [again.get(key) for key in keys[-50:]] == [float(n) for n in range(950, 1000)]


def test_the_folder_keeps_the_files_of_the_models_used_last(tmp_path: Path) -> None:
    key = content_key(ScoredSequence((1, 2), 1, 2))
    for n in range(MOST_FILES + 5):
        KeptScores(tmp_path, {"sha256": str(n)}, refused).add({key: float(n)})
        for file in tmp_path.iterdir():
            os.utime(file, (file.stat().st_mtime - 10,) * 2)     # older than whatever comes next
    assert len(list(tmp_path.iterdir())) == MOST_FILES
    known = {n for n in range(MOST_FILES + 5)
             if KeptScores(tmp_path, {"sha256": str(n)}, refused, writes=False).get(key) == n}
    assert known == set(range(5, MOST_FILES + 5))


def test_where_nothing_can_be_written_the_work_goes_on(model: LanguageModel, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here already", encoding="utf-8")
    said: list[str] = []
    kept = KeptScores(blocked, model.facts, said.append)
    sequence = ScoredSequence((0, 5, 6, 7), 2, 4)
    assert Likelihoods(model, kept).sums([sequence]) == [pytest.approx(sum(model.logprobs([sequence])[0]), abs=1e-4)]
    assert len(said) == 1
    assert "cannot be kept" in said[0]
    assert blocked.read_text("utf-8") == "here already"


def test_of_several_processes_only_the_writing_one_writes(tmp_path: Path) -> None:
    sums = filled(tmp_path)
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    reader = KeptScores(tmp_path, FACTS, refused, writes=False)
    key = content_key(ScoredSequence((9, 9), 1, 2))
    reader.add({key: -1.0})
    assert reader.get(key) == -1.0
    assert file.read_bytes() == before
    assert held(tmp_path, sums) == 100
