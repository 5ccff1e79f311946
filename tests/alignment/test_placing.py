"""Training stays on the device where the student is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState, PartialState
from transformers import TrainingArguments

from workbench.alignment.options import AlignmentOptions
from workbench.alignment.placing import placed
from workbench.alignment.trainer import training_arguments


@pytest.fixture(autouse=True)
def _no_state_is_left() -> Iterator[None]:
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def test_a_process_alone_takes_one_gpu_of_several_and_the_batch_that_was_asked_for(tmp_path: Path) -> None:
    def on_four() -> TrainingArguments:
        arguments = training_arguments(AlignmentOptions(batch=3), tmp_path, "cpu")
        arguments._n_gpu = 4
        return arguments

    assert on_four().train_batch_size == 12
    assert placed("cpu", on_four).train_batch_size == 3


def test_the_library_is_told_the_students_device_and_only_for_that_run(tmp_path: Path) -> None:
    options = AlignmentOptions()
    there = placed("mps:0", lambda: training_arguments(options, tmp_path, "mps:0"))
    assert (there.device, PartialState().device) == (torch.device("mps:0"),) * 2
    next_one = placed("cpu", lambda: training_arguments(options, tmp_path, "cpu"))
    assert (next_one.device, PartialState().device) == (torch.device("cpu"),) * 2
