"""What a run takes, and options that fit a machine."""

from __future__ import annotations

from dataclasses import replace

from workbench.alignment.options import PRESETS, AlignmentOptions
from workbench.domain import ModelFacts
from workbench.services.alignment_estimate import (
    ROOM,
    Needs,
    disk_estimate,
    for_this_machine,
    memory_estimate,
    seconds_estimate,
    work_estimate,
)

TINY = ModelFacts(architecture="llama", parameters=1_000_000, layers=4, hidden_size=64, heads=4, kv_heads=4,
                  vocabulary=1_000, context=512, dtype="float32", size_bytes=4_000_000, files=(), sha256="")
SEVEN = replace(TINY, parameters=7_000_000_000, layers=32, hidden_size=4_096, heads=32, kv_heads=32, context=4_096)
ONE = replace(SEVEN, parameters=1_100_000_000, layers=22, hidden_size=2_048)
BALANCED = PRESETS["balanced"]


def needs(options: AlignmentOptions) -> Needs:
    return Needs(memory_estimate(SEVEN, ONE, options, "bfloat16"), 60.0)


def test_the_estimate_of_memory_grows_with_the_batch_and_shrinks_with_checkpointing_and_adapters() -> None:
    usual = memory_estimate(TINY, TINY, BALANCED)
    assert usual > 20 * TINY.parameters                       # the teacher's 4 bytes and the student's 16
    assert memory_estimate(TINY, TINY, replace(BALANCED, batch=20)) > usual
    assert memory_estimate(TINY, TINY, replace(BALANCED, gradient_checkpointing=True)) < usual
    assert memory_estimate(TINY, TINY, BALANCED, characters=40.0) < usual < memory_estimate(
        SEVEN, TINY, BALANCED, characters=4_000.0)
    assert memory_estimate(ONE, ONE, replace(BALANCED, lora_rank=4, batch=1)) < memory_estimate(
        ONE, ONE, replace(BALANCED, batch=1))


def test_the_work_is_that_of_the_method() -> None:
    works = [work_estimate(TINY, TINY, replace(BALANCED, method=method), 100, 80.0)
             for method in ("vanilla", "finetune", "output", "bialign")]
    assert works == sorted(works)
    assert works[0] > 0
    steps = replace(BALANCED, method="finetune", evaluate_every=0)
    one, two = (work_estimate(TINY, TINY, replace(steps, steps=n), 0, 80.0) for n in (100, 200))
    assert two == 2 * one


def test_the_disk_holds_the_teacher_s_states_of_every_token_and_the_checkpoints() -> None:
    def checkpoints(**changes: int) -> int:
        found = disk_estimate(SEVEN, ONE, replace(BALANCED, method="finetune", **changes), 0, 80.0, "bfloat16")
        return (found - 4 * ONE.parameters) // (12 * ONE.parameters)

    least = disk_estimate(SEVEN, ONE, replace(BALANCED, method="finetune"), 0, 80.0, "bfloat16")
    assert checkpoints() == 2 + 1 + 1                         # the newest, the best, the one that is being written
    assert checkpoints(keep=5) == 7
    assert checkpoints(keep=5, evaluate_every=0) == 6
    assert checkpoints(keep=5, save_every=400) == 2           # of 600 steps
    aligned = disk_estimate(SEVEN, ONE, replace(BALANCED, episodes=1_000), 0, 80.0, "bfloat16")
    tokens = (aligned - least) / (1_000 * SEVEN.hidden_size * 2)
    assert 8 * 80 / 4 < tokens < 8 * (80 / 3 + 10)             # eight demonstrations in the mean


def test_with_room_enough_the_balanced_preset_stays_as_it_is() -> None:
    assert for_this_machine(needs, 2**40, on_gpu=False) == BALANCED
    assert for_this_machine(needs, 2**40, on_gpu=True) == replace(BALANCED, precision="bfloat16")


def test_as_little_as_possible_is_given_up_for_memory() -> None:
    whole = needs(BALANCED).memory
    smaller = for_this_machine(needs, round(0.95 * whole / ROOM), on_gpu=False)
    assert smaller == replace(BALANCED, batch=5, accumulation=2)
    least = for_this_machine(needs, round(needs(replace(BALANCED, batch=1, gradient_checkpointing=True)).memory / ROOM),
                             on_gpu=False)
    assert (least.gradient_checkpointing, least.lora_rank) == (True, 0)
    adapters = for_this_machine(needs, 25 * 10**9, on_gpu=False)
    assert adapters.lora_rank > 0
    assert needs(adapters).memory <= ROOM * 25 * 10**9


def test_where_nothing_fits_the_smallest_is_returned() -> None:
    chosen = for_this_machine(needs, 10**9, on_gpu=False)
    assert (chosen.batch, chosen.gradient_checkpointing, chosen.lora_rank > 0) == (1, True, True)


def test_a_run_of_many_hours_is_shortened_to_one() -> None:
    chosen = for_this_machine(lambda options: Needs(0, 100.0 * options.steps), 2**40, on_gpu=False)
    assert chosen.steps == 40
    assert chosen.warmup_steps <= 4


def test_without_an_earlier_run_the_time_is_a_guess_from_the_speed_of_the_machine() -> None:
    seconds, known = seconds_estimate(2e13 * 0.3 * 100, SEVEN, [], on_gpu=True)
    assert (round(seconds), known) == (110, False)
