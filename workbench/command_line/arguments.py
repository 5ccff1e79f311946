"""What all commands of the command line are made of: a parser with --json, a group of commands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any, name: str, run: str, about: str, *, project: bool = True) -> argparse.ArgumentParser:
    """One command, with what all have: --json, and mostly a project's folder."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.set_defaults(run=run)
    if project:
        command.add_argument("project", type=Path, help="the project's folder")
    return command


def group(commands: Any, name: str, about: str) -> Any:
    group = commands.add_parser(name, help=about, description=about)
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True)
