"""What this program is, for reports of faults."""

from __future__ import annotations

import platform
from argparse import Namespace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from workbench import __version__
from workbench.command_line.output import Output
from workbench.services.packages import failures

PACKAGES = ("PySide6-Essentials", "torch", "transformers", "tokenizers", "llama-cpp-python", "SQLAlchemy", "numpy")


def version(options: Namespace) -> Output:
    found = {"workbench": __version__, "python": platform.python_version(), "platform": platform.platform()}
    found |= {name: _installed(name) for name in PACKAGES}
    unusable = failures()
    lines = [*(f"{name} {number}" for name, number in found.items()), *map(str, unusable)]
    return Output({**found, "cannot be used": [failure._asdict() for failure in unusable]}, "\n".join(lines))


def _installed(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return "not installed"
