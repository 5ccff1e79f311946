"""Whose warnings fail.

With the locked versions every warning is an error (pyproject.toml): they say the same on any day, so a new one comes
from a change here. Where other versions are tried, what other packages warn about among themselves is not ours to
mend: `--list-others-warnings` lists it at the end, and what our modules bring about stays an error. A warning belongs
to the line that its stacklevel points at. Where torch calls a model's `forward` for us, that line is torch's; so
torch's way of calling counts as ours.
"""

import os
import tempfile

import pytest

# what the program keeps for a person (trusted projects, the sample) is not this person's; children inherit it
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="workbench-tests-")

CALLERS = ("workbench", "workbench_db", "workbench_resources", "tests",
           r"torch\.nn\.modules\.module", r"torch\.utils\._contextlib")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--list-others-warnings", action="store_true",
                     help="list the warnings of other packages at the end; ours stay errors")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--list-others-warnings"):
        for line in ("default", *(rf"error:::{module}(\.|$)" for module in CALLERS)):
            config.addinivalue_line("filterwarnings", line)        # a later line goes before an earlier one
