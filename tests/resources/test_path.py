"""Finding what the workbench carries."""

import pytest

import workbench_resources as resources


def test_a_carried_file_is_found() -> None:
    assert resources.path("sample", "base_prompt.txt").read_text(encoding="utf-8").startswith("# Instruction")


def test_a_missing_file_is_reported_with_its_path() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-thing"):
        resources.path("sample", "no-such-thing")
