"""The committed tiny models: they learn in context what the product needs of them, measured on held-out rules."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

import workbench_resources as resources
from workbench_resources.recipe import gains, measure
from workbench_resources.recipe.rows import Encoder

KINDS = (("good", 0), ("good", 8), ("wrong", 8), ("irrelevant", 8))
CONTENT = ("label", "recall")


def load(name: str) -> tuple[LlamaForCausalLM, Encoder]:
    return measure.load(resources.path("models", name))


@pytest.fixture(scope="module")
def teacher() -> measure.Table:
    return measure.table(*load("tiny-teacher"), count=30, kinds=KINDS)


@pytest.fixture(scope="module")
def student() -> measure.Table:
    return measure.table(*load("tiny-student"), count=30, kinds=KINDS)


def test_relevant_demonstrations_teach_the_teacher_a_hidden_rule(teacher: measure.Table) -> None:
    assert teacher["good 8"]["all"][0] - teacher["good 0"]["all"][0] >= 3.5
    assert teacher["good 0"]["all"][1] < 0.1
    assert teacher["good 8"]["all"][1] > 0.6


@pytest.mark.parametrize("family", CONTENT)
def test_the_teacher_looks_content_up_and_wrong_content_costs(teacher: measure.Table, family: str) -> None:
    assert teacher["good 8"][family][1] > 0.6
    assert teacher["good 8"][family][0] - teacher["wrong 8"][family][0] >= 0.5


def test_irrelevant_demonstrations_hurt_the_teacher(teacher: measure.Table) -> None:
    assert teacher["irrelevant 8"]["all"][0] < teacher["good 0"]["all"][0] - 0.5
    assert teacher["irrelevant 8"]["all"][1] < 0.1


def test_the_student_gains_clearly_less(teacher: measure.Table, student: measure.Table) -> None:
    assert student["good 8"]["all"][0] < teacher["good 8"]["all"][0] - 0.5
    assert student["good 8"]["all"][1] < teacher["good 8"]["all"][1] - 0.1
    gained = [table["good 8"]["all"][0] - table["good 0"]["all"][0] for table in (teacher, student)]
    assert gained[1] < gained[0] - 0.5


@pytest.mark.parametrize("name", ["tiny-teacher", "tiny-student"])
def test_a_model_folder_is_small_standard_and_half_precision(name: str) -> None:
    folder: Path = resources.path("models", name)
    assert (folder / "model.safetensors").stat().st_size <= 8_000_000
    assert {file.suffix for file in folder.iterdir()} <= {".json", ".safetensors"}
    model = LlamaForCausalLM.from_pretrained(folder)
    assert {weight.dtype for weight in model.parameters()} == {torch.float16}


def test_good_candidates_of_the_sample_help_and_poor_ones_do_not() -> None:
    found = gains.by_quality(*load("tiny-teacher"), resources.path("sample"), candidates=8, questions=16)
    mean = {quality: sum(values) / len(values) for quality, values in found.items()}
    assert mean["good"] > 0.02
    assert mean["good"] > mean["wrong"] + 0.05
    assert mean["good"] > mean["rule"] + 0.05
    assert mean["good"] > mean["irrelevant"] + 0.05
