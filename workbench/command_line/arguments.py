"""What all commands of the command line are made of: a parser with --json, a group of commands, kinds of values."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T", int, float)


class Parser(argparse.ArgumentParser):
    """A parser whose optional positionals may stand after options: ``list PROJECT --sort gain WORDS``."""

    _within = False

    def parse_known_args(self, args: Sequence[str] | None = None,        # type: ignore[override]
                         namespace: argparse.Namespace | None = None) -> tuple[argparse.Namespace, list[str]]:
        if self._within or not any(one.nargs == "?" for one in self._get_positional_actions()):
            return super().parse_known_args(args, namespace)
        self._within = True                          # it calls this method, for options and positionals apart
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._within = False


class Choices(Sequence[str]):
    """Choices that a module knows; it is not imported before they are asked for."""

    def __init__(self, module: str, function: str) -> None:
        self._module, self._function = module, function

    def _known(self) -> Sequence[str]:
        known: Sequence[str] = getattr(import_module(self._module), self._function)()
        return known

    def __len__(self) -> int:
        return len(self._known())

    def __getitem__(self, at: Any) -> Any:
        return self._known()[at]


def positive(text: str) -> int:
    return _number(text, int, 1, what="a whole number from 1 on")


def whole(text: str) -> int:
    return _number(text, int, 0, what="a whole number from 0 on")


def amount(text: str) -> float:
    return _number(text, float, 0.0, what="a number from 0 on")


def above_zero(text: str) -> float:
    return _number(text, float, 5e-324, what="a number above 0")


def share(text: str) -> float:
    return _number(text, float, 0.0, 1.0, what="a number from 0 to 1")


def sizes(text: str) -> list[int]:
    """ "0,3,5" """
    return [whole(part.strip()) for part in text.split(",")]


def names(text: str) -> list[str]:
    """ "random,greedy" """
    return [part.strip() for part in text.split(",")]


def _number(text: str, kind: Callable[[str], T], least: T, most: float = sys.float_info.max, *, what: str) -> T:
    try:
        found = kind(text)
    except ValueError:
        found = None
    if found is None or not least <= found <= most:
        raise argparse.ArgumentTypeError(f"“{text}” is not {what}")
    return found


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
